"""Where a check is entered: `@check("JOB-99")` above the function that judges that requirement, and nothing else.

`judge` looks a requirement's check up in `CHECKS`; a row of `scenarios/requirements.toml` and a function so decorated
in a module of this folder are all that a new requirement takes.
"""

from __future__ import annotations

from collections.abc import Callable

from hookproof.judge.agent_view import AgentView
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding

OfJob = Callable[[RunView, JobView], Finding]
"""Judges a run by its job, of several by the first."""
OfRun = Callable[[RunView], Finding]
"""Judges a run as a whole, whether it has jobs or not."""
OfAgents = Callable[[AgentView], Finding]
"""Judges a run by its agents."""
CHECKS: dict[str, Callable[[RunView], Finding | None]] = {}
"""By requirement, complete once `hookproof.judge.checks` is imported. None: the run has nothing that it is about."""


def check(*requirements: str) -> Callable[[OfJob], OfJob]:
    """Enters a check of jobs. Raises ValueError for a requirement that has a check already."""

    def enter(judges: OfJob) -> OfJob:
        def evaluate(view: RunView) -> Finding | None:
            job = view.first_job()
            return judges(view, job) if job is not None else None

        _enter(requirements, evaluate)
        return judges

    return enter


def run_check(*requirements: str) -> Callable[[OfRun], OfRun]:
    """Enters a check of a whole run. Raises ValueError for a requirement that has a check already."""

    def enter(judges: OfRun) -> OfRun:
        _enter(requirements, judges)
        return judges

    return enter


def context_check(*requirements: str) -> Callable[[OfAgents], OfAgents]:
    """Enters a check of what agents were told. Raises ValueError for a requirement that has a check already."""

    def enter(judges: OfAgents) -> OfAgents:
        _enter(requirements, lambda view: judges(AgentView(view)))
        return judges

    return enter


def _enter(requirements: tuple[str, ...], evaluate: Callable[[RunView], Finding | None]) -> None:
    for name in requirements:
        if name in CHECKS:
            raise ValueError(f"{name} has two checks: every requirement has one, in a module of judge/checks")
        CHECKS[name] = evaluate
