"""Prints on stdout without an end."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    while True:
        os.write(1, b"y" * 65536)
