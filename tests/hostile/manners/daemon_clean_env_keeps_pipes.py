"""The same, and it holds the hook's stdout and stderr open."""

from __future__ import annotations

import os

from manner_help import double_fork


def misbehave(_outside: str, mark: str) -> None:
    if double_fork(keep_pipes=True):
        os.execve("/bin/sleep", ["sleep", mark], {})
