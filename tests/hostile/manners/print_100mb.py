"""Prints 100 MB on stdout."""

from __future__ import annotations

import sys


def misbehave(_outside: str, _mark: str) -> None:
    for _ in range(100):
        sys.stdout.write("x" * 1048576)
    sys.stdout.flush()
