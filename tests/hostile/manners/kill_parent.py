"""Kills the shell that runs it."""

from __future__ import annotations

import os
import signal
import time


def misbehave(_outside: str, _mark: str) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1)
