"""Leaves a process that the kernel lets nobody look into."""

from __future__ import annotations

import ctypes
import os
import threading

PR_SET_DUMPABLE = 4


def misbehave(_outside: str, _mark: str) -> None:
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 64)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        threading.Event().wait()
