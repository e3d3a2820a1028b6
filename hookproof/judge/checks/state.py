"""Checks of what the plugin remembers of its jobs, and of what it says of them. Pure functions of the run view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hookproof.judge.checks.outcomes import fate, maybe_left, named, short, unless_refused
from hookproof.judge.run_view import MAIN, JobView, RunView
from hookproof.judge.verdict import Seen
from hookproof.records.faults import CodexKilled, ListFilled, PidPlanted, RowAged, ShellKilled, StateTorn, WorkerKilled
from hookproof.records.jobs import Look
from hookproof.records.parts import Answer
from hookproof.records.run import Census, ProcessDied, SweepBegan


@unless_refused
def dead_is_not_running(view: RunView, job: JobView) -> Seen:
    """JOB-09: the first status call after the death of the job's process."""
    if job.worker_death is None:
        return Seen(None, "the job's process never died")
    snapshot = next((snapshot for snapshot in view.snapshots if snapshot.seq > job.worker_death.seq), None)
    if snapshot is None:
        return Seen(None, "nobody asked for the status after the death of the job's process")
    said = {place: view.status_of(view.listed(snapshot, place, job)) for place in snapshot.places}
    shown = ", ".join(f"{place} is told {status or 'nothing of it'!r}" for place, status in said.items())
    if any(status in view.active for status in said.values()):
        return Seen("reported as running", f"{shown}; {fate(job).detail}")
    outcome = "terminal" if any(said.values()) else "not listed"
    return Seen(outcome, f"{shown}; {fate(job).detail}")


@unless_refused
def death_is_failure(view: RunView, job: JobView) -> Seen:
    """JOB-17: what main is told of a job whose worker or Codex died in mid-turn."""
    faults = [*view.of(WorkerKilled), *view.of(CodexKilled)]
    snapshot = view.snapshot_after(job.ended) if faults else None
    if snapshot is None:
        return Seen(None, "nothing of the job died, or nobody looked after that")
    row = view.listed(snapshot, MAIN, job)
    status = view.status_of(row) or "nothing of it"
    failed = status in view.terminal - view.succeeded - {view.cancelled}
    return Seen("failed" if failed else "not failed", f"{faults[0].what}; main is told {status!r}")


@unless_refused
def terminal_after_the_shell(view: RunView, job: JobView) -> Seen:
    """JOB-18: the row of a job whose launching shell was killed with its group."""
    if not view.of(ShellKilled):
        return Seen(None, "the launching shell was never killed")
    return ended_in_a_terminal_row(view, job)


def ended_in_a_terminal_row(view: RunView, job: JobView) -> Seen:
    """JOB-24, and the second half of JOB-18: what the row says when all is over."""
    end = fate(job)
    if end.outcome in {None, "survives"}:
        return end
    snapshot = view.snapshot_after(job.ended)
    if snapshot is None:
        return Seen(None, f"nobody looked after the job's end; {end.detail}")
    status = view.status_of(view.stored(snapshot, job))
    wanted = view.terminal if end.outcome == "finished" else view.terminal - view.succeeded
    if status in wanted:
        return Seen("terminal", f"its row says {status!r}; {end.detail}")
    outcome = "still active" if status in view.active else "no row" if not status else "false"
    return Seen(outcome, f"its row says {status or 'nothing: it is gone'!r}; {end.detail}")


def as_many_as_launched(view: RunView, _job: JobView) -> Seen:
    """JOB-10: of N jobs that were launched at the same moment, the rows in the last look and the results."""
    snapshot = next(reversed(view.snapshots), None)
    if snapshot is None:
        return Seen(None, "nobody looked after the launches")
    rows = [row for entry in snapshot.state for row in entry.rows]
    ids = {row.get(view.fields["id"]) for row in rows}
    lost = [name for name, job in view.jobs.items() if view.job_id(job) not in ids]
    without = [name for name, job in view.jobs.items() if not _result_is_there(job)]
    total = len(view.jobs)
    detail = f"{len(ids)} rows for {total} jobs, {total - len(without)} results"
    if lost or len(ids) != total or without:
        missing = [f"no row of {', '.join(lost)}"] if lost else []
        missing += [f"no result of {', '.join(without)}"] if without else []
        return Seen("fewer", "; ".join([detail, *missing]))
    return Seen("N of N", detail)


def _result_is_there(job: JobView) -> bool:
    result = job.result
    return result is not None and result.exit == 0 and job.answer in str(result.text)


@unless_refused
def one_state(view: RunView, job: JobView) -> Seen:
    """JOB-16: launch, status and teardown agree on where the state is."""
    end = fate(job)
    if end.outcome is None:
        return end
    split = _split_of_status(view, job)
    if split is not None:
        return split
    census = next(iter(view.of(Census)), None)
    if census is None:
        return Seen(None, "the run ended without a census")
    left = view.unaccounted(census)
    if left:
        return Seen("teardown looks elsewhere", f"after the session's end nothing accounts for {named(left)}")
    if view.undecided:
        return Seen(None, maybe_left(view.undecided))
    return Seen("one state", f"every place lists it, and the session's end left nothing behind; {end.detail}")


def _split_of_status(view: RunView, job: JobView) -> Seen | None:
    """What the looks say against one state. One in which no list has the row tells nothing of where status looks."""
    snapshots = [snapshot for snapshot in view.snapshots if job.started is not None and snapshot.seq > job.started.seq]
    if not snapshots:
        return Seen(None, "nobody looked at the job")
    blind = list(_places_without(view, job, [snapshot for snapshot in snapshots if view.stored(snapshot, job)]))
    if blind:
        return Seen("status looks elsewhere", f"the row is there, and status lists no such job in: {', '.join(blind)}")
    gone = [str(snapshot.n) for snapshot in snapshots if not view.stored(snapshot, job)]
    return Seen("no row", f"no list of jobs has its row in look {', '.join(gone)}") if gone else None


def _places_without(view: RunView, job: JobView, snapshots: list[Look]) -> Iterator[str]:
    for snapshot in snapshots:
        for place, asked in snapshot.places.items():
            if asked.answer is None or view.listed(snapshot, place, job) is None:
                yield f"{place} (look {snapshot.n})"


@unless_refused
def bystander_lives(view: RunView, _job: JobView) -> Seen:
    """JOB-14: whether a process lives that is no job's and whose pid was planted among the plugin's own."""
    planted = [plant for plant in view.of(PidPlanted) if plant.planted]
    if not planted:
        return Seen(None, "no foreign pid was planted")
    swept = next((record.seq for record in view.of(SweepBegan)), len(view.records) + 1)
    for plant in planted:
        for death in view.of(ProcessDied):
            if (death.pid, death.start) == (plant.pid, plant.start) and death.seq < swept:
                how = f"signal {death.signal}" if death.signal else f"exit code {death.code}"
                return Seen("killed", f"the process planted in the {plant.where}'s place died: {how}")
    return Seen("bystander alive", f"{len(planted)} process(es) that are no job's live on")


@unless_refused
def active_row_stays(view: RunView, job: JobView) -> Seen:
    """JOB-19: whether the list still has the running job after more finished ones than it may hold."""
    snapshot = view.snapshot_after(next(iter(view.of(ListFilled)), None))
    if job.started is None or snapshot is None:
        return Seen(None, "the list was not filled, or nobody looked after that")
    rows = sum(len(entry.rows) for entry in snapshot.state)
    status = view.status_of(view.stored(snapshot, job))
    if status in view.active:
        return Seen("active row stays", f"its row says {status!r}, one of {rows}")
    return Seen("dropped", f"{rows} rows, of the running job {status or 'none'!r}")


@unless_refused
def survives_damage(view: RunView, job: JobView) -> Seen:
    """JOB-22: what main is told in every look after the list was torn."""
    torn = next(iter(view.of(StateTorn)), None)
    snapshots = [snapshot for snapshot in view.snapshots if torn is not None and snapshot.seq > torn.seq]
    if torn is None or not torn.files or not snapshots:
        return Seen(None, "no list was torn, or nobody looked after that")
    seen = [_told_truly(view, job, snapshot) for snapshot in snapshots]
    if fate(job).outcome == "lost":
        return Seen("job lost", fate(job).detail)
    untrue = [each for each in seen if each.outcome not in {"recovered", "clear error"}]
    return next((each for each in untrue if each.outcome is not None), next(iter(untrue), seen[-1]))


def _told_truly(view: RunView, job: JobView, snapshot: Look) -> Seen:
    asked = snapshot.places.get(MAIN)
    if asked is None:
        return Seen(None, "the main session was not asked")
    text, where, signal = str(asked.text), f"look {snapshot.n}", asked.signal
    if asked.exit is None and signal is None:
        return Seen(None, f"{where}: status did not come back: {short(text)}")
    if asked.exit or signal is not None or asked.answer is None:
        how = f"was ended by signal {signal}" if signal is not None else f"exited {asked.exit}"
        return Seen(_kind_of_error(asked), f"{where}: status {how}: {short(text)}")
    status = view.status_of(view.listed(snapshot, MAIN, job))
    if not status:
        return Seen("not listed", f"{where}: status in main lists no such job: {short(text)}")
    true = status in view.true_words(job, snapshot)
    return Seen("recovered" if true else "listed falsely", f"{where}: main is told {status!r}; {fate(job).detail}")


def _kind_of_error(asked: Answer) -> str:
    """Whether a user is told what is wrong, or shown how the program fell over it."""
    text = str(asked.text)
    if asked.signal is not None or _FRAMES.search(text) or _BARE_EXCEPTION.match(text):
        return "crash"
    return "clear error" if asked.exit and text.strip() else "no answer"


_FRAMES = re.compile(r"\n    at |Traceback \(most recent call last\)")
_BARE_EXCEPTION = re.compile(r"\s*(?:Uncaught )?[A-Za-z_.]+(?:Error|Exception)\b[^\n:]*:")
"""A text that begins with the name of an exception. `Error: ` alone begins many a sentence meant for users."""


@unless_refused
def old_row_survives(view: RunView, job: JobView) -> Seen:
    """JOB-25: what became of a job whose row an earlier version could have written."""
    snapshot = view.snapshot_after(next(iter(view.of(RowAged)), None))
    if job.started is None or snapshot is None:
        return Seen(None, "no row was aged, or nobody looked after that")
    if fate(job).outcome == "lost":
        return Seen("lost", fate(job).detail)
    status = view.status_of(view.listed(snapshot, MAIN, job))
    if status in view.true_words(job, snapshot):
        return Seen("survives", f"main is told {status!r}; {fate(job).detail}")
    return Seen("not listed truly", f"main is told {status or 'nothing of it'!r}; {fate(job).detail}")
