"""Reads the environment of the processes above it, hookproof's own among them."""

from __future__ import annotations

import os

from manner_help import ancestors


def misbehave(outside: str, _mark: str) -> None:
    found = []
    for pid in ancestors():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                found.append(file.read())
        except OSError:
            continue
    with open(os.path.join(outside, "escaped"), "wb") as file:
        file.write(b"\n".join(found))
