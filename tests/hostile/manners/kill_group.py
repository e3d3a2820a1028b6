"""Kills its process group, itself included."""

from __future__ import annotations

import os
import signal


def misbehave(_outside: str, _mark: str) -> None:
    os.killpg(0, signal.SIGKILL)
