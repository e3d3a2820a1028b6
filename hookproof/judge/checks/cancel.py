"""Checks of cancelling. Pure functions of the run view."""

from __future__ import annotations

from hookproof.judge.checks.outcomes import short, unless_refused
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Seen
from hookproof.records.jobs import Cancel


@unless_refused
def cancelled(view: RunView, _job: JobView) -> Seen:
    """JOB-13: of every cancelled job, what came of its tree, of its row, and whether it started after all."""
    cancels = view.of(Cancel)
    if not cancels:
        return Seen(None, "nothing was cancelled")
    seen = [_one(view, view.jobs[cancel.job], cancel) for cancel in cancels]
    doubtful = [each for each in seen if each.outcome != "cancelled"]
    return next((each for each in doubtful if each.outcome is not None), next(iter([*doubtful, *seen])))


def _one(view: RunView, job: JobView, cancel: Cancel) -> Seen:
    if cancel.exit != 0:
        return Seen("not cancelled", f"cancel exited {cancel.exit}: {short(cancel.text)}")
    went_on = _went_on(job, cancel)
    if went_on is not None:
        return went_on
    snapshot = view.snapshot_after(cancel)
    if snapshot is None:
        return Seen(None, "nobody looked after the cancellation")
    status = view.status_of(view.stored(snapshot, job)) or "no row"
    if status != view.cancelled:
        return Seen("not recorded", f"after the cancellation its row says {status!r}")
    if not cancel.asleep and not cancel.tree:
        return Seen(None, f"nobody knows the job's processes; its row says {status!r}")
    how = "its worker never started" if cancel.asleep else f"{len(cancel.tree)} process(es) of it ended"
    return Seen("cancelled", f"its row says {status!r}, and {how}")


def _went_on(job: JobView, cancel: Cancel) -> Seen | None:
    """What is still at work, or came to work, although the job was cancelled."""
    if cancel.asleep:
        started = job.reached is not None and job.reached.seq > cancel.seq
        what = "the worker of the cancelled job woke up and asked its model"
        return Seen("started after all", what) if started else None
    if cancel.left:
        argvs = {process.pid: " ".join(process.argv) for process in cancel.tree}
        names = "; ".join(f"pid {pid}: {argvs.get(pid, '?')[:120]}" for pid in cancel.left)
        return Seen("tree lives on", f"{len(cancel.left)} of its {len(argvs)} processes are alive: {names}")
    if job.answered is not None and job.answered.seq > cancel.seq:
        return Seen(
            "went on", "its Codex held its request for seconds after the cancellation, and was given its answer"
        )
    return None
