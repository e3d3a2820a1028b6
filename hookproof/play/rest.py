"""When a run has settled: nothing moves until the scenario goes on. Asked by steps, faults, the job tracker, teardown.

A run has settled when

- no host waits for a hook, and no job that has had its answer is still on its way to its end: both are events;
- and for the length of the run's patience nothing was told to the journal, nobody died, and no process worked.

A process works if it has used a processor for more than a small share of that time, or waited for one: on a busy
machine that is most of what it does. What neither dies nor works waits for something that will not come from us. The
patience is the only bound; whatever still works is given more time, up to the patience of a step, and is named then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hookproof import processes
from hookproof.errors import DeadlineMissedError
from hookproof.journal import Journal
from hookproof.play.patience import Patience
from hookproof.processes import Activity, CaseProcesses, Identity, ProcessInfo
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostStarted
from hookproof.records.jobs import JobEnded, JobStarted
from hookproof.records.model import GateAnswered, ModelRequest
from hookproof.records.sent import HookEnded, HookStarted, ShellStarted, SubagentEnded, TurnEnded

_SHARE, _HOST_SHARE = 0.05, 0.25
"""Of the time that was watched: who has worked less waits. A host at a terminal draws, whatever it waits for."""
_TURNS_OF_THE_LOOP = 5
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Rest:
    """Knows when one run has settled. `seconds` is the patience of a step: the longest that anybody waits for it."""

    journal: Journal
    group: CaseProcesses
    patience: Patience
    seconds: float

    async def settled(
        self, *, undecided: bool = False, awaited: bool = True, but: Callable[[ProcessInfo], bool] | None = None
    ) -> list[ProcessInfo]:
        """Wait until the run has settled; what is alive then. `undecided`: so has what may be of another case.

        Without `awaited` by records and processes alone: of a run that has gone wrong nothing more is certain to come.
        `but` those processes of which it is asked: that one of them works holds nobody up. Raises DeadlineMissedError,
        naming what still moves.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.seconds
        while (moving := await self.moves(undecided=undecided, jobs=awaited, hooks=awaited, but=but)) is not None:
            if loop.time() > deadline:
                raise DeadlineMissedError(f"what was started to come to rest: {moving}", self.seconds)
        return self.group.census()

    @property
    def awaited(self) -> str | None:
        """What has to come to an end by itself before anything can be said of what is left: a hook, an answered job."""
        return next(self._hooks_due(), None) or next(self._jobs_due(), None)

    async def until(self, done: Callable[[], bool], what: str) -> bool:
        """Wait until it is `done`, or nothing moves any more. Whether it is.

        Raises DeadlineMissedError, naming `what` was waited for and what still moves.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.seconds
        while not done():
            moving = await self.moves(jobs=False)
            if moving is None:
                return done()
            if loop.time() > deadline:
                raise DeadlineMissedError(f"{what}, or all to come to rest: {moving}", self.seconds)
        return True

    async def moves(
        self,
        *,
        undecided: bool = False,
        jobs: bool = True,
        hooks: bool = True,
        but: Callable[[ProcessInfo], bool] | None = None,
    ) -> str | None:
        """Watch for as long as the patience, or until something happens: that, or None where nothing moves.

        Whoever is to find out whether jobs have come to their ends asks without them.
        """
        since = len(self.journal.records)
        due = next(self._hooks_due(), None) if hooks else None
        if due is None and jobs:
            due = next(self._jobs_due(), None)
        if due is not None:
            await self._something_happens([], since)
            return due
        loop = asyncio.get_running_loop()
        infos, began = self._alive(undecided=undecided, but=but), loop.time()
        before = _activities(infos)
        if infos and (what := await self._something_happens(infos, since)) is not None:
            return what
        # what has come in meanwhile is read before it is said that nothing has
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)
        if len(self.journal.records) > since:
            return _told(self.journal.records[since])
        return self._at_work(before, self._alive(undecided=undecided, but=but), loop.time() - began)

    def _alive(self, *, undecided: bool, but: Callable[[ProcessInfo], bool] | None) -> list[ProcessInfo]:
        found = self.group.census()
        if undecided:
            found += [info for info in self.group.undecided() if processes.is_alive(info.identity)]
        return found if but is None else [info for info in found if not but(info)]

    def _at_work(self, before: Mapping[Identity, Activity], infos: list[ProcessInfo], took: float) -> str | None:
        """Who has worked, as a sentence. Looked at twice: one may wake another and sleep before it is looked at."""
        now, again = _activities(infos), _activities(infos)
        hosts = {record.pid for record in self.journal.of(HostStarted)}
        for info in infos:
            seen, last = now.get(info.identity), again.get(info.identity)
            if seen is None or last is None:
                return f"{_named(info)} has just ended"
            earlier = before.get(info.identity)
            worked = seen.worked - (earlier.worked if earlier is not None else 0.0)
            host = info.identity.pid in hosts
            # less than before: a thread of it has ended
            if worked < 0 or worked > took * (_HOST_SHARE if host else _SHARE):
                return f"{_named(info)} is at work"
            if not host and (seen.runnable or last.runnable or seen.turns != last.turns):
                return f"{_named(info)} is at work"
        return None

    async def _something_happens(self, infos: list[ProcessInfo], since: int) -> str | None:
        """What happens within the patience: a death, or a record."""
        died = asyncio.Event()
        watch = processes.DeathWatch(asyncio.get_running_loop(), lambda _death: died.set())
        try:
            gone = next((info for info in infos if not watch.watch(info.identity)), None)
            if gone is not None:
                return f"{_named(gone)} has just ended"
            told = self.journal.wait(
                lambda _record: True, waiting_for="any record", seconds=2 * self.seconds, since=since
            )
            waits = {asyncio.ensure_future(told), asyncio.ensure_future(died.wait())}
            try:
                done, _ = await asyncio.wait(waits, timeout=self.patience.seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waits:
                    each.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
        finally:
            watch.close()
        if not done:
            return None
        return "a process has just ended" if died.is_set() else _told(self.journal.records[since])

    def _hooks_due(self) -> Iterator[str]:
        """The hooks that a host waits for."""
        ended = {record.run for record in self.journal.of(HookEnded)}
        for hook in self.journal.of(HookStarted):
            if hook.run not in ended and self._is_waited_for(hook):
                yield f"the {hook.event} hook `{hook.command[:_SHOWN]}` of session {hook.session_id} has not ended"

    def _jobs_due(self) -> Iterator[str]:
        """The jobs that have what they asked for, and have not ended yet."""
        over = {record.job for record in self.journal.of(JobEnded)}
        started = {record.job for record in self.journal.of(JobStarted)}
        for job in dict.fromkeys(record.job for record in self.journal.of(GateAnswered)):
            if job in started and job not in over:
                yield f"job {job} has had its answer, and its worker has not come to its end"

    def _is_waited_for(self, hook: HookStarted) -> bool:
        """Whether a host stands at the hook: it lives, and nothing tells that the agent has gone on meanwhile.

        Where nobody has told whether the hook is one that its host goes on beside, the going on tells it.
        """
        if hook.asynchronous:
            return False
        gone = {record.pid for record in self.journal.of(HostExited)}
        hosts = self.journal.of(HostStarted)
        own = [each for each in hosts if each.pid == hook.by or each.session_id == hook.session_id] or hosts
        if all(each.pid in gone for each in own):
            return False
        names = {each.session for each in own}
        return not any(_goes_on(record, hook, names) for record in self.journal.records[hook.seq :])


def _goes_on(record: Record, hook: HookStarted, names: set[str]) -> bool:
    """Whether a record shows that the agent of the hook is at something else by now."""
    if isinstance(record, ModelRequest):
        return hook.agent_id is None and record.agent in names
    if not isinstance(record, HookStarted | ShellStarted | SubagentEnded | TurnEnded):
        return False
    if (record.session_id, record.agent_id) != (hook.session_id, hook.agent_id):
        return False
    return not isinstance(record, HookStarted) or record.event != hook.event


def _activities(infos: list[ProcessInfo]) -> dict[Identity, Activity]:
    found = {info.identity: processes.activity(info.identity) for info in infos}
    return {identity: activity for identity, activity in found.items() if activity is not None}


def _told(record: Record) -> str:
    return f"record {record.seq} ({record.kind}) has just come"


def _named(info: ProcessInfo) -> str:
    return f"process {info.identity.pid} `{' '.join(info.argv)[:_SHOWN]}`"
