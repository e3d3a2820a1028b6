"""The check of cancelling. A pure function of the run view."""

from __future__ import annotations

from hookproof.judge.checks.outcomes import short
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.jobs import Cancel


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
    went_on = _went_on(job, cancel)
    if went_on is not None:
        return went_on
    snapshot = view.snapshot_after(cancel)
    if snapshot is None:
        return Finding(None, "nobody looked after the cancellation", cancel)
    status = view.status_of(view.stored(snapshot, job))
    if not status.cancelled:
        detail = f"after the cancellation its row says {status or 'no row'!r}"
        return Finding("not recorded", detail, snapshot)
    if not cancel.asleep and not cancel.tree:
        return Finding(None, f"nobody knows the job's processes; its row says {status!r}", snapshot)
    how = "its worker never started" if cancel.asleep else f"{len(cancel.tree)} process(es) of it ended"
    return Finding("cancelled", f"its row says {status!r}, and {how}", snapshot)


def _went_on(job: JobView, cancel: Cancel) -> Finding | None:
    """What is still at work, or came to work, although the job was cancelled."""
    if cancel.asleep:
        if job.reached is None or job.reached.seq < cancel.seq:
            return None
        return Finding("started after all", "the worker of the cancelled job woke up and asked its model", job.reached)
    if cancel.left:
        argvs = {process.pid: " ".join(process.argv) for process in cancel.tree}
        names = "; ".join(f"pid {pid}: {argvs.get(pid, '?')[:120]}" for pid in cancel.left)
        detail = f"{len(cancel.left)} of its {len(argvs)} processes are alive: {names}"
        return Finding("tree lives on", detail, cancel)
    if job.answered is not None and job.answered.seq > cancel.seq:
        detail = "its Codex held its request for seconds after the cancellation, and was given its answer"
        return Finding("went on", detail, job.answered)
    return None
