"""Writes a job list that is nested two hundred thousand deep, before the job begins."""

from __future__ import annotations

from manner_help import write_state


def misbehave(_outside: str, _mark: str) -> None:
    write_state("[" * 200000 + "]" * 200000)
