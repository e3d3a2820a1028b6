"""What became of a job, in the outcomes that most checks of jobs begin with, and how their details name processes."""

from __future__ import annotations

from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.jobs import JobRefused, SnapshotTaken
from hookproof.records.parts import Process
from hookproof.records.run import Census

LOST, SURVIVES, TERMINAL, REFUSED = "lost", "survives", "terminal", "refused"
NONE_LAUNCHED = "none launched"
"""Of several jobs that were launched by one command."""
TORN = "torn"
"""Of a row that nobody can find, because the list that had it is damaged."""
NOT_LISTED, LISTED_AS_RUNNING = "not listed", "listed as running"
"""Outcomes that are asked for elsewhere, by these names."""


def refused(view: RunView, job: JobView) -> Finding | None:
    """The outcome of a launch that the plugin refused."""
    refusal = view.refused(job)
    if refusal is None:
        return None
    text = refusal.text.strip()
    if "--wait" in text:
        return Finding(REFUSED, f"no job: refused with {text[:200]!r}", refusal)
    detail = f"the launch came back with an error and without a job: {text[:200]!r}"
    return Finding("refused without naming --wait", detail, refusal)


def no_job(refusal: JobRefused) -> Finding:
    """What there is to say where a launch was refused, of all that a job would be needed for."""
    return Finding.not_tested(f"there was no job: its launch was refused with {short(refusal.text)!r}", refusal)


def job_outcome(view: RunView, job: JobView) -> Finding:
    """finished, survives (still at work when the run ended), lost; None when it never started."""
    if job.started is None:
        return _never_started(view, job)
    lost = job.lost
    if lost is not None:
        return Finding(LOST, _how_lost(job), lost)
    if job.answered is not None:
        death = job.worker_death
        if death is not None and not death.observed:
            return Finding("finished", "its Codex had its answer; how the worker ended nobody could see", job.answered)
        return Finding("finished", "its Codex had its answer and the worker went on to the end", job.answered)
    return Finding(SURVIVES, "it was still at work when the run ended", view.end)


def _never_started(view: RunView, job: JobView) -> Finding:
    """A launch that came to nothing: by the host, which is not the plugin's doing, or nobody knows why."""
    shell, came_back = view.shell_ended_by_host(job), job.without_a_job
    if shell is not None:
        return Finding.not_tested(
            f"the host ended the shell of the launch before the job began: {shell.ended_by}", shell
        )
    if came_back is None:
        return Finding(None, "the job was neither started nor refused")
    text = came_back.text.strip()[:200]
    return Finding(None, f"the launch came back without an id, without an error and without a job: {text!r}", came_back)


def _how_lost(job: JobView) -> str:
    death = job.worker_death
    if death is None:
        return "its Codex went away while the job was held; the worker lives on"
    how = f"signal {death.signal}" if death.signal else f"exit code {death.code}"
    if not death.observed:
        how = "a death whose status nobody could see"
    when = "before the job was answered" if job.answered is None else "without having recorded the answer just given"
    return f"the worker (pid {death.pid}) ended {when}: {how}"


def missing_row(snapshot: SnapshotTaken | Census, otherwise: str) -> tuple[str, str]:
    """The outcome for a row that is in no list, `otherwise` unless a list is damaged; and a clause that says so."""
    torn = next((f"{root.root}: {root.torn}" for root in snapshot.state if root.torn), None)
    if torn is None:
        return otherwise, "its row is gone"
    return TORN, f"the list that had its row is torn ({torn})"


def terminal_row(view: RunView, job: JobView) -> Finding:
    """What the row says when all is over, of a job that has come to an end; else what became of the job."""
    end = job_outcome(view, job)
    if end.outcome in {None, "survives"}:
        return end
    snapshot = view.snapshot_after(job.ended)
    if snapshot is None:
        return Finding(None, f"nobody looked after the job's end; {end.detail}")
    row = view.stored(snapshot, job)
    if row is None:
        outcome, clause = missing_row(snapshot, "no row")
        return Finding(outcome, f"{clause}; {end.detail}", snapshot)
    status = view.status_of(row)
    if status.terminal if end.outcome == "finished" else status.ended:
        return Finding(TERMINAL, f"its row says {status!r}; {end.detail}", snapshot)
    outcome = "still active" if status.active else "false"
    return Finding(outcome, f"its row says {status!r}; {end.detail}", snapshot)


def named(processes: list[Process]) -> str:
    """The first few processes, as a person would look for them."""
    return "; ".join(
        f"pid {process.pid}: {short(' '.join(process.argv))}{without_token(process)}" for process in processes[:3]
    )


def is_stray(process: Process) -> bool:
    """Whether it ran without the run's token when it was counted."""
    return process.by != "token"


def maybe_left(processes: list[Process]) -> str:
    """What to say of processes that may be this case's and may be another's."""
    return (
        f"{len(processes)} alive without the run's token, left by this case or by another that was played at the same "
        f"time, and nothing tells by which: {named(processes)}; play this case alone (-j 1) to know"
    )


_RECOGNISED = {
    "spawned": "the harness started it for this case",
    "seen before": "it was seen with the token before",
    "descendant": "its parents are the run's",
    "session": "it is in a session of the run's",
    "folder": "it holds something in the case's directory",
    "only case": "no other case was played when it began",
}


def without_token(process: Process) -> str:
    """What to say of a process that ran without the run's token; nothing of one that had it."""
    if not is_stray(process):
        return ""
    how = _RECOGNISED.get(process.by)
    return f" (without the run's token{f'; {how}' if how else ''})"


def short(text: str) -> str:
    """One line of a text, with at most 240 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 240 else f"{flat[:237]}..."
