"""What the runner asks of the plugin under test: one driver for each kind of plugin, which is given the run.

`play.companion`, `play.context` and `play.calibration` are the drivers; `play.case` chooses one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol

from hookproof.catalogue.descriptor import State
from hookproof.catalogue.fault import AnyFault
from hookproof.play.run import Run
from hookproof.records.run import Error


class Driver(Protocol):
    """How a run of one kind of plugin differs from others. Every driver derives from this."""

    run: Run

    def variables(self) -> Mapping[str, str]:
        """What stands for the placeholders of the script."""
        ...

    def answers(self) -> Mapping[str, str]:
        """What the model answers to each job."""
        return {}

    async def prepare_answer(self, agent: str) -> None:  # noqa: ARG002 - others have some that change
        """Bring what `variables` gave up to date, before the script's next step of an agent is filled in."""
        return

    async def wait_before_answer(self, agent: str, after: str) -> None:
        """Keep a model answer back until what it waits for (`after`) is in the journal."""

    async def prepare(self) -> None:
        """What must be there before the main session starts. The environment is complete but for what this adds."""

    def state(self) -> State | None:
        """Where the plugin keeps the rows that the census reads."""
        return None

    async def snapshot(self, step: int) -> None:
        """Write down what the plugin says and has on disk at a step of the scenario."""

    async def fetch_result(self, job: str) -> None:
        """Ask the plugin for the result of a job, as a user would."""
        raise ValueError(f"this kind of plugin has no job {job!r} to fetch a result of")

    async def inject(self, fault: AnyFault, job: str) -> None:
        """Do to a job what the scenario asks for. A scenario of another kind cannot ask for it."""
        self.run.journal.write(Error(where="play", what=f"{str(fault)!r} {job} cannot be done to this kind of plugin"))

    async def end_session(self, name: str, ending: Awaitable[None]) -> None:  # noqa: ARG002 - others tell of it
        """See to it that a session ends, which `ending` does, before the run's end."""
        await ending

    async def evidence(self) -> None:
        """What is written down after every session has ended, before the sweep."""

    async def close(self) -> None:
        """Stop whatever the driver has started."""
