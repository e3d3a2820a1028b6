"""Prints bytes that are no UTF-8 on both streams, and asks the host to block."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    os.write(1, b"\xff\xfe{\xc3(\x80\n")
    os.write(2, b"\xff\xed\xa0\x80")
    os._exit(2)
