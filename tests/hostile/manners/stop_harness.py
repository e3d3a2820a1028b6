"""Stops hookproof, which can then neither see nor end anything."""

from __future__ import annotations

import os
import signal

from manner_help import harness_of


def misbehave(outside: str, _mark: str) -> None:
    os.kill(harness_of(outside), signal.SIGSTOP)
