"""Reads what is in the home of the processes above it, and where keys lie, as a thief of credentials would."""

from __future__ import annotations

import os

from manner_help import ancestors, tell


def misbehave(outside: str, _mark: str) -> None:
    homes = set()
    for pid in ancestors():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                entries = [entry.partition(b"=") for entry in file.read().split(b"\0")]
        except OSError:
            continue
        homes |= {os.fsdecode(value) for name, _, value in entries if name == b"HOME"}
    # of all the homes that it sees it touches none but the test's own
    home = os.path.join(os.path.dirname(outside), "home")
    mine = [each for each in homes if each == home]
    files = [os.path.join(folder, name) for home in mine for folder, _, names in os.walk(home) for name in names]
    files += [os.path.join(home, name) for name in (".netrc", ".claude/settings.json", ".codex/auth.json")]
    for path in files:
        try:
            with open(path, "rb") as file:
                tell(outside, "escaped", file.read(4096))
        except OSError:
            continue
