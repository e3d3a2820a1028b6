"""Puts a FIFO into the place of its job list: whoever opens it waits for ever."""

from __future__ import annotations

import os

from manner_help import cleared_state_files


def misbehave(_outside: str, _mark: str) -> None:
    for path in cleared_state_files():
        os.mkfifo(path)
    os._exit(0)
