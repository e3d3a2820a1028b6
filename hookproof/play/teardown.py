"""The end of a run, before anything is swept: wait until what is left has settled, then write down what it is.

A process that is about to exit is not a leak. How long to wait cannot be known, but what has settled (`play.rest`)
waits for something that will not come from us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from hookproof import processes
from hookproof.catalogue.descriptor import State
from hookproof.errors import DeadlineMissedError
from hookproof.journal import Journal
from hookproof.play.job_tracker import describe
from hookproof.play.own_programs import is_own
from hookproof.play.run import Run
from hookproof.records.run import Census, Error, Strays


async def write_census(run: Run, state: State | None) -> None:
    """Write the `census` record: what still runs after every session has ended, and what the state files say.

    Before it come `strays` records of what runs without the run's token, if anything does.
    """
    first = run.processes.census()
    alive = await _settled(run)
    own = [info for info in alive if is_own(info, run.journal, run.processes)]
    left = [info for info in alive if info not in own]
    ended = [
        info for info in first if not processes.is_alive(info.identity) and not is_own(info, run.journal, run.processes)
    ]
    StrayRecorder(run.journal, run.processes).record_left(left)
    rows = await run.state(state) if state is not None else []
    run.journal.write(Census(processes=describe(left), state=rows, own=describe(own), ended=describe(ended)))


async def _settled(run: Run) -> list[processes.ProcessInfo]:
    """What is alive once everything has settled.

    Of a hook or an answered job that never comes to its end nobody can tell what it would have left. Any other process
    that works on for as long as a step may wait, with every session over, is left.
    """
    try:
        return await run.rest.settled(undecided=True, awaited=not run.journal.of(Error))
    except DeadlineMissedError as error:
        if run.rest.awaited is not None:
            run.journal.write(Error(where="evidence", what=str(error)))
        return run.processes.census()


class StrayRecorder:
    """Writes `strays` records: processes without the run's token, by name, with how each was recognised (`by`).

    `of` is "this case", or "undecided" for those that may as well be of another case that was open at the same time.
    Each process is told once.
    """

    def __init__(self, journal: Journal, group: processes.CaseProcesses) -> None:
        self._journal = journal
        self._group = group

    def record_left(self, left: list[processes.ProcessInfo]) -> None:
        """Of what runs now (`left`), and of what is undecided and lives: those that have ended left nothing."""
        self._write("this case", [info for info in left if info.by != "token"])
        self.record_undecided()

    def record_undecided(self) -> None:
        """Also of what came to light since, in the sweep."""
        self._write("undecided", _alive_undecided(self._group))

    def _write(self, of: str, infos: list[processes.ProcessInfo]) -> None:
        reported = {
            (each.pid, each.start)
            for record in self._journal.of(Strays)
            if record.of == of
            for each in record.processes
        }
        new = [info for info in infos if (info.identity.pid, info.identity.start) not in reported]
        if new:
            self._journal.write(Strays(of=of, processes=describe(new)))


def _alive_undecided(group: processes.CaseProcesses) -> list[processes.ProcessInfo]:
    """Those alive that may be this case's or another's."""
    return [info for info in group.undecided() if processes.is_alive(info.identity)]


async def uninterrupted(clearing: Coroutine[Any, Any, None]) -> None:
    """Await it to its end; whoever cancels meanwhile is heard afterwards."""
    task, cancelled = asyncio.ensure_future(clearing), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
