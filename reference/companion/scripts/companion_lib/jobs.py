"""The life of a job: launched as queued, claimed by its worker, finished once; cancelled, or found dead.

It is over as soon as one process has recorded that, and what is over never changes: a worker that finishes after the
job was cancelled, or one that wakes up to a cancelled job, finds nothing left to do.
"""

from __future__ import annotations

import os
import sys
import time

from . import processes
from .policy import SCRIPTS
from .state import ACTIVE, Row, Workspace, newest_first, now

OVER = ("completed", "failed", "cancelled")
MARK = "CODEX_COMPANION_JOB"  # the variable that marks a job's tree


class NoSuchJobError(Exception):
    """What was asked for is not among the jobs."""


def environment_of(job_id: str) -> dict[str, str]:
    return {**os.environ, MARK: job_id}


def launch(workspace: Workspace, kind: str, prompt: str, session: str | None, *, background: bool) -> Row:
    """Enter a new job in the list. A background job's worker starts with it, and works once the list is written.

    The launch waits until the turn has begun or the worker has ended, so that what it reports is true.
    """
    job_id = f"task-{time.time_ns() // 1_000_000:x}-{os.urandom(3).hex()}"
    line = " ".join(prompt.split())
    job: Row = {
        "id": job_id,
        "kind": kind,
        "status": "queued",
        "sessionId": session,
        "background": background,
        "pid": os.getpid(),
        "pidStart": processes.start_time(os.getpid()),
        "createdAt": now(),
        "startedAt": None,
        "completedAt": None,
        "summary": line if len(line) <= 96 else line[:95] + "…",
        "errorMessage": None,
        "logFile": workspace.path("jobs", f"{job_id}.log"),
        "request": {"prompt": prompt, "cwd": os.getcwd()},
    }
    if not background:
        workspace.change(lambda rows: rows.insert(0, job))
        return job
    companion = [sys.executable, "-I", "-S", os.path.join(SCRIPTS, "companion.py")]
    argv = [*companion, "worker", "--workspace", workspace.root, "--job-id", job_id]

    def enter(rows: list[Row]) -> processes.Child:
        worker = processes.start(argv, environment_of(job_id), job["logFile"], detached=True)
        job.update(pid=worker.pid, pidStart=processes.start_time(worker.pid))
        rows.insert(0, job)
        return worker

    worker = workspace.change(enter)
    try:
        worker.stdin.write(b"go\n")
        worker.stdin.close()
        worker.speaks()
    except OSError:  # it is dead already, which its row will tell
        return job
    return job


def claim(workspace: Workspace, job_id: str) -> Row | None:
    """The queued job becomes this process's to do; None if it is queued no longer."""

    def take(rows: list[Row]) -> Row | None:
        row = _known(workspace, rows, job_id)
        if row is None or (row["status"] != "queued" and workspace.policy.cancel_ends_job):
            return None
        pid = os.getpid()
        row.update(status="running", startedAt=now(), pid=pid, pidStart=processes.start_time(pid))
        return {**workspace.record(job_id), **row}

    return workspace.change(take)


def finish(workspace: Workspace, job_id: str, status: str, **outcome: str) -> None:
    """Record the end, with the `result` or with the `errorMessage` that says why there is none."""

    def record(rows: list[Row]) -> None:
        row = _known(workspace, rows, job_id)
        if row is not None and row["status"] in ACTIVE:
            row.update(status=status, completedAt=now(), **outcome)

    workspace.change(record)


def _known(workspace: Workspace, rows: list[Row], job_id: str) -> Row | None:
    """The job's row. One that was lost from the list comes back from its file; one that was erased has none."""
    for row in rows:
        if row["id"] == job_id:
            return row
    if record := workspace.record(job_id):
        rows.insert(0, record)
    return record or None


def settle(workspace: Workspace, rows: list[Row]) -> None:
    """Record the end of jobs whose process is gone, under a policy that cares, and end what they left behind."""
    if not workspace.policy.notices_death:
        return
    for row in rows:
        if row.get("status") not in ACTIVE or is_alive(row, zombies=not workspace.policy.knows_zombies):
            continue
        record = workspace.record(row["id"])
        if record.get("status") in OVER:  # its last writer died between the job's file and the list
            row.update(record)
            continue
        why = f"its process {row.get('pid')} ended without recording a result"
        row.update(status="failed", completedAt=now(), errorMessage=why)
        processes.end_tree(f"{MARK}={row['id']}", None, None, gently=False)


def is_alive(row: Row, *, zombies: bool = False) -> bool:
    """Rows of an earlier version do not say when their process began; there any process has to count."""
    began = processes.start_time(row.get("pid"), zombies=zombies)
    return began is not None and row.get("pidStart") in (None, began)


def dead_row(workspace: Workspace) -> str | None:
    """The id of a job that is at work by its row, and whose process is gone."""
    return workspace.change(lambda rows: next((row["id"] for row in rows if _is_dead(row)), None))


def _is_dead(row: Row) -> bool:
    return row.get("status") in ACTIVE and not is_alive(row)


def settled_rows(workspace: Workspace) -> list[Row]:
    def look(rows: list[Row]) -> list[Row]:
        settle(workspace, rows)
        return rows

    return newest_first(workspace.change(look))


def find(rows: list[Row], reference: str) -> Row:
    exactly = [row for row in rows if row["id"] == reference]
    matches = exactly or [row for row in rows if row["id"].startswith(reference)]
    if len(matches) != 1:
        found = "several jobs are" if matches else "no job is"
        raise NoSuchJobError(f"{found} called {reference!r}; see `status --all`")
    return matches[0]


def cancel(workspace: Workspace, job_id: str) -> Row:
    """Record the cancellation, then end the job: what still runs of it can no longer record anything else."""

    def mark(rows: list[Row]) -> Row:
        row = find(rows, job_id)
        if row.get("status") not in ACTIVE:
            raise NoSuchJobError(f"job {row['id']} is over already: {row.get('status')}")
        row.update(status="cancelled", completedAt=now(), errorMessage="cancelled by the user")
        return dict(row)

    row = workspace.change(mark)
    if not workspace.policy.cancel_ends_job:
        return row
    if workspace.policy.checks_identity:
        processes.end_tree(f"{MARK}={row['id']}", row.get("pid"), row.get("pidStart"))
    else:
        processes.end_group(row.get("pid"))
    return row
