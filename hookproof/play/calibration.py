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
        started = self.journal.wait(
            lambda record: record["kind"] == "job.started",
            waiting_for=f"{after!r} before the model answers {agent!r}",
            seconds=self.options.seconds,
        )
        try:
            await started
        except DeadlineMissedError as error:
            self.journal.write("error", where="model server", what=str(error))

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
