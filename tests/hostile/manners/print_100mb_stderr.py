"""Prints 100 MB of lines on stderr."""

from __future__ import annotations

import sys


def misbehave(_outside: str, _mark: str) -> None:
    for _ in range(100):
        sys.stderr.write("x" * 1048575 + "\n")
    sys.stderr.flush()
