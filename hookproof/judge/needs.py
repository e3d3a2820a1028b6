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
from hookproof.records.sent import ShellTask


def _launched(view: RunView) -> Finding | None:
    """No job's launch was refused, and each had the time to begin one."""
    refusal = next(filter(None, map(view.refused, view.jobs.values())), None)
    return _begun_in_time(view) if refusal is None else no_job(refusal)


def _begun_in_time(view: RunView) -> Finding | None:
    """No host took the shell of a launch away, its timeout being over, before the launch had begun its job.

    How long a launch takes to get there is the machine's speed. `suite.cases` plays a case again, with longer timeouts,
    for as long as this is not so.
    """
    cut = next(filter(None, map(view.shell_out_of_time, view.jobs.values())), None)
    if cut is None:
        return None
    did = "moved it to the background" if isinstance(cut, ShellTask) else "ended it"
    given = view.case.shell_timeouts
    of = "" if given is None else f" of {given.longest_ms / 1000:g} s (play {given.play} of the case)"
    return Finding.not_tested(f"the job had not begun when its shell's timeout{of} was over and the host {did}", cut)


def too_little_time(view: RunView) -> bool:
    """Whether a play is to be followed by one with longer shell timeouts. Asked by `suite.cases`."""
    return view.case.shell_timeouts is not None and _begun_in_time(view) is not None


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
    last_asked = [*view.snapshots, *(job.result for job in view.jobs.values() if job.result is not None)]
    last = max((each.seq for each in last_asked), default=len(view.records))
    cut = next((each for each in cut_unasked(view) if each.run.started.seq < last), None)
    return None if cut is None else _no_time("a session's hook had no time for what it does at the end", cut)


def _no_time(what: str, cut: Cut) -> Finding:
    return Finding.not_tested(f"{what}: {cut.sentence}", cut.ended)


def _main_policy(view: RunView) -> Finding | None:
    """The plugin's descriptor has lines by which a main policy is known."""
    if (view.case.says or {}).get("policy"):
        return None
    return Finding.not_tested("the plugin has no policy for main: its descriptor names no line of one (says.policy)")


def _template(view: RunView) -> Finding | None:
    """The plugin's descriptor names an agent that it has a template for: it makes a difference between agents."""
    if (view.case.says or {}).get("known"):
        return None
    return Finding.not_tested("the plugin makes no difference between agents: its descriptor names none (agents.known)")


def _records(view: RunView) -> Finding | None:
    """The plugin's descriptor says where it records agents."""
    if view.case.records_agents:
        return None
    return Finding.not_tested("the plugin records no agents: its descriptor names no files in which it does (records)")


def _session_of(view: RunView, job: JobView) -> str | None:
    return view.session_tag(job) or view.main_session()


NEEDS: Mapping[Need, Callable[[RunView], Finding | None]] = {
    "a launch": _launched,
    "the job had begun when the host moved its shell": _begun_in_time,
    "the other session's hook ran whole": _other_ran_whole,
    "a main policy": _main_policy,
    "records of agents": _records,
    "a template for an agent": _template,
    "every SessionEnd hook ran whole": _all_ran_whole,
    "every SessionEnd hook before the last look ran whole": _ran_whole_before_the_last_look,
}
