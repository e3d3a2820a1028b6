"""Becomes another program in the middle of its work."""

from __future__ import annotations

import os


def misbehave(_outside: str, mark: str) -> None:
    os.execv("/bin/sleep", ["sleep", mark])
