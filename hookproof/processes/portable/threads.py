"""Deaths by one waiting thread for each process: for systems with neither pidfds nor handles.

psutil waits by event where there is one (a kqueue on macOS and the BSDs), and takes the status of a child, which is
its starter's to take. So a child is waited for in another way.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable

import psutil

from hookproof.processes.base import Death, Exit, Identity, OnDeath
from hookproof.processes.portable.identity import is_alive

_POLL_SECONDS = 0.04  # seconds, as psutil looks where it has no event


class ThreadWatcher:
    """`DeathWatch` with a waiting thread for each process. After `close` a thread waits on and reports nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._loop = loop
        self._on_death = on_death
        self._watched: set[Identity] = set()

    def watch(self, identity: Identity) -> bool:
        if identity in self._watched:
            return True
        if not is_alive(identity):
            return False
        self._watched.add(identity)
        _start(identity, lambda exit_: self._from_thread(Death(identity, time.monotonic(), exit_)))
        return True

    def close(self) -> None:
        self._watched.clear()

    def _from_thread(self, death: Death) -> None:
        if death.identity in self._watched:
            try:
                self._loop.call_soon_threadsafe(self._died, death)
            except RuntimeError:
                return  # the loop was closed before its watcher was

    def _died(self, death: Death) -> None:
        if death.identity in self._watched:
            self._watched.remove(death.identity)
            self._on_death(death)


def wait_dead(identities: Iterable[Identity], *, seconds: float) -> list[Identity]:
    """Block until these are dead, at most `seconds`. Returns those that are not."""
    deadline = time.monotonic() + seconds
    threads = {identity: _start(identity, lambda _: None) for identity in identities if is_alive(identity)}
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    return [identity for identity, thread in threads.items() if thread.is_alive()]


def _start(identity: Identity, then: Callable[[Exit | None], None]) -> threading.Thread:
    thread = threading.Thread(
        target=lambda: then(_wait(identity)), name=f"waits for process {identity.pid}", daemon=True
    )
    thread.start()
    return thread


def _wait(identity: Identity) -> Exit | None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(identity.pid)
        if process.ppid() != os.getpid():
            process.wait()
            return None
    return _wait_for_child(identity)


def _wait_for_child(identity: Identity) -> Exit | None:
    """Look at the status of a child and leave it to whoever started it."""
    waitid = getattr(os, "waitid", None)
    if waitid is None:  # macOS before Python 3.13: there is no event that leaves the status
        while is_alive(identity):
            time.sleep(_POLL_SECONDS)
        return None
    with contextlib.suppress(ChildProcessError):  # it is taken already
        result = waitid(os.P_PID, identity.pid, os.WEXITED | os.WNOWAIT)
        coded = result.si_code == os.CLD_EXITED
        return Exit.from_returncode(result.si_status if coded else -result.si_status)
    return None
