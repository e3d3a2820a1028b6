"""The processes of one case, from the first that the harness starts to the last that a sweep ends.

Every one is marked with the case's token in its environment. What lost the token is found by its parents, and once it
has none by this process, which adopts it where it is a subreaper (Linux). Where the system can hold processes together
(a Job Object on Windows), a container holds them all.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Sequence
from types import TracebackType

from hookproof.processes import registry
from hookproof.processes.base import Identity, ProcessInfo
from hookproof.processes.platform import native
from hookproof.processes.sweep import SweepResult, check_token, end_all

_LAST_SECONDS = 10.0
_closing = threading.Lock()


class CaseProcesses:
    """Give it to every `spawn` of the case. Look first (`census`), then sweep, then close.

    While it is open, a process that comes to this one as an orphan may be the case's. What others in this process
    start meanwhile is left alone, however it detaches itself (`processes.linux.ours` says how that is told, and of
    which it cannot be), and what is seen below it as well. A daemon that detached itself from a program of others
    between two looks cannot be told from the case's own: start what shall outlive a case before the case begins.
    """

    def __init__(
        self, token: str, *, folder: str | os.PathLike[str] | None = None, programs: Sequence[str] = ()
    ) -> None:
        """`token` is hexadecimal, 16 digits or more, of this case alone; ValueError otherwise.

        `folder` is the case's own directory: an orphan that holds anything below it is the case's, and where the run
        is isolated it alone can be written. `programs` are paths of programs that the case needs, wherever they are.
        Raises OSError when its view of the machine's files cannot be had.
        """
        self.token = check_token(token)
        self.since = native.instant()
        self.container = native.open_container(None if folder is None else os.fspath(folder), programs)
        self._entry = registry.Entry(token, self.since, None if folder is None else os.fspath(folder))
        registry.open_case(self._entry)
        # one that is dropped without being closed must not stay a candidate for ever
        self._dropped = weakref.finalize(self, registry.close_case, self._entry, None)

    def census(self) -> list[ProcessInfo]:
        """The case's live processes: by token, by their parents, and those that came to us and are held to be its."""
        return list(native.find(self.token, since=self.since, entry=self._entry))

    def undecided(self) -> list[ProcessInfo]:
        """What a census saw come to us that may be this case's or that of another which was open at the same time.

        Also those that have ended since. They are in no census and no sweep while one of their cases is open; the
        last to close ends them.
        """
        return list(self._entry.undecided.values())

    def started(self, identity: Identity) -> None:
        """`spawn` started it for this case."""
        registry.note(self._entry, identity, registry.SPAWNED, (identity.pid,))

    def spawned(self, identity: Identity) -> bool:
        """Whether `spawn` started it for this case."""
        return self._entry.known.get(identity) == registry.SPAWNED

    async def sweep(self, *, seconds: float) -> SweepResult:
        """End the case's processes, at most for `seconds`; the loop goes on meanwhile."""
        return await asyncio.to_thread(self.sweep_now, seconds=seconds)

    def sweep_now(self, *, seconds: float) -> SweepResult:
        """The same for whoever has no loop to keep going. Blocks."""
        return end_all(lambda: native.find(self.token, since=self.since, entry=self._entry), seconds=seconds)

    def close(self) -> None:
        """Close the container, which on Windows ends whatever is in it; end what is of closed cases, and reap.

        Blocks for some seconds at most, when an adopted process that could be of several cases takes as long to die.
        May be called twice.
        """
        if self.container is not None:
            self.container.close()
            self.container = None
        self._dropped.detach()
        # one after the other: who closes between another's last look and its tidying would find everything forgotten
        with _closing:
            registry.close_case(self._entry, native.instant())
            end_all(native.of_nobody, seconds=_LAST_SECONDS)
            native.reap_adopted(only_spawn_detaches=False)
            registry.tidy()
            if not registry.entries():
                native.forget()

    def __enter__(self) -> CaseProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
