"""Keeps the hook runs that have begun and not ended. A step that waits in vain names them.

Follows the journal from the run's start to its sweep. A hook that is still running when half of a step's patience is
over is told once, as `hook.overdue`; and whoever gives a wait up asks for the sentences. A hook may have ended and its
host still wait, because somebody who got the hook's output from it holds it open: then that is said, and who it is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hookproof import processes
from hookproof.journal import Journal
from hookproof.records import Record
from hookproof.records.jobs import HookHolders, HookOverdue
from hookproof.records.run import SweepBegan
from hookproof.records.sent import HookEnded, HookHeld, HookStarted

Census = Callable[[], list[processes.ProcessInfo]]
_MOST_NAMED = 5
_SHOWN = 200


@dataclass(slots=True)
class _Run:
    started: HookStarted
    identity: processes.Identity | None
    began: float
    reader: int | None
    """The process at the other end of the hook's output: its host, or the relay that its tap has left."""
    timer: asyncio.TimerHandle


class OpenHooks:
    """Belongs to one run and its event loop. `seconds` is the patience of a step."""

    def __init__(self, journal: Journal, seconds: float, census: Census) -> None:
        self._journal = journal
        self._seconds = seconds
        self._census = census
        self._loop = asyncio.get_running_loop()
        self._open: dict[str, _Run] = {}
        journal.observe(self._seen)

    def _seen(self, record: Record) -> None:
        if isinstance(record, HookStarted):
            self._drop(record.run)
            pid = record.pid
            self._open[record.run] = _Run(
                record,
                processes.identify(pid) if pid is not None else None,
                self._loop.time(),
                record.by,
                self._loop.call_later(self._seconds / 2, self._write_overdue, record.run),
            )
        elif isinstance(record, HookHeld) and record.run in self._open:
            self._open[record.run].reader = record.pid
            # at once: whoever tells it may go on when this is over, and then nobody holds anything
            holders = [_described(info) for info in self._holders(self._open[record.run])]
            if holders:
                self._journal.after(self._write_holders(record, holders))
        elif isinstance(record, HookEnded):
            self._drop(record.run)
        elif isinstance(record, SweepBegan):
            for run in list(self._open):
                self._drop(run)

    async def _write_holders(self, held: HookHeld, holders: list[str]) -> None:
        self._journal.write(HookHolders(run=held.run, event=held.event, held_by=holders))

    def _drop(self, run: str) -> None:
        if run in self._open:
            self._open.pop(run).timer.cancel()

    def _write_overdue(self, run: str) -> None:
        hook = self._open[run]
        started = hook.started
        held_by = None if self._is_alive(hook) else [_described(info) for info in self._holders(hook)]
        ms = round(self._age(hook) * 1000)
        self._journal.write(
            HookOverdue(
                run=started.run,
                event=started.event,
                session_id=started.session_id,
                agent_id=started.agent_id,
                command=started.command,
                ms=ms,
                timeout=started.timeout,
                held_by=held_by,
            )
        )

    def sentences(self) -> list[str]:
        """What each of them is waiting for, the oldest first."""
        sentences_ = [self._sentence(hook) for hook in list(self._open.values())[:_MOST_NAMED]]
        more = len(self._open) - len(sentences_)
        return [*sentences_, f"{more} more hook runs have not ended"] if more > 0 else sentences_

    def _sentence(self, hook: _Run) -> str:
        record = hook.started
        command = record.command
        shown = command if len(command) <= _SHOWN else f"{command[:_SHOWN]}…"
        where = f"session {record.session_id}, run {record.run}"
        began = f"the {record.event} hook `{shown}` ({where}) began {self._age(hook):.1f} s ago"
        if self._is_alive(hook):
            timeout = record.timeout
            return f"{began} and has not ended" + (f" (its timeout is {timeout:g} s)" if timeout is not None else "")
        holders = ", ".join(_described(info) for info in self._holders(hook))
        named = f" ({holders})" if holders else ""
        return f"{began} and has ended, but a process that it started{named} holds its output open"

    def _age(self, hook: _Run) -> float:
        return self._loop.time() - hook.began

    @staticmethod
    def _is_alive(hook: _Run) -> bool:
        return hook.identity is not None and processes.is_alive(hook.identity)

    def _holders(self, hook: _Run) -> list[processes.ProcessInfo]:
        """Who has the other end of a pipe from which the hook's output is read, and is of no hook that still runs."""
        pipes = set(_pipes(hook.reader, lambda number: number > 2))
        alive = self._census() if pipes else []
        own = {each.identity.pid for each in self._open.values() if each.identity and self._is_alive(each)}
        for _ in alive:  # until nothing is added: a child may stand before its parent
            more = {info.identity.pid for info in alive if info.ppid in own} - own
            own |= more
            if not more:
                break
        others = [info for info in alive if info.identity.pid not in {*own, hook.reader}]
        return [info for info in others if pipes & set(_pipes(info.identity.pid, lambda number: number in {1, 2}))]


def _pipes(pid: int | None, wanted: Callable[[int], bool]) -> Iterator[str]:
    """The pipes that a process has open, as Linux names them; none elsewhere."""
    if sys.platform != "linux":
        return
    folder = f"/proc/{pid}/fd"
    try:
        numbers = [int(name) for name in os.listdir(folder)]  # noqa: PTH208
    except OSError:
        return
    for number in filter(wanted, numbers):
        try:
            target = os.readlink(f"{folder}/{number}")  # noqa: PTH115
        except OSError:
            continue
        if target.startswith("pipe:"):
            yield target


def _described(info: processes.ProcessInfo) -> str:
    return f"pid {info.identity.pid} `{' '.join(info.argv)[:_SHOWN]}`"
