"""Kills the host."""

from __future__ import annotations

import os
import signal

from manner_help import ancestors, command_of


def misbehave(_outside: str, _mark: str) -> None:
    os.kill(next(pid for pid in ancestors() if "claude.py" in command_of(pid)), signal.SIGKILL)
