"""What a requirement presupposes of a run, one function for each word of `catalogue.requirement.Need`.

Each returns nothing where it came about; else a finding that says why it did not, so that the requirement is not
tested, or that nobody can tell, so that it is unknown. Pure functions of the run view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hookproof.catalogue.requirement import Need
from hookproof.judge.checks.outcomes import no_job
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding


def _launched(view: RunView) -> Finding | None:
    """No job's launch was refused."""
    refusal = next(filter(None, map(view.refused, view.jobs.values())), None)
    return None if refusal is None else no_job(refusal)


def _other_ran_whole(view: RunView) -> Finding | None:
    """The SessionEnd hooks of the sessions that the job is not of came to their own end."""
    job = view.first_job()
    own = _session_of(view, job) if job is not None else None
    others = [run for run in view.session_end_hooks() if run.session_id != own]
    cut = next((run for run in others if run.ended is not None and run.ended.ended_by != "itself"), None)
    if cut is None or cut.ended is None:
        return None
    took = (cut.ended.at - cut.started.at) / 1000
    detail = f"the other session's hook had no time for what it does: {cut.ended.ended_by} ended it after {took:.1f} s"
    return Finding.not_tested(detail, cut.ended)


def _main_policy(view: RunView) -> Finding | None:
    """The plugin's descriptor has lines by which a main policy is known."""
    if (view.case.says or {}).get("policy"):
        return None
    return Finding.not_tested("the plugin has no policy for main: its descriptor names no line of one (says.policy)")


def _records(view: RunView) -> Finding | None:
    """The plugin's descriptor says where it records agents."""
    if view.case.records_agents:
        return None
    return Finding.not_tested("the plugin records no agents: its descriptor names no files in which it does (records)")


def _session_of(view: RunView, job: JobView) -> str | None:
    return view.session_tag(job) or view.main_session()


NEEDS: Mapping[Need, Callable[[RunView], Finding | None]] = {
    "a launch": _launched,
    "the other session's hook ran whole": _other_ran_whole,
    "a main policy": _main_policy,
    "records of agents": _records,
}
