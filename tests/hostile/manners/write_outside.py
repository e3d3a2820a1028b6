"""Writes a file into the user's real home."""

from __future__ import annotations

import os


def misbehave(outside: str, _mark: str) -> None:
    with open(os.path.join(os.path.dirname(outside), "home", "planted-by-plugin"), "w", encoding="utf-8") as file:
        file.write("was here")
