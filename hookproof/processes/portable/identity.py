"""Process identities from psutil: pid and start time."""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import signal

import psutil

from hookproof.processes.base import Activity, Identity


def identify(pid: int) -> Identity | None:
    """Who has this pid, or None when nobody or a zombie has it."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, start_of(process))
    except psutil.Error:
        return None


def start_of(process: psutil.Process) -> int:
    """Its start in microseconds since the epoch."""
    return round(process.create_time() * 1_000_000)


def is_alive(identity: Identity) -> bool:
    """Whether this very process runs; a zombie does not."""
    return identify(identity.pid) == identity


def is_unreaped(identity: Identity) -> bool:
    """Whether this very process is a zombie."""
    try:
        process = psutil.Process(identity.pid)
        return process.status() == psutil.STATUS_ZOMBIE and start_of(process) == identity.start
    except psutil.Error:
        return False


def activity(identity: Identity) -> Activity | None:
    """See `hookproof.processes.activity`. How often it was given a processor nobody tells alike."""
    try:
        process = psutil.Process(identity.pid)
        status = process.status()
        if status == psutil.STATUS_ZOMBIE or start_of(process) != identity.start:
            return None
        times = process.cpu_times()
    except psutil.Error:
        return None
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return Activity(times.user + times.system + ended, 0, status in {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP})


def signal_process(identity: Identity, number: int) -> bool:
    """Compare, then signal: as near as one gets without a handle. PermissionError when it is not ours."""
    try:
        process = psutil.Process(identity.pid)
        if process.status() == psutil.STATUS_ZOMBIE or start_of(process) != identity.start:
            return False
        process.send_signal(number)
    except psutil.AccessDenied as error:
        raise PermissionError(f"process {identity.pid} is not ours to signal") from error
    except psutil.NoSuchProcess:
        return False
    return True


def kill(identity: Identity) -> bool:
    """End this very process."""
    return signal_process(identity, signal.SIGKILL)
