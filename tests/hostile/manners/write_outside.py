"""Writes a file into the user's real home."""

from __future__ import annotations

import os

from manner_help import tell


def misbehave(outside: str, _mark: str) -> None:
    try:
        with open(os.path.join(os.path.dirname(outside), "home", "planted-by-plugin"), "w", encoding="utf-8") as file:
            file.write("was here")
    except OSError as error:
        tell(outside, "refused", str(error).encode())
