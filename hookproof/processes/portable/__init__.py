"""macOS, the BSDs and whatever psutil knows: slower, and with microseconds between looking and signalling."""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import asyncio
import os
import time
from collections.abc import Iterator, Sequence

from hookproof.processes.base import Container, Instant, OnDeath, ProcessInfo, Watcher
from hookproof.processes.portable.census import find
from hookproof.processes.portable.child import spawn
from hookproof.processes.portable.identity import activity, identify, is_alive, is_unreaped, kill, signal_process
from hookproof.processes.portable.threads import ThreadWatcher, wait_dead

__all__ = [
    "activity",
    "adopt_orphans",
    "become_subreaper",
    "find",
    "forget",
    "identify",
    "instant",
    "is_alive",
    "is_subreaper",
    "is_unreaped",
    "kill",
    "machine_identity",
    "of_nobody",
    "open_container",
    "reap_adopted",
    "signal_process",
    "spawn",
    "wait_dead",
    "watch_deaths",
]


def instant() -> Instant:
    """Seconds since the epoch: so does psutil tell the start of a process."""
    return Instant(time.time())


def machine_identity() -> dict[str, str]:
    """Starts are absolute here: only the machine matters."""
    return {"machine": os.uname().nodename}


def of_nobody() -> Iterator[ProcessInfo]:
    """Nothing: nothing is ever adopted."""
    return iter(())


def forget() -> None:
    """Nothing is kept in mind."""


def adopt_orphans() -> str | None:
    """None: there is nothing to hold with, and so nothing was refused."""
    return None


def watch_deaths(loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> Watcher:
    """See `DeathWatch`."""
    return ThreadWatcher(loop, on_death)


def open_container(folder: str | None, programs: Sequence[str]) -> Container | None:  # noqa: ARG001
    """None: there is none."""
    return None


def become_subreaper() -> bool:
    """False: there is no such thing here that psutil could reach."""
    return False


def is_subreaper() -> bool:
    """See `become_subreaper`."""
    return False


def reap_adopted(*, only_spawn_detaches: bool) -> int:  # noqa: ARG001
    """0: nothing is ever adopted, and the children of `spawn` are reaped by asyncio."""
    return 0
