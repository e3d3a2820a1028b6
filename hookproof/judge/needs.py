"""What a requirement presupposes of a run, one function for each word of `catalogue.requirement.Need`.

Each returns nothing where it came about; else a finding that says why it did not, so that the requirement is not
tested, or that nobody can tell, so that it is unknown. Pure functions of the run view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hookproof.catalogue.requirement import Need
from hookproof.judge.checks.outcomes import no_job
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.session_end import Cut, cut_unasked
from hookproof.judge.verdict import Finding


def _launched(view: RunView) -> Finding | None:
    """No job's launch was refused."""
    refusal = next(filter(None, map(view.refused, view.jobs.values())), None)
    return None if refusal is None else no_job(refusal)


def _other_ran_whole(view: RunView) -> Finding | None:
    """The SessionEnd hooks of the sessions that the job is not of came to their own end."""
    job = view.first_job()
    own = _session_of(view, job) if job is not None else None
    cut = next((each for each in cut_unasked(view) if each.run.session_id != own), None)
    return None if cut is None else _no_time("the other session's hook had no time for what it does", cut)


def _all_ran_whole(view: RunView) -> Finding | None:
    """The SessionEnd hooks came to their own end, but for those at which the scenario aimed a fault."""
    cut = next(iter(cut_unasked(view)), None)
    return None if cut is None else _no_time("a session's hook had no time for what it does at the end", cut)


def _ran_whole_before_the_last_look(view: RunView) -> Finding | None:
    """The same of those that had begun when somebody last looked: a later one can have changed nothing of it."""
    looks = [*view.snapshots, *(job.result for job in view.jobs.values() if job.result is not None)]
    last = max((each.seq for each in looks), default=len(view.records))
    cut = next((each for each in cut_unasked(view) if each.run.started.seq < last), None)
    return None if cut is None else _no_time("a session's hook had no time for what it does at the end", cut)


def _no_time(what: str, cut: Cut) -> Finding:
    return Finding.not_tested(f"{what}: {cut.sentence}", cut.ended)


def _session_of(view: RunView, job: JobView) -> str | None:
    return view.session_tag(job) or view.main_session()


NEEDS: Mapping[Need, Callable[[RunView], Finding | None]] = {
    "a launch": _launched,
    "the other session's hook ran whole": _other_ran_whole,
    "every SessionEnd hook ran whole": _all_ran_whole,
    "every SessionEnd hook before the last look ran whole": _ran_whole_before_the_last_look,
}
