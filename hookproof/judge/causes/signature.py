"""The signature: which of the known causes the evidence of a run fits, and who did it.

Issue #345 names one cause for its symptom; measuring found seven that look alike from outside. They are told apart by
what they leave behind: the row, the job's files, the worker, the shared server, and what status says where. Signatures
read state files and processes; what status says alone proves nothing.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.causes.culprit import Culprit, find_culprit
from hookproof.judge.run_view import JobView, NoEvidenceError, RunView
from hookproof.records.jobs import JobsLaunched, JobStarted, SnapshotTaken
from hookproof.records.sent import HookStarted
from hookproof.rows import Row

Cause = tuple[str, list[str]]
"""A cause, and the facts that speak for it."""
_DATA = "CLAUDE_PLUGIN_DATA"
_FILTERED = "status shows the asking session only its own jobs"
BESIDE = {"H7": _FILTERED}
"""What a cause is called that the run shows beside a kill."""
HYPOTHESES: dict[str, str] = {
    "H1": "the SessionEnd hook of the job's own session ended the worker and erased its row",
    "H2": "another session's SessionEnd took down the server that the job was using",
    "H3": "the host killed the background shell in which the job ran",
    "H4": "the launch and the asker use different state roots",
    "H5": "an update of the state file was lost: the row is gone, the worker alive",
    "H6": "the worker started before its job was written down",
    "H7": f"nothing was killed: {_FILTERED}",
}


EVIDENCE: dict[str, str] = {
    # what each cause leaves behind; all but H6 measured on codex-plugin-cc 1.0.4, H6 read in its field reports
    "H1": "row and files gone, worker ended, server gone, status empty (measured on codex-plugin-cc 1.0.4; issue #345)",
    "H2": "row still running, worker left with exit code 0, server gone (measured on codex-plugin-cc 1.0.4)",
    "H3": "row still running, worker killed with its shell, server may live on; or, where the shell was quicker to die "
    "than the row to be written, nothing at all: status empty, output file of 0 bytes (measured on 2.1.91 and 2.1.329)",
    "H4": "row and files in another state root, worker alive, status empty (documented: Windows before 2.1.111); or a "
    "server that outlives the session, that no job accounts for and that only the other root tells of (measured on "
    "codex-plugin-cc 1.0.4, launched from a shell without the hook's variables)",
    "H5": "row gone, worker alive, status lists only others; or fewer rows than ids that launches at once printed "
    "(measured on codex-plugin-cc 1.0.4: of six launches at once up to five rows are lost)",
    "H6": "row queued for ever, worker gone (reported)",
    "H7": "row there, worker alive, status empty in every other session (measured on codex-plugin-cc 1.0.4)",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What fits. `id` is None when nothing is wrong with the job, or '?' when something is and no cause fits."""

    id: str | None
    reasons: tuple[str, ...]
    also: tuple[str, ...]
    """Other causes that the same run shows beside the first, for example a filter before a kill."""
    culprit: Culprit | None


def find_signature(view: RunView) -> Signature:
    """The signature of the run, by its first job."""
    job = view.first_job()
    if job is None:
        return Signature(None, (), (), None)
    provoked = view.provoked(job)
    if provoked is not None:
        return Signature(None, (provoked,), (), None)
    try:
        found = [hypothesis for hypothesis in _hypotheses(view, job) if hypothesis is not None]
    except NoEvidenceError as error:
        return Signature(None, (str(error),), (), None)
    if not found:
        return Signature(None, (), (), None)
    (first, reasons), *others = found
    also = tuple(name for name, _ in others if name != first)
    culprit = find_culprit(view, job) if job.lost is not None or job.started is None else None
    return Signature(first, tuple(reasons), also, culprit)


def _hypotheses(view: RunView, job: JobView) -> tuple[Cause | None, ...]:
    """What the evidence fits, in falling order of weight."""
    several = _lost_updates(view)
    if several is not None:
        return (several,)
    if job.started is None and job.launched is None:
        return (_unborn(view, job),)
    return _lost(view, job), _hidden(view, job), _elsewhere(view)


def _lost(view: RunView, job: JobView) -> Cause | None:
    """Why a job that was at work (or should have been) is lost."""
    if job.started is None:
        return _never_started(view, job)
    lost = job.lost
    if lost is None:
        return _row_lost(view, job)
    snapshot = view.snapshot_after(lost)
    if snapshot is None:
        return "?", ["nobody looked after the loss"]
    row = view.stored(snapshot, job)
    facts = [_row_fact(row), _worker_fact(job), _server_fact(view, snapshot)]
    cause, reason = _cause(view, job, snapshot, row)
    return cause, [*facts, reason]


def _cause(view: RunView, job: JobView, snapshot: SnapshotTaken, row: Row | None) -> tuple[str, str]:
    """H1, H2, H3 or '?', with the fact that decides beside those of the processes and the files."""
    if view.shell_ended_by_host(job) is not None:
        return "H3", "the host ended the shell in which the worker ran"
    tag = view.session_tag(job)
    lost = job.lost
    before = [run for run in view.session_end_hooks() if lost is not None and run.began_before(lost.at)]
    own = [run for run in before if tag is not None and run.session_id == tag]
    other = [run for run in before if run not in own]
    # measured on 1.0.4: the worker may leave by itself when its server goes, a moment before the signal reaches it
    dead = job.worker_death is not None
    if row is None and dead and own:
        return "H1", "a SessionEnd hook ran for the session that the job is tagged with"
    if row is not None and row.status.active and not _server_alive(view, snapshot) and other:
        return "H2", "a SessionEnd hook ran for a session that the job is not tagged with"
    return "?", "this fits no known cause"


def _unborn(view: RunView, job: JobView) -> Cause | None:
    """A launch whose shell the host ended before the job was at work: what the job has left by then."""
    shell = view.shell_ended_by_host(job)
    if shell is None or view.refused(job) is not None:
        return None
    snapshot = view.snapshot_after(shell)
    if snapshot is None:
        return "?", ["the host ended the shell of the launch, and nobody looked after that"]
    others = {view.job_id(each) for each in view.jobs.values() if each is not job}
    rows = [row for row in view.rows.stored(snapshot) if row.id not in others]
    facts = ["the host ended the shell in which the job was launched"]
    if rows:
        facts.append(f"the row says {rows[0].status!r}, and no worker ever asked its model")
    else:
        facts.append("before the row was written: no row of it is anywhere")
    answer = snapshot.places.get(MAIN)
    if answer is not None and answer.answer is not None:
        listed = [row.told for row in view.rows.answered(snapshot, MAIN)]
        facts.append(f"status in main lists {json.dumps(listed)[:240] if listed else 'no job'}")
    if shell.output_file:
        facts.append(f"its output file holds {shell.output_bytes} bytes")
    return "H3", facts


def _never_started(view: RunView, job: JobView) -> Cause | None:
    snapshot = view.snapshot_after(job.launched)
    row = view.stored(snapshot, job) if snapshot else None
    if row is not None and row.status.word == "queued":
        return "H6", ["the row says queued and no worker ever asked its model"]
    said = [] if row is None else [f"its row says {row.status!r}" + (f": {row.reason}" if row.reason else "")]
    return "?", ["the launch printed a job id, but no worker ever asked its model", *said]


def _row_lost(view: RunView, job: JobView) -> Cause | None:
    """A job that worked on while its row disappeared."""
    if job.started is None or job.row is None or view.damaged:
        return None
    later = (snapshot for snapshot in view.snapshots if snapshot.seq > job.started.seq)
    if any(view.stored(snapshot, job) is None and _alive(snapshot, job) for snapshot in later):
        return "H5", ["the row is gone", "the worker is alive"]
    return None


def _hidden(view: RunView, job: JobView) -> Cause | None:
    """A job that is alive and written down, but that main's status does not list."""
    for snapshot in view.snapshots:
        if job.started is None or snapshot.seq < job.started.seq:
            continue
        missing = job.lost is not None and snapshot.seq > job.lost.seq
        row = view.stored(snapshot, job)
        answer = snapshot.places.get(MAIN)
        if missing or row is None or view.damaged or answer is None or answer.answer is None:
            continue
        if view.listed(snapshot, MAIN, job) is None:
            return _why_hidden(view, job, snapshot)
    return None


def _why_hidden(view: RunView, job: JobView, snapshot: SnapshotTaken) -> Cause:
    elsewhere = [place for place in snapshot.places if place != MAIN and view.listed(snapshot, place, job) is not None]
    seen = f"status lists it in: {', '.join(elsewhere)}" if elsewhere else "no place's status lists it"
    tag = view.session_tag(job)
    there = f"the row is there and its worker {'alive' if _alive(snapshot, job) else 'no longer'}"
    if tag is not None and tag != view.main_session():
        return "H7", [there, f"it is tagged with session {tag}, not main's", seen]
    return "H4", [there, f"its tag is {tag!r}", seen]


def _alive(snapshot: SnapshotTaken, job: JobView) -> bool:
    death = job.worker_death  # after which another process may have its pid
    return (death is None or death.seq > snapshot.seq) and any(p.pid == job.worker for p in snapshot.processes)


def _server_alive(view: RunView, snapshot: SnapshotTaken) -> bool:
    pids = {process.pid for process in snapshot.processes}
    return any(view.server_of(entry) in pids for entry in snapshot.state)


def _row_fact(row: Row | None) -> str:
    return "the row is gone" if row is None else f"the row still says {row.status!r}"


def _worker_fact(job: JobView) -> str:
    death = job.worker_death
    if death is None:
        return "nobody saw the worker end"
    if death.signal is not None:
        return f"the worker was killed by signal {death.signal}"
    return f"the worker exited with code {death.code}" if death.observed else "the worker is dead"


def _server_fact(view: RunView, snapshot: SnapshotTaken) -> str:
    return "its server is alive" if _server_alive(view, snapshot) else "no server of it is alive"


def _elsewhere(view: RunView) -> Cause | None:
    """H4: after SessionEnd a server that no job accounts for lives on, known only where the hook was not sent.

    And the launch was sent there: its shell had another value of the variable than the hook, or none.
    """
    census = view.census
    ends = [run for run in view.session_end_hooks() if run.started.env.get(_DATA)]
    if census is None or not ends:
        return None
    if not any(_launched_elsewhere(job.started, ends[-1].started.env[_DATA]) for job in view.jobs.values()):
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
    return exported is not None and exported.get(_DATA) != given


def _relative(hook: HookStarted) -> str:
    """The data directory as seen from the run's own directory, which the project is in."""
    cwd, data = (str(each).replace("\\", "/") for each in (hook.cwd, hook.env[_DATA]))
    return posixpath.relpath(data, posixpath.dirname(cwd))


def _below(path: str, folder: str) -> bool:
    return path.replace("\\", "/").startswith(folder.rstrip("/") + "/")


def _lost_updates(view: RunView) -> Cause | None:
    """H5: launches at the same moment were told ids of which the list holds fewer."""
    launches = view.of(JobsLaunched)
    snapshot = next(iter(view.snapshots), None)
    if not launches or snapshot is None:
        return None
    printed = {job_id for launch in launches for job_id in launch.ids}
    listed = {row.id for row in view.rows.stored(snapshot)}
    missing = sorted(printed - listed)
    if not missing:
        return None
    at_work = [name for name, job in view.jobs.items() if job.reached is not None and job.reached.seq < snapshot.seq]
    return "H5", [
        f"{len(missing)} of {len(printed)} ids that launches printed have no row",
        f"{len(at_work)} jobs were at work",
    ]
