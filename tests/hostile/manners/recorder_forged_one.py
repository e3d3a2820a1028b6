"""Tells the recorder of a hook run that is missing everything but its kind."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    Recorder().tell(kind="hook.started")
