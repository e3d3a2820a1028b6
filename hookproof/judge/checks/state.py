"""Checks of what the plugin remembers of its jobs, and of what it says of them. Pure functions of the run view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.checks.left import left, told
from hookproof.judge.checks.outcomes import (
    NOT_LISTED,
    SURVIVES,
    job_outcome,
    maybe_left,
    missing_row,
    no_job,
    short,
    terminal_row,
)
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.faults import (
    CodexKilled,
    ListFilled,
    PidPlanted,
    PidReused,
    RowAged,
    ShellKilled,
    StateTorn,
    WorkerKilled,
)
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.parts import Answer
from hookproof.records.run import ProcessDied, ShellBared, SweepBegan


@check("JOB-09")
def dead_is_not_running(view: RunView, job: JobView) -> Finding:
    """What the first status call says after the death of the job's process."""
    if job.worker_death is None:
        return Finding(None, "the job's process never died")
    snapshot = next((each for each in view.snapshots if each.seq > job.worker_death.seq), None)
    if snapshot is None:
        return Finding(None, "nobody asked for the status after the death of the job's process")
    outcome, shown = _told_of_the_dead(view, job, snapshot)
    return Finding(outcome, f"{shown}; {job_outcome(view, job).detail}", snapshot)


@check("JOB-31")
def unreaped_is_dead(view: RunView, job: JobView) -> Finding:
    """What is said of a job whose dead process nobody has reaped, and whether the next job can be launched."""
    refusal, death = view.refused(job), job.worker_death
    if refusal is not None:
        return no_job(refusal)
    snapshot = next((each for each in view.snapshots if death is not None and each.seq > death.seq), None)
    if snapshot is None:
        return Finding(None, "the job's process never died, or nobody asked for the status after that")
    if job.worker not in (snapshot.unreaped or ()):
        return Finding(None, "nothing shows that the job's dead process was not reaped when the status was asked")
    outcome, shown = _told_of_the_dead(view, job, snapshot)
    if outcome != "terminal":
        return Finding(outcome, f"{shown}; its process {job.worker} is a zombie", snapshot)
    later = next((each for each in view.jobs.values() if each is not job), None)
    return _blocks(view, later) or Finding("counts as dead", f"{shown}; another job has started after that", snapshot)


@check("JOB-30")
def dead_row_blocks_nothing(view: RunView, job: JobView) -> Finding:
    """Whether the next job can be launched, or the last one taken up, while the row of a dead one is as it was."""
    refusal, death = view.refused(job), job.worker_death
    if refusal is not None:
        return no_job(refusal)
    if job.lost is None or death is None:
        return Finding(None, "the job's process never died")
    later = next((each for each in view.jobs.values() if each is not job), None)
    blocked = _blocks(view, later)
    if blocked is not None:
        return blocked
    return Finding("next job starts", job_outcome(view, job).detail, later.started if later is not None else None)


def _blocks(view: RunView, later: JobView | None) -> Finding | None:
    """What stands against it that the next job was launched as ever."""
    blocked = view.refused(later) if later is not None else None
    if later is not None and blocked is not None:
        detail = f"the launch of {later.name} is refused: {short(blocked.text)}"
        return Finding("blocks the next launch", detail, blocked)
    if later is None or later.started is None:
        return Finding(None, "no job is seen to start after that")
    return None


def _told_of_the_dead(view: RunView, job: JobView, snapshot: SnapshotTaken) -> tuple[str, str]:
    """What the places say of a job whose process is dead: in one word, and in a sentence."""
    statuses = {place: view.status_of(view.listed(snapshot, place, job)) for place in snapshot.places}
    shown = ", ".join(f"{place} is told {status or 'nothing of it'!r}" for place, status in statuses.items())
    if any(status.active for status in statuses.values()):
        return "reported as running", shown
    return "terminal" if any(statuses.values()) else "not listed", shown


@check("JOB-17")
def death_is_failure(view: RunView, job: JobView) -> Finding:
    """What main is told of a job whose worker or Codex died in mid-turn."""
    faults = [*view.of(WorkerKilled), *view.of(CodexKilled)]
    snapshot = view.snapshot_after(job.ended) if faults else None
    if snapshot is None:
        return Finding(None, "nothing of the job died, or nobody looked after that")
    status = view.status_of(view.listed(snapshot, MAIN, job))
    detail = f"{faults[0].what}; main is told {status or 'nothing of it'!r}"
    return Finding("failed" if status.failed else "not failed", detail, snapshot)


@check("JOB-18")
def terminal_after_the_shell(view: RunView, job: JobView) -> Finding:
    """The row of a job whose launching shell was killed with its group."""
    if not view.of(ShellKilled):
        return Finding(None, "the launching shell was never killed")
    return terminal_row(view, job)


@check("JOB-16")
def one_state(view: RunView, job: JobView) -> Finding:
    """Whether launch, status and teardown agree on where the state is."""
    finding = _agreement(view, job)
    return replace(finding, detail=f"{finding.detail}{''.join(_kept_from(each) for each in view.of(ShellBared))}")


def _kept_from(shell: ShellBared) -> str:
    """Which variables the launch did not see, for whoever knows the plugin."""
    said = f"; the launch did not see {', '.join(shell.dropped) or 'any variable less'}"
    if shell.unknown is None:
        return f"{said} (which others the hooks set, nobody could tell)"
    return f"{said} (not named by the plugin's descriptor: {', '.join(shell.unknown)})" if shell.unknown else said


def _agreement(view: RunView, job: JobView) -> Finding:
    end = job_outcome(view, job)
    if end.outcome is None:
        return end
    split = _split_of_status(view, job)
    if split is not None:
        return split
    census = view.census
    if census is None:
        return Finding(None, "the run ended without a census")
    stay = left(view, census).plugins
    if stay:
        detail = f"after the session's end nothing accounts for {told(view, stay)}"
        return Finding("teardown looks elsewhere", detail, census)
    if view.undecided:
        return Finding(None, maybe_left(view.undecided), census)
    detail = f"every place lists it, and the session's end left nothing behind; {end.detail}"
    return Finding("one state", detail, census)


def _split_of_status(view: RunView, job: JobView) -> Finding | None:
    """What the snapshots say against one state. One whose lists lack the row tells nothing of where status looks."""
    snapshots = [each for each in view.snapshots if job.started is not None and each.seq > job.started.seq]
    if not snapshots:
        return Finding(None, "nobody looked at the job")
    blind = [
        (each, place) for each in snapshots if view.stored(each, job) for place in _places_without(view, job, each)
    ]
    if blind:
        places = ", ".join(f"{place} (look {each.n})" for each, place in blind)
        detail = f"the row is there, and status lists no such job in: {places}"
        return Finding("status looks elsewhere", detail, blind[0][0])
    missing = [each for each in snapshots if not view.stored(each, job)]
    if not missing:
        return None
    outcome, clause = missing_row(missing[0], "no row")
    numbers = ", ".join(str(each.n) for each in missing)
    return Finding(outcome, f"no list of jobs has its row in look {numbers}: {clause}", missing[0])


def _places_without(view: RunView, job: JobView, snapshot: SnapshotTaken) -> Iterator[str]:
    for place, answer in snapshot.places.items():
        if answer.answer is None or view.listed(snapshot, place, job) is None:
            yield place


@check("JOB-14")
def foreign_process_lives(view: RunView, _job: JobView) -> Finding:
    """Whether a process lives that is no job's and whose pid the plugin has for one of its own."""
    bystanders: dict[tuple[int, int], str] = {}
    for planted in view.of(PidPlanted):
        if planted.planted:
            bystanders[planted.pid, planted.start] = f"the process planted in the {planted.where}'s place"
    for reused in view.of(PidReused):
        bystanders[reused.pid, reused.start] = f"the process that got the pid of {reused.job}'s dead worker"
    if not bystanders:
        return Finding(None, "no foreign pid was planted, and none has come round")
    swept = next((record.seq for record in view.of(SweepBegan)), len(view.records) + 1)
    for death in view.of(ProcessDied):
        if (death.pid, death.start) in bystanders and death.seq < swept:
            how = f"signal {death.signal}" if death.signal else f"exit code {death.code}"
            return Finding("killed", f"{bystanders[death.pid, death.start]} died: {how}", death)
    return Finding("bystander alive", f"{len(bystanders)} process(es) that are no job's live on", view.end)


@check("JOB-19")
def active_row_stays(view: RunView, job: JobView) -> Finding:
    """Whether the list still has the running job after more finished ones than it may hold."""
    snapshot = view.snapshot_after(next(iter(view.of(ListFilled)), None))
    if job.started is None or snapshot is None:
        return Finding(None, "the list was not filled, or nobody looked after that")
    rows = sum(1 for _ in view.rows.stored(snapshot))
    status = view.status_of(view.stored(snapshot, job))
    if status.active:
        return Finding("active row stays", f"its row says {status!r}, one of {rows}", snapshot)
    return Finding("dropped", f"{rows} rows, of the running job {status or 'none'!r}", snapshot)


@check("JOB-22")
def survives_damage(view: RunView, job: JobView) -> Finding:
    """What main is told in every snapshot after the list was torn."""
    torn = next(iter(view.of(StateTorn)), None)
    snapshots = [each for each in view.snapshots if torn is not None and each.seq > torn.seq]
    if torn is None or not torn.files or not snapshots:
        return Finding(None, "no list was torn, or nobody looked after that")
    end = job_outcome(view, job)
    if end.outcome == "lost":
        return Finding("job lost", end.detail, end.at)
    seen = [_main_status(view, job, each) for each in snapshots]
    untrue = [each for each in seen if each.outcome not in {"recovered", "clear error"}]
    return next((each for each in untrue if each.outcome is not None), next(iter(untrue), seen[-1]))


def _main_status(view: RunView, job: JobView, snapshot: SnapshotTaken) -> Finding:
    answer = snapshot.places.get(MAIN)
    if answer is None:
        return Finding(None, "the main session was not asked")
    text, where, signal = str(answer.text), f"look {snapshot.n}", answer.signal
    if answer.exit is None and signal is None:
        return Finding(None, f"{where}: status did not come back: {short(text)}", snapshot)
    if answer.exit or signal is not None or answer.answer is None:
        how = f"was ended by signal {signal}" if signal is not None else f"exited {answer.exit}"
        return Finding(_kind_of_error(answer), f"{where}: status {how}: {short(text)}", snapshot)
    status = view.status_of(view.listed(snapshot, MAIN, job))
    if not status:
        return Finding(NOT_LISTED, f"{where}: status in main lists no such job: {short(text)}", snapshot)
    outcome = "recovered" if view.holds(status, job, snapshot) else "listed falsely"
    return Finding(outcome, f"{where}: main is told {status!r}; {job_outcome(view, job).detail}", snapshot)


def _kind_of_error(answer: Answer) -> str:
    """Whether a user is told what is wrong, or shown how the program fell over it."""
    text = str(answer.text)
    if answer.signal is not None or _FRAMES.search(text) or _BARE_EXCEPTION.match(text):
        return "crash"
    return "clear error" if answer.exit and text.strip() else "no answer"


_FRAMES = re.compile(r"\n    at |Traceback \(most recent call last\)")
_BARE_EXCEPTION = re.compile(r"\s*(?:Uncaught )?[A-Za-z_.]+(?:Error|Exception)\b[^\n:]*:")
"""A text that begins with the name of an exception. `Error: ` alone begins many a sentence meant for users."""


@check("JOB-25")
def old_row_survives(view: RunView, job: JobView) -> Finding:
    """What became of a job whose row an earlier version could have written."""
    snapshot = view.snapshot_after(next(iter(view.of(RowAged)), None))
    if job.started is None or snapshot is None:
        return Finding(None, "no row was aged, or nobody looked after that")
    end = job_outcome(view, job)
    if end.outcome == "lost":
        return end
    status = view.status_of(view.listed(snapshot, MAIN, job))
    if view.holds(status, job, snapshot):
        return Finding(SURVIVES, f"main is told {status!r}; {end.detail}", snapshot)
    return Finding("not listed truly", f"main is told {status or 'nothing of it'!r}; {end.detail}", snapshot)
