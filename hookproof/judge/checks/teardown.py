"""Checks of starts, ends and the hooks that run there. Pure functions of the run view."""

from __future__ import annotations

from hookproof.judge.checks.outcomes import job_outcome, named, terminal_row
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.faults import HookKilled, ServerFrozen, SessionRestarted, WorkspaceDeleted
from hookproof.records.run import SessionsEnd
from hookproof.records.sent import HookEnded

_FEW_LINES = 3


@check("JOB-11")
def returns_in_budget(view: RunView, _job: JobView) -> Finding:
    """How main's SessionEnd hooks ended. The host's own budget is the measure."""
    runs = [run for run in view.session_end_hooks() if run.session_id == view.main_session()]
    if not runs:
        return Finding(None, "no SessionEnd hook ran for the main session")
    took: list[tuple[float, HookEnded]] = []
    for run in runs:
        if run.ended is None:
            return Finding("never returned", "the journal knows no end of the SessionEnd hook", run.started)
        took.append((run.ended.at - run.started.at, run.ended))
        if run.ended.ended_by != "itself" or run.ended.signal is not None:
            return Finding("ended by the host", f"after {took[-1][0]:.0f} ms, by {run.ended.ended_by}", run.ended)
        if run.ended.exit:
            return Finding("failed", f"it did not do its work: exit code {run.ended.exit}", run.ended)
    frozen = [fault.pids for fault in view.of(ServerFrozen)]
    silent = "with a silent server" if any(frozen) else "the plugin has no shared server"
    longest, slowest = max(took, key=lambda each: each[0])
    return Finding("returns in budget", f"{silent}; it took {longest:.0f} ms", slowest)


@check("JOB-12")
def converges_after_a_kill(view: RunView, _job: JobView) -> Finding:
    """What later sessions made of what killed SessionEnd hooks had left undone."""
    if not view.of(HookKilled):
        return Finding(None, "no hook was killed")
    return _converged(view)


@check("JOB-23")
def converges_after_two_ends(view: RunView, _job: JobView) -> Finding:
    """The same, of two sessions that ended at the same moment."""
    if not view.of(SessionsEnd):
        return Finding(None, "no two sessions ended at the same moment")
    return _converged(view)


def _converged(view: RunView) -> Finding:
    """Whether every job is in the list with a true state, and what is alive at the end is accounted for."""
    census, snapshot = view.census, next(reversed(view.snapshots), None)
    if census is None or snapshot is None:
        return Finding(None, "nobody looked at what was left")
    for name, job in view.jobs.items():
        if job.started is None:
            return Finding(None, f"the job {name} never started")
        status = view.status_of(view.stored(snapshot, job))
        end = job_outcome(view, job)
        if not status:
            return Finding("lost row", f"no row of {name} is left; {end.detail}", snapshot)
        if not view.holds(status, job, snapshot):
            return Finding("false row", f"the row of {name} says {status!r}; {end.detail}", snapshot)
    left = view.unaccounted(census)
    if left:
        detail = f"{len(left)} alive that no listed job accounts for: {named(left)}"
        return Finding("left behind", detail, census)
    detail = f"{len(view.jobs)} job(s) listed truly, and nothing is left that none accounts for"
    return Finding("converged", detail, census)


@check("JOB-20")
def environment_stays_small(view: RunView, _job: JobView) -> Finding:
    """How many lines the environment file has after a hundred starts of the session, and after the first."""
    starts = view.of(SessionRestarted)
    if not starts:
        return Finding(None, "the session was not started again")
    worst = max(starts, key=lambda fault: fault.lines)
    detail = f"{worst.lines} lines after {worst.starts} starts, {worst.first} after the first"
    if worst.lines > max(_FEW_LINES, worst.first):
        return Finding("grows", detail, worst)
    failed = sum(fault.failed for fault in starts)
    if failed:
        return Finding(None, f"{failed} of the repeated starts failed, and what they would have written nobody knows")
    if any(fault.file is None for fault in starts):
        return Finding(None, "CLAUDE_ENV_FILE was not set: the hook was given no environment file that could grow")
    return Finding("bounded", detail if worst.there else f"{detail}: the hook writes no environment file", worst)


@check("JOB-24")
def ends_without_its_workspace(view: RunView, job: JobView) -> Finding:
    """The row of a job whose workspace was deleted under it."""
    if not view.of(WorkspaceDeleted):
        return Finding(None, "the workspace was not deleted")
    return terminal_row(view, job)
