"""(pid, creation time), compared through a handle: while one holds it, the pid cannot come round."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import time
from collections.abc import Iterable

from hookproof.processes.base import Identity
from hookproof.processes.windows import api

KILLED = 1
"""The exit code of whom `kill` ends: that of subprocess, taskkill and the task manager."""

QUERY_AND_WAIT = api.PROCESS_QUERY_LIMITED_INFORMATION | api.SYNCHRONIZE


def open_identity(identity: Identity, access: int = 0) -> int | None:
    """A handle of this very process, ended or not, or None when it is gone. The caller closes it.

    Raises PermissionError when we may not.
    """
    try:
        handle = api.open_process(identity.pid, QUERY_AND_WAIT | access)
    except PermissionError:
        raise
    except OSError:
        return None
    if api.times(handle)[0] == identity.start:
        return handle
    api.close(handle)
    return None


def identify(pid: int) -> Identity | None:
    """Who has this pid; None when nobody, one that has ended, or one that we may not ask."""
    try:
        handle = api.open_process(pid, QUERY_AND_WAIT)
    except OSError:
        return None
    try:
        return None if api.wait(handle, 0) else Identity(pid, api.times(handle)[0])
    finally:
        api.close(handle)


def is_alive(identity: Identity) -> bool:
    """Whether this very process runs."""
    return identify(identity.pid) == identity


def signal_process(identity: Identity, number: int) -> bool:
    """End this very process with `number` as its exit code, as os.kill does. False when it has ended."""
    handle = open_identity(identity, api.PROCESS_TERMINATE)
    if handle is None:
        return False
    try:
        if api.wait(handle, 0):
            return False
        api.terminate(handle, number)
    except PermissionError:
        # Also the answer about one that is ending: its end then comes at once.
        if api.wait(handle, 1):
            return False
        raise
    finally:
        api.close(handle)
    return True


def kill(identity: Identity) -> bool:
    """End this very process."""
    return signal_process(identity, KILLED)


def wait_dead(identities: Iterable[Identity], *, seconds: float) -> list[Identity]:
    """Block until these have ended, at most `seconds`. Returns those that have not."""
    deadline = time.monotonic() + seconds
    left = []
    for identity in identities:
        handle = open_identity(identity)
        if handle is not None:
            try:
                if not api.wait(handle, deadline - time.monotonic()):
                    left.append(identity)
            finally:
                api.close(handle)
    return left
