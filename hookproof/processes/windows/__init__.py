"""Windows: handles, Job Objects, and psutil to read an environment."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import asyncio
import os
import socket
import time
from collections.abc import Iterator, Sequence

import psutil

from hookproof import machine
from hookproof.processes.base import (
    STARTED_BY_VARIABLE,
    TOKEN_VARIABLE,
    Activity,
    Container,
    Identity,
    Instant,
    OnDeath,
    ProcessInfo,
)
from hookproof.processes.registry import Entry
from hookproof.processes.windows import api
from hookproof.processes.windows.child import spawn
from hookproof.processes.windows.death import WindowsWatcher
from hookproof.processes.windows.identity import QUERY_AND_WAIT, identify, is_alive, kill, signal_process, wait_dead
from hookproof.processes.windows.job import Job, assign_this_process

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

_GRANULARITY = 0.02  # the system time that stamps starts may lag by a timer tick of 15.6 ms
_NEWBORN, _AGAIN = 0.5, 0.005  # seconds
_UNDER_WINE = machine.wine() is not None
"""Wine answers the asker's own processor times, of whomever it is asked (measured on 10.0): nobody is ever idle."""


def instant() -> Instant:
    """Seconds since the epoch: starts are stamped with the system time."""
    return Instant(time.time())


def machine_identity() -> dict[str, str]:
    """Starts are absolute here: only the machine matters."""
    # platform.node says the same, but asks WMI on the way: slow, and two threads at once may wait for ever
    return {"machine": socket.gethostname()}


def find(token: str, *, since: Instant, entry: Entry | None = None) -> Iterator[ProcessInfo]:  # noqa: ARG001
    """Live processes with the token. Those of others are not ours to read, and so never found.

    What lost the token is not found: the jobs of its case and of the run end it.
    """
    for pid in psutil.pids():
        try:
            handle = api.open_process(pid, QUERY_AND_WAIT)
        except OSError:
            continue
        try:
            start, cpu = api.times(handle)
            created = api.epoch_seconds(start)
            if pid == os.getpid() or created < since - _GRANULARITY or api.wait(handle, 0):
                continue
            # While the handle is open the pid is this process's.
            process = psutil.Process(pid)
            environment = _environment(process, handle, created)
            if environment.get(TOKEN_VARIABLE) == token:
                yield ProcessInfo(
                    identity=Identity(pid, start),
                    ppid=process.ppid(),
                    pgid=None,
                    sid=None,
                    argv=process.cmdline(),
                    cpu_seconds=0.0 if _UNDER_WINE else cpu,
                    created=created,
                    started_by=environment.get(STARTED_BY_VARIABLE),
                )
        except (psutil.Error, OSError):
            continue  # it ended meanwhile, or is not ours
        finally:
            api.close(handle)


def _environment(process: psutil.Process, handle: int, created: float) -> dict[str, str]:
    """Under Wine one that has just begun has none yet (its parent cannot write it): it is asked again, but not long."""
    while True:
        try:
            environment = process.environ()
        except psutil.AccessDenied:
            environment = {}
        if environment or time.time() - created > _NEWBORN or api.wait(handle, _AGAIN):
            return environment


def watch_deaths(loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> WindowsWatcher:
    """See `DeathWatch`."""
    return WindowsWatcher(loop, on_death)


def open_container(folder: str | None, programs: Sequence[str]) -> Container | None:  # noqa: ARG001
    """A job that takes its processes along when it is closed, even by the end of this process."""
    return Job(ends_all=True)


def of_nobody() -> Iterator[ProcessInfo]:
    """Nothing: nothing is ever adopted."""
    return iter(())


def is_unreaped(identity: Identity) -> bool:  # noqa: ARG001
    """False: nobody has to take a status here."""
    return False


def activity(identity: Identity) -> Activity | None:
    """See `hookproof.processes.activity`. The times go in ticks; that it had a turn shows at once."""
    try:
        handle = api.open_process(identity.pid, QUERY_AND_WAIT)
    except OSError:
        return None
    try:
        start, cpu = api.times(handle)
        if start != identity.start or api.wait(handle, 0):
            return None
        turns = psutil.Process(identity.pid).num_ctx_switches().voluntary
        return Activity(worked=0.0, turns=0, runnable=False) if _UNDER_WINE else Activity(cpu, turns, runnable=False)
    except (psutil.Error, OSError):
        return None
    finally:
        api.close(handle)


def forget() -> None:
    """Nothing is kept in mind."""


def adopt_orphans() -> str | None:
    """Put this process, and with it all that it will start, into a job that ends when this process does."""
    return assign_this_process()


def become_subreaper() -> bool:
    """False: there is no such thing here, and none is needed to see how a process ended."""
    return False


def is_subreaper() -> bool:
    """See `become_subreaper`."""
    return False


def reap_adopted(*, only_spawn_detaches: bool) -> int:  # noqa: ARG001 - the platforms' interface
    """0: a dead process is gone with its last handle."""
    return 0
