"""Deaths by event on macOS and the BSDs: EVFILT_PROC on a kqueue that the loop reads.

No status is taken, so nobody's is stolen. macOS tells it of children (NOTE_EXITSTATUS), the BSDs of everybody.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import asyncio
import os
import select
import time
from collections.abc import Iterable
from typing import Any

from hookproof.processes.base import Death, Exit, Identity, OnDeath
from hookproof.processes.portable.identity import is_alive

_select: Any = select  # typeshed knows kqueue on the systems that have it, and this is read on all
_NOTE_EXITSTATUS = 0x04000000  # sys/event.h of macOS


def usable() -> bool:
    """Whether this system has kqueues."""
    return hasattr(select, "kqueue")


class _Queue:
    def __init__(self) -> None:
        self._queue = _select.kqueue()
        self.waiting: dict[int, Identity] = {}
        self.fileno: int = self._queue.fileno()

    def add(self, identity: Identity) -> bool:
        flags = _select.KQ_NOTE_EXIT | (_NOTE_EXITSTATUS if sys.platform == "darwin" else 0)
        event = _select.kevent(
            identity.pid, _select.KQ_FILTER_PROC, _select.KQ_EV_ADD | _select.KQ_EV_ONESHOT, fflags=flags
        )
        try:
            self._queue.control([event], 0)
        except ProcessLookupError:
            return False
        # Only now compare: whoever has the pid, and began when we remember, is who was added.
        if not is_alive(identity):
            return False
        self.waiting[identity.pid] = identity
        return True

    def died(self, seconds: float) -> list[tuple[Identity, Exit | None]]:
        deaths = []
        for event in self._queue.control(None, 64, seconds):
            identity = self.waiting.pop(event.ident, None)
            if identity is not None:
                deaths.append((identity, _exit_of(event)))
        return deaths

    def close(self) -> None:
        self._queue.close()


class KqueueWatcher:
    """`DeathWatch` on a kqueue. Belongs to the thread of its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._loop = loop
        self._on_death = on_death
        self._queue = _Queue()
        self._closed = False
        loop.add_reader(self._queue.fileno, self._died)

    def watch(self, identity: Identity) -> bool:
        return self._queue.waiting.get(identity.pid) == identity or self._queue.add(identity)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._queue.fileno)
            self._queue.close()

    def _died(self) -> None:
        at = time.monotonic()
        for identity, exit_ in self._queue.died(0):
            self._on_death(Death(identity, at, exit_))


def wait_dead(identities: Iterable[Identity], *, seconds: float) -> list[Identity]:
    """Block until these are dead, at most `seconds`. Returns those that are not."""
    deadline = time.monotonic() + seconds
    queue = _Queue()
    try:
        for identity in identities:
            queue.add(identity)
        while queue.waiting:
            remaining = deadline - time.monotonic()
            if not queue.died(max(0.0, remaining)) and remaining <= 0:
                break
        return list(queue.waiting.values())
    finally:
        queue.close()


def _exit_of(event: Any) -> Exit | None:
    told = sys.platform != "darwin" or event.fflags & _NOTE_EXITSTATUS
    return Exit.from_returncode(os.waitstatus_to_exitcode(event.data)) if told else None
