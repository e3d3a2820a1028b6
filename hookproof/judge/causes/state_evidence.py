"""Signs of two causes that lie in the state files: a root that only half of the plugin looks in, and a lost update."""

from __future__ import annotations

import posixpath

from hookproof.judge.run_view import RunView
from hookproof.records.jobs import JobsLaunched, JobStarted
from hookproof.records.run import Census
from hookproof.records.told import HookStarted

Found = tuple[str, list[str]]
"""A cause, and the facts that speak for it."""

DATA = "CLAUDE_PLUGIN_DATA"


def elsewhere(view: RunView) -> Found | None:
    """H4: after SessionEnd a server that no job accounts for lives on, known only where the hook was not sent.

    And the launch was sent there: its shell had another value of the variable than the hook, or none.
    """
    census = next(iter(view.of(Census)), None)
    ends = [run for run in view.session_end_hooks() if run.started.env.get(DATA)]
    if census is None or not ends:
        return None
    if not any(_launched_elsewhere(job.started, ends[-1].started.env[DATA]) for job in view.jobs.values()):
        return None
    given = _relative(ends[-1].started)
    pids = {process.pid for process in view.unaccounted(census)}
    for entry in census.state:
        pid = view.server_of(entry)
        if pid in pids and not _below(entry.root, given):
            reasons = [f"a server (pid {pid}) that {entry.root} tells of outlived the session"]
            return "H4", [*reasons, f"the SessionEnd hook was given the data directory {given}, and the launch was not"]
    return None


def _launched_elsewhere(started: JobStarted | None, given: str) -> bool:
    """Whether the job's worker is known to have had another data directory from its launch, or none."""
    exported = started.exported if started is not None else None
    return exported is not None and exported.get(DATA) != given


def _relative(hook: HookStarted) -> str:
    """The data directory as seen from the run's own directory, which the project is in."""
    cwd, data = (str(each).replace("\\", "/") for each in (hook.cwd, hook.env[DATA]))
    return posixpath.relpath(data, posixpath.dirname(cwd))


def _below(path: str, folder: str) -> bool:
    return path.replace("\\", "/").startswith(folder.rstrip("/") + "/")


def lost_updates(view: RunView) -> Found | None:
    """H5: launches at the same moment were told ids of which the list holds fewer."""
    launches = view.of(JobsLaunched)
    snapshot = next(iter(view.snapshots), None)
    if not launches or snapshot is None:
        return None
    told = {job_id for launch in launches for job_id in launch.ids}
    listed = {row.get(view.fields["id"]) for entry in snapshot.state for row in entry.rows}
    gone = sorted(told - listed)
    if not gone:
        return None
    at_work = [name for name, job in view.jobs.items() if job.reached is not None and job.reached.seq < snapshot.seq]
    return "H5", [
        f"{len(gone)} of {len(told)} ids that launches printed have no row",
        f"{len(at_work)} jobs were at work",
    ]
