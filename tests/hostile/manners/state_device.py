"""Puts a link to an endless device into the place of its job list."""

from __future__ import annotations

import os

from manner_help import cleared_state_files


def misbehave(_outside: str, _mark: str) -> None:
    for path in cleared_state_files():
        os.symlink("/dev/zero", path)
    os._exit(0)
