"""Checks of starts, ends and the hooks that run there. Pure functions of the run view."""

from __future__ import annotations

from hookproof.judge.checks.outcomes import fate, named, unless_refused
from hookproof.judge.checks.state import ended_in_a_terminal_row
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Seen
from hookproof.records import Record
from hookproof.records.faults import HookKilled, ServerFrozen, SessionRestarted, WorkspaceDeleted
from hookproof.records.run import Census, SessionsEnd

_FEW_LINES = 3


def returns_in_budget(view: RunView, _job: JobView) -> Seen:
    """JOB-11: how main's SessionEnd hooks ended. The host's own budget is the measure."""
    runs = [run for run in view.session_end_hooks() if run.session_id == view.main_session()]
    if not runs:
        return Seen(None, "no SessionEnd hook ran for the main session")
    for run in runs:
        if run.ended is None:
            return Seen("never returned", "the journal knows no end of the SessionEnd hook")
        if run.ended.ended_by != "itself" or run.ended.signal is not None:
            after = run.ended.at - run.started.at
            return Seen("ended by the host", f"after {after:.0f} ms, by {run.ended.ended_by}")
        if run.ended.exit:
            return Seen("failed", f"it did not do its work: exit code {run.ended.exit}")
    frozen = [fault.pids for fault in view.of(ServerFrozen)]
    silent = "with a silent server" if any(frozen) else "the plugin has no shared server"
    return Seen("returns in budget", f"{silent}; it took {max(_took(run.started, run.ended) for run in runs):.0f} ms")


def _took(started: Record, ended: Record | None) -> float:
    return ended.at - started.at if ended is not None else 0.0


@unless_refused
def converges_after_a_kill(view: RunView, _job: JobView) -> Seen:
    """JOB-12: what later sessions made of what killed SessionEnd hooks had left undone."""
    if not view.of(HookKilled):
        return Seen(None, "no hook was killed")
    return _converged(view)


@unless_refused
def converges_after_two_ends(view: RunView, _job: JobView) -> Seen:
    """JOB-23."""
    if not view.of(SessionsEnd):
        return Seen(None, "no two sessions ended at the same moment")
    return _converged(view)


def _converged(view: RunView) -> Seen:
    """Every job is in the list with a true state, and what is alive at the end is accounted for."""
    census = next(iter(view.of(Census)), None)
    snapshot = next(reversed(view.snapshots), None)
    if census is None or snapshot is None:
        return Seen(None, "nobody looked at what was left")
    for name, job in view.jobs.items():
        if job.started is None:
            return Seen(None, f"the job {name} never started")
        status = view.status_of(view.stored(snapshot, job))
        if not status:
            return Seen("lost row", f"no row of {name} is left; {fate(job).detail}")
        if status not in view.true_words(job, snapshot):
            return Seen("false row", f"the row of {name} says {status!r}; {fate(job).detail}")
    left = view.unaccounted(census)
    if left:
        return Seen("left behind", f"{len(left)} alive that no listed job accounts for: {named(left)}")
    return Seen("converged", f"{len(view.jobs)} job(s) listed truly, and nothing is left that none accounts for")


def environment_stays_small(view: RunView, _job: JobView) -> Seen:
    """JOB-20: lines in the environment file after a hundred starts of the session, against those after the first."""
    starts = view.of(SessionRestarted)
    if not starts:
        return Seen(None, "the session was not started again")
    worst = max(starts, key=lambda fault: fault.lines)
    detail = f"{worst.lines} lines after {worst.starts} starts, {worst.first} after the first"
    if worst.lines > max(_FEW_LINES, worst.first):
        return Seen("grows", detail)
    failed = sum(fault.failed for fault in starts)
    if failed:
        return Seen(None, f"{failed} of the repeated starts failed, and what they would have written nobody knows")
    if any(fault.file is None for fault in starts):
        return Seen(None, "CLAUDE_ENV_FILE was not set: the hook was given no environment file that could grow")
    return Seen("bounded", detail if worst.there else f"{detail}: the hook writes no environment file")


@unless_refused
def ends_without_its_workspace(view: RunView, job: JobView) -> Seen:
    """JOB-24."""
    if not view.of(WorkspaceDeleted):
        return Seen(None, "the workspace was not deleted")
    return ended_in_a_terminal_row(view, job)
