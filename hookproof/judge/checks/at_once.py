"""The check of jobs that are launched at the same moment: how many of them the plugin has in the end, and why not all.

A pure function of the run view. Which row is whose is told by the job's id where that is known, else by the rows: by
the prompt in them, and by the process that they name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hookproof.judge.checks.outcomes import (
    NONE_LAUNCHED,
    REFUSED,
    TORN,
    job_outcome,
    missing_row,
    refused,
    short,
)
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import Finding
from hookproof.model.script import names_job
from hookproof.records import Record
from hookproof.records.jobs import JobsLaunched, SnapshotTaken
from hookproof.rows import Row

NOT_STARTED, DIED, LOST_ROW, STALE_ROW, NO_RESULT, OF_NO_JOB = (
    *("not started", "worker died", "lost row", "stale row", "no result", "row of no job"),
)
_CAUSES = (NOT_STARTED, DIED, TORN, LOST_ROW, STALE_ROW, NO_RESULT, OF_NO_JOB)
"""What can be missing, in the order in which an outcome names it."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that keeps N launches from being N jobs with N results."""

    cause: str
    """In the words of the outcome."""
    job: str
    """Of which job; "" for none."""
    detail: str
    at: Record | None


@check("JOB-10")
def as_many_as_launched(view: RunView, job: JobView) -> Finding:
    """Of N jobs that were launched at the same moment, the rows in the snapshots, and the results.

    The last snapshot shows what there is; but a row that an earlier one misses was lost, whoever has written it anew.
    """
    refusal = refused(view, job)
    if refusal is not None:
        return replace(refusal, outcome=REFUSED)
    launches = next(iter(view.of(JobsLaunched)), None)
    if launches is not None and not launches.ids and all(each.started is None for each in view.jobs.values()):
        return Finding(NONE_LAUNCHED, f"none of {len(view.jobs)} launches printed an id, and no job started", launches)
    snapshot = next(reversed(view.snapshots), None)
    if snapshot is None:
        return Finding(None, "nobody looked after the launches")
    rows = list(view.rows.stored(snapshot))
    lacks = lacks_of(view, snapshot)
    lacks += _lost_meanwhile(view, before=snapshot, known={each.job for each in lacks})
    results = sum(_result_is_there(each) for each in view.jobs.values())
    counts = f"{len(rows)} rows for {len(view.jobs)} jobs, {results} results"
    if not lacks:
        return Finding("N of N", counts, snapshot)
    lacks.sort(key=lambda lack: _CAUSES.index(lack.cause))
    causes = list(dict.fromkeys(lack.cause for lack in lacks))
    shown = [_shown([lack for lack in lacks if lack.cause == cause]) for cause in causes]
    return Finding(", ".join(causes), "; ".join([counts, *shown]), lacks[0].at or snapshot)


def lacks_of(view: RunView, snapshot: SnapshotTaken) -> list[Lack]:
    """What keeps the launches from being as many jobs, by a look. The causes ask for it too."""
    rows = list(view.rows.stored(snapshot))
    own = {each.name: row for each in view.jobs.values() if (row := _row_of(view, each, rows)) is not None}
    lacks = [lack for each in view.jobs.values() for lack in _lacks(view, each, own.get(each.name), snapshot)]
    return [*lacks, *_of_no_job(rows, list(own.values()), snapshot)]


def _lost_meanwhile(view: RunView, *, before: SnapshotTaken, known: set[str]) -> Iterator[Lack]:
    """Jobs at work whose row an earlier snapshot misses; those in `known` lack something in the last one already."""
    for job in (each for each in view.jobs.values() if each.name not in known and each.started is not None):
        started = job.started.seq if job.started is not None else 0
        for snapshot in (each for each in view.snapshots if started < each.seq < before.seq):
            if _row_of(view, job, list(view.rows.stored(snapshot))) is None:
                cause, clause = missing_row(snapshot, LOST_ROW)
                yield Lack(cause, job.name, f"in look {snapshot.n} {clause}, and it was written anew later", snapshot)
                break


def _shown(lacks: list[Lack]) -> str:
    """What of one cause there is to say: of which jobs, and of the first how it shows."""
    jobs = ", ".join(lack.job for lack in lacks if lack.job)
    return f"{lacks[0].cause}{f' ({jobs})' if jobs else ''}: {lacks[0].detail}"


def _row_of(view: RunView, job: JobView, rows: list[Row]) -> Row | None:
    """The job's row, by its id; where nobody knows that, by the prompt in it, or else by its process."""
    known = view.job_id(job)
    if known is not None:
        return next((row for row in rows if row.id == known), None)
    by_prompt = [row for row in rows if names_job(json.dumps(row.told), job.name)]
    by_process = [row for row in rows if job.worker is not None and row.pid == job.worker]
    return next(iter([*by_prompt, *by_process]), None)


def _lacks(view: RunView, job: JobView, row: Row | None, snapshot: SnapshotTaken) -> Iterator[Lack]:
    """What is missing of one job: what its worker came to, then what its row says, then its result."""
    name, end = job.name, job_outcome(view, job)
    status = view.status_of(row)
    if job.started is None and not status.succeeded:
        says = "it has no row" if row is None else f"its row says {status!r}"
        yield Lack(NOT_STARTED, name, f"{says}, and no worker of it ever asked its model", snapshot)
        return
    if _worker_died(job):
        yield Lack(DIED, name, end.detail, job.lost)
    if row is None:
        cause, clause = missing_row(snapshot, LOST_ROW)
        yield Lack(cause, name, f"{clause}; {end.detail}", snapshot)
    elif not view.holds(status, job, snapshot):
        yield Lack(STALE_ROW, name, f"its row says {status!r}; {end.detail}", snapshot)
    elif not _worker_died(job) and not _result_is_there(job):
        # of a job that has no row, a false one or a dead worker that is no news
        yield Lack(NO_RESULT, name, _answer(job), job.result)


def _worker_died(job: JobView) -> bool:
    """Whether the job was lost with its worker: one that left in peace and whose row says otherwise, did not die."""
    death = job.worker_death
    if job.lost is None or job.answered is None or death is None:
        return job.lost is not None
    early = job.released is not None and death.seq < job.released.seq
    return bool(death.signal or death.code) or early


def _of_no_job(rows: list[Row], own: list[Row], snapshot: SnapshotTaken) -> Iterator[Lack]:
    foreign = [row for row in rows if row not in own]
    if foreign:
        yield Lack(OF_NO_JOB, "", f"{len(foreign)} row(s) are of no job that was launched", snapshot)


def _result_is_there(job: JobView) -> bool:
    result = job.result
    return result is not None and result.exit == 0 and job.answer in str(result.text)


def _answer(job: JobView) -> str:
    return "nobody asked for it" if job.result is None else f"exit {job.result.exit}: {short(str(job.result.text))}"
