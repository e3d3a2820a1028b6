"""Tells the recorder three hundred records of 1 MB each."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    recorder = Recorder()
    for _ in range(300):
        recorder.tell(kind="flood", x="y" * 1048576)
