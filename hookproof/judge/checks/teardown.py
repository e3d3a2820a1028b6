"""Checks of starts, ends and the hooks that run there. Pure functions of the run view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hookproof.judge.checks.budgets import out_of_budget, took_ms
from hookproof.judge.checks.left import Left, left, not_charged, told
from hookproof.judge.checks.outcomes import job_outcome, maybe_left, missing_row, no_job, terminal_row
from hookproof.judge.checks.registry import check, run_check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.faults import (
    HookKilled,
    HookStopped,
    HostKilled,
    ServerFrozen,
    SessionRestarted,
    WorkspaceDeleted,
)
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.run import Census, SessionsEnd
from hookproof.records.sent import HookEnded

_FEW_LINES = 3
_NOTHING_BEGAN = "nothing was alive after the last session's end, and no job had begun that could have left anything"


@run_check("JOB-07", "HOOK-03")
def nothing_left(view: RunView) -> Finding:
    """What the census counts after every session's end, hookproof's own programs aside."""
    census = view.census
    if census is None:
        return Finding(None, "the run ended without a census")
    found = left(view, census)
    finding = _left_behind(view, census, found) or _accounted(view, census, found)
    notes = [finding.detail, *_beside(view, census, found)]
    return replace(finding, detail="; ".join(notes))


def _left_behind(view: RunView, census: Census, found: Left) -> Finding | None:
    """What no listed job accounts for, unless a fault was done to what would have ended it."""
    if not found.plugins:
        return Finding(None, maybe_left(view.undecided), census) if view.undecided else None
    count = f"{len(found.plugins)} of {len(census.processes)} alive"
    detail = f"{count} that no listed job accounts for: {told(view, found.plugins)}{view.outlived}"
    why = not_charged(view, census)
    return Finding("left behind", detail, census) if why is None else Finding.not_tested(f"{why}; {detail}", census)


def _accounted(view: RunView, census: Census, found: Left) -> Finding:
    """Of what is alive, that listed jobs account for all of it."""
    job, alive = view.first_job(), census.processes
    if job is not None and all(each.started is None for each in view.jobs.values()) and not alive:
        refusal = view.refused(job)
        return Finding.not_tested(_NOTHING_BEGAN, census) if refusal is None else no_job(refusal)
    accounted = [process for process in alive if process not in found.codex]
    if not accounted:
        return Finding("nothing left", "no process of the plugin was alive after the last session's end", census)
    detail = f"{len(accounted)} processes, all of them of listed jobs: {told(view, accounted)}"
    return Finding("only listed jobs", detail, census)


def _beside(view: RunView, census: Census, found: Left) -> Iterator[str]:
    """What is told and charged to nobody."""
    if found.codex:
        yield f"a tool call of Codex, which does not end it, has left: {told(view, found.codex)}"
    if census.ended:
        yield f"{len(census.ended)} more ended by themselves after the last session's end: {told(view, census.ended)}"


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
        took.append((took_ms(run.started, run.ended), run.ended))
        if run.ended.exit and run.ended.ended_by == "itself":
            return Finding("failed", f"it did not do its work: exit code {run.ended.exit}", run.ended)
        late = out_of_budget(view, run, run.ended, took[-1][0])
        if late is not None:
            return late
    frozen = [fault.pids for fault in view.of(ServerFrozen)]
    longest, slowest = max(took, key=lambda each: each[0])
    if view.case.shared_server and not any(frozen):
        why = "the server that the plugin's jobs share (state.server_file) was not there to be silent"
        return Finding.not_tested(f"{why}; the hook took {longest:.0f} ms", slowest)
    silent = "with a silent server" if any(frozen) else "the plugin has no shared server"
    return Finding("returns in budget", f"{silent}; it took {longest:.0f} ms", slowest)


@check("JOB-12")
def converges_after_a_kill(view: RunView, _job: JobView) -> Finding:
    """What later sessions made of what killed SessionEnd hooks had left undone, whoever killed them."""
    if not view.of(HookKilled) and not view.of(HookStopped):
        return Finding(None, "no hook was killed")
    return _converged(view, list(view.jobs.values()))


@check("JOB-32")
def rows_true_after_a_kill(view: RunView, job: JobView) -> Finding:
    """What the job's row says whenever somebody looks after a host was killed and the next session has begun."""
    killed = next(iter(view.of(HostKilled)), None)
    later = (each for each in view.of(HostStarted) if killed is not None and each.seq > killed.seq)
    began = next((each for each in later if killed is not None and each.session != killed.session), None)
    snapshots = [each for each in view.snapshots if began is not None and each.seq > began.seq]
    if job.started is None or not snapshots:
        return Finding(None, "no host was killed, no session began after that, or nobody looked then")
    untrue = next(filter(None, (_untrue_row(view, job, each) for each in snapshots)), None)
    if untrue is not None:
        return untrue
    detail = f"in {len(snapshots)} looks after the next session's start; {job_outcome(view, job).detail}"
    return Finding("rows true", detail, snapshots[-1])


def _untrue_row(view: RunView, job: JobView, snapshot: SnapshotTaken) -> Finding | None:
    """That a look finds no row of the job, or one that does not say what is so; None where its row is true."""
    row, end, where = view.stored(snapshot, job), job_outcome(view, job), f"look {snapshot.n}"
    if row is None:
        outcome, clause = missing_row(snapshot, "lost row")
        return Finding(outcome, f"{where}, of {job.name} {clause}; {end.detail}", snapshot)
    status = view.status_of(row)
    if view.holds(status, job, snapshot):
        return None
    return Finding("false row", f"{where}: the row of {job.name} says {status!r}; {end.detail}", snapshot)


@check("JOB-23")
def converges_after_two_ends(view: RunView, _job: JobView) -> Finding:
    """The same of two sessions that ended at the same moment, and of the jobs that were at work by then."""
    ends = next(iter(view.of(SessionsEnd)), None)
    if ends is None:
        return Finding(None, "no two sessions ended at the same moment")
    at_work = [job for job in view.jobs.values() if _was_at_work(job, ends)]
    if not at_work:
        return Finding.not_tested("no job was at work when the sessions ended", ends)
    return _converged(view, at_work)


def _was_at_work(job: JobView, ends: SessionsEnd) -> bool:
    over = [record.seq for record in (job.answered, job.lost) if record is not None]
    return job.started is not None and job.started.seq < ends.seq and all(seq > ends.seq for seq in over)


def _converged(view: RunView, jobs: list[JobView]) -> Finding:
    """Whether each job is in the list with a true state, and what is alive at the end is accounted for."""
    census, snapshot = view.census, next(reversed(view.snapshots), None)
    if census is None or snapshot is None:
        return Finding(None, "nobody looked at what was left")
    for job in jobs:
        if job.started is None:
            return Finding(None, f"the job {job.name} never started")
        untrue = _untrue_row(view, job, snapshot)
        if untrue is not None:
            return untrue
    stay = left(view, census).plugins
    if stay:
        detail = f"{len(stay)} alive that no listed job accounts for: {told(view, stay)}"
        return Finding("left behind", detail, census)
    detail = f"{len(jobs)} job(s) listed truly, and nothing is left that none accounts for"
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
