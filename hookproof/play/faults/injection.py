"""What a fault is while it is at work in a run: set up, applied, and undone at the run's end. Base of all of them.

The faults themselves, as a scenario names them and with what they need, are in `catalogue/fault.py`; `injector` makes
the injection of each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from hookproof.catalogue.descriptor import Companion
from hookproof.play.job_tracker import JobTracker
from hookproof.play.run import Run
from hookproof.play.snapshot import Snapshots
from hookproof.processes import Identity, ProcessInfo
from hookproof.records.jobs import JobStarted
from hookproof.sandbox.state_edits import StateFiles


@dataclass(frozen=True, slots=True)
class Target:
    """What the faults of one run act on: the run, and the parts of its companion's driver that they need."""

    run: Run
    descriptor: Companion
    snapshots: Snapshots
    jobs: JobTracker
    files: StateFiles

    def worker_of(self, job: str) -> Identity | None:
        """The job's worker, as it was when the job started; whether it lives is not said."""
        started = next((each for each in self.run.journal.of(JobStarted) if each.job == job), None)
        if started is None:
            return None
        alive = (Identity(each.pid, each.start) for each in started.processes)
        return next((identity for identity in alive if identity.pid == started.worker), None)

    def server(self) -> int | None:
        """The pid of the plugin's shared server, as the plugin has written it."""
        found = self.files.server()
        pid = found[1].get(self.descriptor.state.server_pid) if found is not None else None
        return pid if isinstance(pid, int) else None


class Injection(ABC):
    """One fault in one run. Belongs to the run's event loop."""

    def __init__(self, target: Target, job: str) -> None:
        """`job` is what the fault is about, where it is about a job."""
        self.target = target
        self.run = target.run
        self.job = job

    async def setup(self) -> None:  # noqa: B027 - most have nothing to set up
        """What must be so before it is applied."""

    @abstractmethod
    async def apply(self) -> None:
        """Do it, and write what was done to what. Raises NoSuchRowError."""

    async def undo(self) -> None:  # noqa: B027 - most have nothing to undo
        """Let go of what it started, continue what it stopped. After the sweep, whether or not it was applied whole.

        What it wrote or removed lies in the run's sandbox, which goes with the run.
        """


class AimedInjection(Injection):
    """One that is aimed at processes.

    While a run still moves, what there is to be hit, and in the middle of what it is, is the machine's doing.
    """

    async def setup(self) -> None:
        await self.run.rest.settled(but=self.goes_on)

    def goes_on(self, info: ProcessInfo) -> bool:  # noqa: ARG002 - for those that know of such a process
        """Whether a process need not come to rest, because it is known to be at work for as long as it lives."""
        return False


class FilesInjection(Injection):
    """One that changes files of the plugin's."""

    async def setup(self) -> None:
        # a worker that writes down how it goes would write over what is changed
        await self.run.rest.settled()
