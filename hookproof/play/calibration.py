"""Playing the probe: its commands wait for the harness in a host's shells, and are followed to their death."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping

from hookproof import processes
from hookproof.catalogue.descriptor import Context
from hookproof.journal import DeadlineMissedError, Journal
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.context import ContextPlay
from hookproof.records import Record
from hookproof.records.jobs import JobEnded, JobStarted
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached
from hookproof.records.run import Error, SessionStays
from hookproof.records.told import ProbeWaits, TurnEnded
from hookproof.sandbox.world import World

_STAYS_SECONDS = 7.0
"""By then a host has gone that does not wait for commands: 2.1.329 gives those that it keeps 5 s (measured)."""


class CalibrationPlay(ContextPlay):
    """The run of the probe. A job is a command that waits, not a companion's."""

    def __init__(
        self,
        case: Case,
        descriptor: Context,
        world: World,
        journal: Journal,
        options: PlayOptions,
        group: processes.CaseProcesses,
    ) -> None:
        super().__init__(case, descriptor, world, journal, options, group)
        self._loop = asyncio.get_running_loop()
        self._endings: list[asyncio.Task[None]] = []
        journal.observe(self._seen)

    def words(self) -> Mapping[str, str]:
        scripts = self.world.plugin / "scripts"
        python = "python3 -I -S "
        return {
            **super().words(),
            "names": python + shlex.quote(str(scripts / "names.py")),
            "wait": python + shlex.quote(str(scripts / "wait.py")),
        }

    def answers(self) -> Mapping[str, str]:
        return {name: f"job={name} is done." for name in self.case.scenario.jobs}

    async def hold(self, agent: str, after: str) -> None:
        def come(record: Record) -> bool:
            if after == "main stopped":
                return isinstance(record, TurnEnded) and record.agent_id is None
            return isinstance(record, JobStarted)

        waiting_for = f"{after!r} before the model answers {agent!r}"
        try:
            await self.journal.wait(come, waiting_for=waiting_for, seconds=self.options.seconds)
        except DeadlineMissedError as error:
            self.journal.write(Error(where="model server", what=str(error)))

    async def end_session(self, name: str) -> None:
        """End a session's input. A host that waits for its commands stays, and the scenario goes on."""
        ending = self._loop.create_task(super().end_session(name))
        self._endings.append(ending)
        done, _ = await asyncio.wait([ending], timeout=_STAYS_SECONDS)
        if not done:
            self.journal.write(SessionStays(session=name))

    async def evidence(self) -> None:
        for error in await asyncio.gather(*self._endings, return_exceptions=True):
            if error is not None:
                self.journal.write(Error(where="play", what=str(error)))
        await super().evidence()

    def _seen(self, record: Record) -> None:
        if isinstance(record, ProbeWaits):
            identity = processes.identify(record.pid)
            if identity is not None:
                self.deaths.watch(identity)
        elif isinstance(record, GateReached):
            self._tell(JobStarted(job=record.job, row=None, worker=None, processes=[]))
        elif isinstance(record, GateAnswered | GateAbandoned):
            self._tell(JobEnded(job=record.job, how=record.kind.removeprefix("gate."), worker=None))

    def _tell(self, record: Record) -> None:
        """Written after the record at hand, once everybody has seen that."""
        self._loop.call_soon(self.journal.write, record)
