"""Forks twice into a session of its own and becomes a program with an empty environment: no token tells whose it is."""

from __future__ import annotations

import os

from manner_help import double_fork


def misbehave(_outside: str, mark: str) -> None:
    if double_fork(keep_pipes=False):
        os.execve("/bin/sleep", ["sleep", mark], {})
