"""Playing the probe: its commands wait for the harness in a host's shells, and are followed to their death."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping

from hookproof import processes
from hookproof.catalogue.descriptor import Context
from hookproof.journal import DeadlineMissedError, Journal, Record
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.context import ContextPlay
from hookproof.stage.world import World

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
                return bool(record["kind"] == "turn.ended" and record["agent_id"] is None)
            return bool(record["kind"] == "job.started")

        waiting_for = f"{after!r} before the model answers {agent!r}"
        try:
            await self.journal.wait(come, waiting_for=waiting_for, seconds=self.options.seconds)
        except DeadlineMissedError as error:
            self.journal.write("error", where="model server", what=str(error))

    async def end_session(self, name: str) -> None:
        """End a session's input. A host that waits for its commands stays, and the scenario goes on."""
        ending = self._loop.create_task(super().end_session(name))
        self._endings.append(ending)
        done, _ = await asyncio.wait([ending], timeout=_STAYS_SECONDS)
        if not done:
            self.journal.write("session.stays", session=name)

    async def evidence(self) -> None:
        for error in await asyncio.gather(*self._endings, return_exceptions=True):
            if error is not None:
                self.journal.write("error", where="play", what=str(error))
        await super().evidence()

    def _seen(self, record: Record) -> None:
        kind = record["kind"]
        if kind == "probe.waits":
            identity = processes.identify(int(record["pid"]))
            if identity is not None:
                self.deaths.watch(identity)
        elif kind == "gate.reached":
            self._loop.call_soon(self._tell, "job.started", record["job"])
        elif kind in {"gate.answered", "gate.abandoned"}:
            self._loop.call_soon(self._tell, "job.ended", record["job"])

    def _tell(self, kind: str, job: str) -> None:
        """Written after the record at hand, once everybody has seen that."""
        self.journal.write(kind, job=job)
