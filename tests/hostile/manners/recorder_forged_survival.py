"""Tells the recorder in good form that its job was answered."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    Recorder().tell(kind="gate.answered", n=1, job="review")
