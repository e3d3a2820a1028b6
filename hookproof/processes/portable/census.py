"""Who is of a run, as psutil sees it: by the token, and by the parents. Nothing is adopted here.

Who has lost both its token and its parents is not found.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

import psutil

from hookproof.processes import registry
from hookproof.processes.base import STARTED_BY_VARIABLE, TOKEN_VARIABLE, Identity, Instant, ProcessInfo
from hookproof.processes.portable.identity import identify
from hookproof.processes.registry import DESCENDANT, TOKEN, Entry

_GRANULARITY = 1.0  # of the boot time from which psutil reckons on Linux, in seconds


def find(token: str, *, since: Instant, entry: Entry | None = None) -> Iterator[ProcessInfo]:
    """Live processes with the token, those known to the case, and what descends from either."""
    known = entry.known if entry is not None else {}
    children: dict[int, list[psutil.Process]] = {}
    roots: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.create_time() < since - _GRANULARITY:
                continue
            children.setdefault(process.ppid(), []).append(process)
            environment, identity = _environment(process), identify(process.pid)
            if environment.get(TOKEN_VARIABLE) == token:
                roots.append(process)
                yield from _reported(process, TOKEN, entry, environment.get(STARTED_BY_VARIABLE))
            elif identity is not None and identity in known and entry is not None:
                roots.append(process)
                yield from _reported(process, entry.recognised(identity), entry)
        except (psutil.Error, OSError):
            continue  # it ended meanwhile, or the system does not show it to us
    counted = {process.pid for process in roots}
    for parent in roots:  # grows while it is walked
        for process in children.get(parent.pid, ()):
            if process.pid not in counted:
                counted.add(process.pid)
                roots.append(process)
                yield from _reported(process, DESCENDANT, entry)


def _environment(process: psutil.Process) -> Mapping[str, str]:
    """What it carries; nothing of other users' is read."""
    try:
        return process.environ() if process.uids().real == os.getuid() else {}
    except (psutil.Error, OSError):
        return {}


def _reported(
    process: psutil.Process, by: str, entry: Entry | None, started_by: str | None = None
) -> Iterator[ProcessInfo]:
    identity = identify(process.pid)
    if identity is None:
        return
    if entry is not None:
        registry.note(entry, identity, by)
    try:
        yield replace(_info(process, identity, by), started_by=started_by)
    except (psutil.Error, OSError):
        return


def _info(process: psutil.Process, identity: Identity, by: str) -> ProcessInfo:
    cpu = process.cpu_times()
    return ProcessInfo(
        identity=identity,
        ppid=process.ppid(),
        pgid=os.getpgid(process.pid),
        sid=os.getsid(process.pid),
        argv=process.cmdline(),
        cpu_seconds=cpu.user + cpu.system,
        created=process.create_time(),
        by=by,
    )
