"""Deaths by event: the system's thread pool waits for the process handles, and wakes the loop."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass

from hookproof.processes.base import Death, Exit, Identity, OnDeath
from hookproof.processes.windows import api
from hookproof.processes.windows.identity import open_identity


@dataclass(frozen=True, slots=True)
class _Watched:
    identity: Identity
    handle: int
    registered: int


class WindowsWatcher:
    """`DeathWatch` on registered waits. Belongs to the thread of its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._loop = loop
        self._on_death = on_death
        self._watched: dict[int, _Watched] = {}
        self._keys = itertools.count(1)
        self._callback = api.ON_SIGNALLED(self._in_pool)

    def watch(self, identity: Identity) -> bool:
        if any(watched.identity == identity for watched in self._watched.values()):
            return True
        handle = open_identity(identity)
        if handle is None:
            return False
        if api.wait(handle, 0):
            api.close(handle)
            return False
        key = next(self._keys)
        try:
            registered = api.call_when_ended(handle, self._callback, key)
        except OSError:
            api.close(handle)
            raise
        # The pool may have called already; what it asked of the loop comes after this.
        self._watched[key] = _Watched(identity, handle, registered)
        return True

    def close(self) -> None:
        for key in list(self._watched):
            self._forget(key)

    def _in_pool(self, key: int, _timed_out: bool) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed before its watch
            self._loop.call_soon_threadsafe(self._died, key, time.monotonic())

    def _died(self, key: int, at: float) -> None:
        if key in self._watched:
            watched = self._watched[key]
            exit_ = Exit(code=api.exit_code(watched.handle), signal=None, observed=True)
            self._forget(key)
            self._on_death(Death(watched.identity, at, exit_))

    def _forget(self, key: int) -> None:
        watched = self._watched.pop(key)
        api.cancel_call(watched.registered)
        api.close(watched.handle)
