"""Processes: started, recognised, watched and ended, the same way on every system.

A process is an `Identity`, pid and start time; nothing is ever signalled by pid alone. Deaths arrive by event. What
belongs to a run is told by the token in its environment, wherever it has gone; what lost the token by its parents, and
where this process adopts orphans by whatever else they still show.
"""

from __future__ import annotations

from hookproof.processes.base import (
    STARTED_BY_VARIABLE,
    TOKEN_VARIABLE,
    Activity,
    Child,
    Death,
    Exit,
    Identity,
    Instant,
    OnDeath,
    ProcessInfo,
    Stream,
)
from hookproof.processes.case import CaseProcesses
from hookproof.processes.identity import (
    DeathWatch,
    activity,
    adopt_orphans,
    become_subreaper,
    identify,
    instant,
    is_alive,
    is_subreaper,
    is_unreaped,
    kill,
    machine_identity,
    reap_adopted,
    signal_process,
)
from hookproof.processes.run import Finished, run, run_swept
from hookproof.processes.spawn import spawn
from hookproof.processes.sweep import SweepResult, census, sweep

__all__ = [
    "STARTED_BY_VARIABLE",
    "TOKEN_VARIABLE",
    "Activity",
    "CaseProcesses",
    "Child",
    "Death",
    "DeathWatch",
    "Exit",
    "Finished",
    "Identity",
    "Instant",
    "OnDeath",
    "ProcessInfo",
    "Stream",
    "SweepResult",
    "activity",
    "adopt_orphans",
    "become_subreaper",
    "census",
    "identify",
    "instant",
    "is_alive",
    "is_subreaper",
    "is_unreaped",
    "kill",
    "machine_identity",
    "reap_adopted",
    "run",
    "run_swept",
    "signal_process",
    "spawn",
    "sweep",
]
