"""What the faults of a run act on and with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hookproof import processes
from hookproof.catalogue.descriptor import Companion
from hookproof.journal import Journal
from hookproof.play.job_tracker import JobTracker
from hookproof.play.run import Run
from hookproof.play.snapshot import Snapshots
from hookproof.sandbox.state_edits import StateFiles
from hookproof.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Ground:
    """The run, and the parts of the companion's driver that faults need."""

    run: Run
    descriptor: Companion
    looker: Snapshots
    jobs: JobTracker
    files: StateFiles

    @property
    def journal(self) -> Journal:
        return self.run.journal

    @property
    def world(self) -> World:
        return self.run.sandbox

    @property
    def env(self) -> Mapping[str, str]:
        return self.run.env

    @property
    def group(self) -> processes.CaseProcesses:
        return self.run.processes

    @property
    def watch(self) -> Callable[[processes.Identity], bool]:
        return self.run.deaths.watch
