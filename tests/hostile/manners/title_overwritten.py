"""Leaves a program that overwrites its title, and with it the environment that others read: as servers do."""

from __future__ import annotations

import os


def misbehave(_outside: str, mark: str) -> None:
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 64)
        os.execve("/usr/bin/perl", ["perl", "-e", f'$0="{mark} "x2000; sleep 4000'], dict(os.environ))
