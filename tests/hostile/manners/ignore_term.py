"""Ignores every polite signal, and never ends."""

from __future__ import annotations

import signal
import threading


def misbehave(_outside: str, _mark: str) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Event().wait()
