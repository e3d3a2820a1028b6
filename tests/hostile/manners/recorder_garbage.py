"""Tells the recorder a line that is no JSON."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    Recorder().say(b"\xff\xfe not json")
