"""Tells the recorder a record that is nested a hundred thousand deep."""

from __future__ import annotations

from manner_help import Recorder


def misbehave(_outside: str, _mark: str) -> None:
    Recorder().say(b'{"kind":"x","a":' + b"[" * 100000 + b"]" * 100000 + b"}")
