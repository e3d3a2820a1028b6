"""What every fault of a run works on and with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hookproof import processes
from hookproof.catalogue.descriptor import Companion
from hookproof.journal import Journal
from hookproof.play.job_tracker import Jobs
from hookproof.play.snapshot import Looker
from hookproof.sandbox.state_edits import StateFiles
from hookproof.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Ground:
    """The run's parts that injections work on and with."""

    journal: Journal
    world: World
    descriptor: Companion
    env: Mapping[str, str]
    group: processes.CaseProcesses
    watch: Callable[[processes.Identity], bool]
    looker: Looker
    jobs: Jobs
    files: StateFiles
