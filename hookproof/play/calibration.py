"""Driving the probe: its commands wait for the harness in a host's shells, and are followed to their death."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Mapping

from hookproof import processes
from hookproof.errors import DeadlineMissedError
from hookproof.play.context import ContextDriver
from hookproof.play.driver import Driver
from hookproof.play.run import Run
from hookproof.records import Record
from hookproof.records.jobs import JobEnded, JobStarted
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached
from hookproof.records.run import Error, SessionStays
from hookproof.records.sent import ProbeWaits, TurnEnded

_HOSTS_OWN_SECONDS = 7.0
"""Longer than any host gives commands that it does not wait for: 2.1.329 gives those that it keeps 5 s (measured).

It stands still meanwhile, so that nothing but its own clock tells the two apart. A host that is on its way out when
they are over is waited for.
"""


class CalibrationDriver(Driver):
    """The driver of the probe. A job is a command that waits, not a companion's.

    The probe is a context plugin, too: what concerns that is the driver of such a plugin's affair.
    """

    def __init__(self, run: Run, context: ContextDriver) -> None:
        self.run = run
        self._context = context
        self._endings: list[asyncio.Future[None]] = []
        run.journal.observe(self._seen)

    def variables(self) -> Mapping[str, str]:
        scripts = self.run.sandbox.plugin / "scripts"
        python = "python3 -I -S "
        return {
            **self._context.variables(),
            "names": python + shlex.quote(str(scripts / "names.py")),
            "wait": python + shlex.quote(str(scripts / "wait.py")),
        }

    def answers(self) -> Mapping[str, str]:
        return {name: f"job={name} is done." for name in self.run.case.scenario.jobs}

    async def wait_before_answer(self, agent: str, after: str) -> None:
        def has_come(record: Record) -> bool:
            if after == "main stopped":
                return isinstance(record, TurnEnded) and record.agent_id is None
            return isinstance(record, JobStarted)

        waiting_for = f"{after!r} before the model answers {agent!r}"
        try:
            await self.run.journal.wait(has_come, waiting_for=waiting_for, seconds=self.run.options.seconds)
        except DeadlineMissedError as error:
            self.run.journal.write(Error(where="model server", what=str(error)))

    async def prepare(self) -> None:
        await self._context.prepare()

    async def snapshot(self, step: int) -> None:
        await self._context.snapshot(step)

    async def end_session(self, name: str, ending: Awaitable[None]) -> None:
        """End a session's input. A host that waits for its commands stays, and the scenario goes on."""
        under_way = asyncio.ensure_future(ending)
        self._endings.append(under_way)
        await asyncio.wait([under_way], timeout=_HOSTS_OWN_SECONDS)
        if not await self.run.rest.until(under_way.done, f"session {name!r} to end"):
            self.run.journal.write(SessionStays(session=name))

    async def evidence(self) -> None:
        for error in await asyncio.gather(*self._endings, return_exceptions=True):
            if error is not None:
                self.run.journal.write(Error(where="play", what=str(error)))
        await self._context.evidence()

    async def close(self) -> None:
        await self._context.close()

    def _seen(self, record: Record) -> None:
        if isinstance(record, ProbeWaits):
            identity = processes.identify(record.pid)
            if identity is not None:
                self.run.deaths.watch(identity)
        elif isinstance(record, GateReached):
            self.run.journal.after(self._tell(JobStarted(job=record.job, row=None, worker=None, processes=[])))
        elif isinstance(record, GateAnswered | GateAbandoned):
            how = record.kind.removeprefix("gate.")
            self.run.journal.after(self._tell(JobEnded(job=record.job, how=how, worker=None)))

    async def _tell(self, record: Record) -> None:
        self.run.journal.write(record)
