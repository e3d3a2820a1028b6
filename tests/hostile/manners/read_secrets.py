"""Reads whatever it finds in the home of the processes above it, as a thief of credentials would."""

from __future__ import annotations

import os

from manner_help import ancestors


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
    mine = [home for home in homes if home == os.path.join(os.path.dirname(outside), "home")]
    files = [os.path.join(folder, name) for home in mine for folder, _, names in os.walk(home) for name in names]
    with open(os.path.join(outside, "escaped"), "w", encoding="utf-8") as stolen:
        for path in files:
            with open(path, errors="replace", encoding="utf-8") as file:
                stolen.write(file.read(4096))
