"""Writes a job list that is nested two hundred thousand deep, at the end."""

from __future__ import annotations

import os

from manner_help import write_state


def misbehave(_outside: str, _mark: str) -> None:
    write_state("[" * 200000 + "]" * 200000)
    os._exit(0)
