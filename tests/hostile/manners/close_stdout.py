"""Closes its output and goes on for a while: whoever reads it is told the end too early."""

from __future__ import annotations

import os
import time


def misbehave(_outside: str, _mark: str) -> None:
    os.close(1)
    os.close(2)
    time.sleep(1)
    os._exit(0)
