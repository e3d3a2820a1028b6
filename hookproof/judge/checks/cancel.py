"""The check of cancelling. A pure function of the run view."""

from __future__ import annotations

from hookproof.judge.checks.left import Left, split, told
from hookproof.judge.checks.outcomes import missing_row, short
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.jobs import Cancel, SnapshotTaken


@check("JOB-13")
def cancelled(view: RunView, _job: JobView) -> Finding:
    """Of every cancelled job, what came of its tree, of its row, and whether it started after all."""
    cancels = view.of(Cancel)
    if not cancels:
        return Finding(None, "nothing was cancelled")
    seen = [_one(view, view.jobs[cancel.job], cancel) for cancel in cancels]
    doubtful = [each for each in seen if each.outcome != "cancelled"]
    return next((each for each in doubtful if each.outcome is not None), next(iter([*doubtful, *seen])))


def _one(view: RunView, job: JobView, cancel: Cancel) -> Finding:
    if cancel.exit != 0:
        return Finding("not cancelled", f"cancel exited {cancel.exit}: {short(cancel.text)}", cancel)
    went_on = _went_on(view, job, cancel)
    if went_on is not None:
        return went_on
    snapshot = view.snapshot_after(cancel)
    if snapshot is None:
        return Finding(None, "nobody looked after the cancellation", cancel)
    return _recorded(view, job, cancel, snapshot)


def _recorded(view: RunView, job: JobView, cancel: Cancel, snapshot: SnapshotTaken) -> Finding:
    """What the row says of a job of which nothing went on that is the plugin's to end."""
    row = view.stored(snapshot, job)
    if row is None:
        outcome, clause = missing_row(snapshot, "not recorded")
        return Finding(outcome, f"after the cancellation {clause}", snapshot)
    status = view.status_of(row)
    if not status.cancelled:
        return Finding("not recorded", f"after the cancellation its row says {status!r}", snapshot)
    if not cancel.asleep and not cancel.tree:
        return Finding(None, f"nobody knows the job's processes; its row says {status!r}", snapshot)
    ended = len(cancel.tree) - len(cancel.left)
    how = "its worker never started" if cancel.asleep else f"{ended} process(es) of it ended"
    codex = _left(view, cancel).codex
    note = f"; what a tool call of Codex has left lives on, which Codex does not end: {told(view, codex)}"
    return Finding("cancelled", f"its row says {status!r}, and {how}{note if codex else ''}", snapshot)


def _left(view: RunView, cancel: Cancel) -> Left:
    """What of the job's tree outlived the cancellation: what is the plugin's to end, and what is Codex's."""
    return split(view, [process for process in cancel.tree if process.pid in cancel.left])


def _went_on(view: RunView, job: JobView, cancel: Cancel) -> Finding | None:
    """What is still at work, or came to work, although the job was cancelled."""
    if cancel.asleep:
        if job.reached is None or job.reached.seq < cancel.seq:
            return None
        return Finding("started after all", "the worker of the cancelled job woke up and asked its model", job.reached)
    left = _left(view, cancel).plugins
    if left:
        detail = f"{len(left)} of its {len(cancel.tree)} processes are alive: {told(view, left)}{view.outlived}"
        return Finding("tree lives on", detail, cancel)
    if job.answered is not None and job.answered.seq > cancel.seq:
        detail = (
            "its Codex still held its request when all had settled after the cancellation, and was given its answer"
        )
        return Finding("went on", detail, job.answered)
    return None
