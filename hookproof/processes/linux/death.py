"""Deaths by event: a pidfd becomes readable at the moment its process becomes a zombie.

One reader on the loop for each watched process, taken off when it fires. The status is read in that same callback,
before the parent of the dead has had much time to take it.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import asyncio
import os
import time
from dataclasses import dataclass

from hookproof.processes.base import Death, Identity, OnDeath
from hookproof.processes.linux import proc, status
from hookproof.processes.linux.pidfd import open_pidfd


@dataclass(frozen=True, slots=True)
class _Watched:
    pidfd: int
    owned: status.Owned | None
    inspectable: bool


class LinuxWatcher:
    """`DeathWatch` on pidfds. Belongs to the thread of its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._loop = loop
        self._on_death = on_death
        self._watched: dict[Identity, _Watched] = {}

    def watch(self, identity: Identity) -> bool:
        if identity in self._watched:
            return True
        # Told before it is looked at: from here on nobody else takes its status.
        status.watching(identity)
        pidfd = open_pidfd(identity)
        owned = status.owner(identity)
        stat = proc.read_stat(identity.pid) if pidfd is not None else None
        if pidfd is None or stat is None or (stat.dead and owned is None and stat.ppid != os.getpid()):
            status.unwatching(identity)
            if pidfd is not None:
                os.close(pidfd)
            return False
        if owned is None and proc.carries_any_token(identity.pid):
            status.notice(identity)
        self._watched[identity] = _Watched(pidfd, owned, proc.may_inspect(identity.pid))
        self._loop.add_reader(pidfd, self._died, identity)
        return True

    def close(self) -> None:
        for identity in list(self._watched):
            self._forget(identity)

    def _died(self, identity: Identity) -> None:
        at = time.monotonic()
        watched = self._watched[identity]
        exit_ = watched.owned.collect() if watched.owned else None
        if exit_ is None:
            exit_ = status.exit_of(identity, watched.pidfd, inspectable=watched.inspectable)
        self._forget(identity)
        self._on_death(Death(identity, at, exit_))

    def _forget(self, identity: Identity) -> None:
        watched = self._watched.pop(identity)
        self._loop.remove_reader(watched.pidfd)
        os.close(watched.pidfd)
        status.unwatching(identity)
