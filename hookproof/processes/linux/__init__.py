"""Linux: pidfds, /proc and a subreaper."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from hookproof.isolation import entry
from hookproof.processes.base import Container, OnDeath
from hookproof.processes.linux.activity import activity
from hookproof.processes.linux.census import find, forget, of_nobody
from hookproof.processes.linux.child import spawn
from hookproof.processes.linux.death import LinuxWatcher
from hookproof.processes.linux.pidfd import kill, signal_process, usable, wait_dead
from hookproof.processes.linux.proc import identify, instant, is_alive, is_unreaped
from hookproof.processes.linux.status import become_subreaper, is_subreaper, reap_adopted

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
    "usable",
    "wait_dead",
    "watch_deaths",
]


def adopt_orphans() -> str | None:
    """See `hookproof.processes.adopt_orphans`."""
    if become_subreaper():
        return None
    return "this system lets no process adopt orphans (PR_SET_CHILD_SUBREAPER): what loses the token is not found"


def watch_deaths(loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> LinuxWatcher:
    """See `DeathWatch`."""
    return LinuxWatcher(loop, on_death)


def open_container(folder: str | None, programs: Sequence[str]) -> Container | None:
    """The thread that starts programs in the case's view of the machine's files, where this run is isolated.

    It holds nothing: a process that leaves its session and its parents is found by its token, or comes to us.
    """
    view = entry.current_view()
    return None if view is None else view.starter(folder, programs)


def machine_identity() -> dict[str, str]:
    """What pids and ticks are relative to: this machine, this boot, this pid namespace."""
    return {
        "machine": os.uname().nodename,
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip(),
        "pids": os.readlink("/proc/self/ns/pid"),  # noqa: PTH115 - the link's text is no path
    }
