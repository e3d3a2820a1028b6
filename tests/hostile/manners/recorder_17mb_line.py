"""Tells the recorder one record of 17 MB."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    Recorder().tell(kind="flood", x="y" * (17 * 1048576))
