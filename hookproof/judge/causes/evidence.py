"""What causes are concluded from: the state of the list over all looks, whose job it is, what was at rest between.

Pure functions of the run view, for the modules of this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hookproof.judge.causes.table import CauseId, How
from hookproof.judge.run_view import HookRun, JobView, NoEvidenceError, RunView
from hookproof.records import Record
from hookproof.records.faults import StateTorn
from hookproof.records.hosts import HostStarted, HostThread
from hookproof.records.jobs import JobStarted, SnapshotTaken
from hookproof.records.run import Census, ProcessDied, Settled
from hookproof.records.sent import SessionEnded, SessionStarted, ShellStarted, SubagentEnded, TurnEnded
from hookproof.rows import Row

Seen = SnapshotTaken | Census
"""What has the state of the list in it."""
_DOINGS = SessionStarted | SessionEnded | SubagentEnded | TurnEnded | ShellStarted
"""What a host tells of an agent, one after the other."""


@dataclass(frozen=True, slots=True)
class Found:
    """A cause that the evidence fits."""

    id: CauseId
    how: How
    reasons: tuple[str, ...]
    """The facts that speak for it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A look, the census or the job's start, and the job's row in it."""

    at: Record
    row: Row | None
    torn: str | None = None
    """What is wrong with a list of jobs, where one is damaged: then a row that is missing may be in that."""

    @property
    def named(self) -> str:
        """How a sentence names it."""
        if isinstance(self.at, SnapshotTaken):
            return f"look {self.at.n}"
        return "the census" if isinstance(self.at, Census) else "the record of its start"


def sights(view: RunView, job: JobView, *, census: bool = False) -> list[Sight]:
    """Every look at which somebody could tell where the job's row is, in order; with the census, if that is wanted."""
    wanted: list[Seen] = [*view.snapshots]
    if census and view.census is not None:
        wanted.append(view.census)
    return [sight for seen in wanted if (sight := _sight(view, job, seen)) is not None]


def _sight(view: RunView, job: JobView, seen: Seen) -> Sight | None:
    try:
        row = view.stored(seen, job)
    except NoEvidenceError:
        return None
    return Sight(seen, row, torn(seen))


def first_sight(view: RunView, job: JobView) -> Sight | None:
    """The row that the job's start tells."""
    if job.started is None or job.row is None:
        return None
    row = view.rows.started_row(job.row, view.job_id(job))
    return Sight(job.started, row) if row is not None else None


def torn(seen: Seen) -> str | None:
    """What is wrong with the first damaged list of a look."""
    return next((f"{entry.root}: {entry.torn}" for entry in seen.state if entry.torn), None)


def torn_by_scenario(view: RunView, seen: Record) -> bool:
    """Whether the harness had damaged the lists by then."""
    return any(each.seq < seen.seq for each in view.of(StateTorn))


def at_rest_between(view: RunView, one: Record, other: Record) -> bool:
    """Whether everything stood still at a time between two records: what the first did was done by then."""
    first, last = sorted((one.seq, other.seq))
    return any(first < each.seq < last for each in view.of(Settled))


def may_have_done(view: RunView, run: HookRun, at: Record) -> bool:
    """Whether what a hook did can be what a record shows. Told by the order of the records alone.

    It began before that was seen, and whatever it had done was not over before what was ended was last seen alive.
    """
    if run.started.seq > at.seq:
        return _begun_after(view, run) < at.seq and not at_rest_between(view, at, run.started)
    if run.ended is None or run.ended.seq > at.seq:
        return True
    return not at_rest_between(view, run.ended, at) and not _alive_between(view, run.ended, at)


def _begun_after(view: RunView, run: HookRun) -> int:
    """The last record of which it is certain that it was written before a hook began.

    A tapped hook waits for the record of its start. A stand-in tells of a hook when it has started it; whatever it had
    told before that of the same session was in the journal by then, for a sender waits until it is.
    """
    told = run.started
    host = next((each for each in view.of(HostStarted) if each.pid == told.by), None)
    if host is None:
        return told.seq
    # not other hooks: those of one event are begun beside one another
    by_itself = (each for each in view.records if isinstance(each, _DOINGS) and each.by == told.by)
    same = (each.seq for each in by_itself if each.session_id == told.session_id and each.seq < told.seq)
    return max(same, default=host.seq)


def _alive_between(view: RunView, one: Record, other: Record) -> bool:
    """Whether the process whose death the later record is was seen alive since the earlier one."""
    if not isinstance(other, ProcessDied):
        return False
    told: list[SnapshotTaken | JobStarted] = [*view.snapshots, *view.of(JobStarted)]
    seen = [each for each in told if one.seq < each.seq < other.seq]
    return any((process.pid, process.start) == (other.pid, other.start) for each in seen for process in each.processes)


def own_session(view: RunView, job: JobView) -> str | None:
    """The session that the job belongs to: as its row is tagged, else that of its launch's shell, else the launcher's.

    None where nobody can tell.
    """
    tag = view.session_tag(job)
    if tag is not None:
        return tag
    for sight in sights(view, job):
        if sight.row is not None and sight.row.session is not None:
            return sight.row.session
    call = job.call.tool_use_id if job.call is not None else None
    shell = next((each for each in view.of(ShellStarted) if call is not None and each.tool_use_id == call), None)
    if shell is not None and shell.session_id is not None:
        return shell.session_id
    return present_session(view, view.conversation_of(job), job.call) if job.call is not None else None


def present_session(view: RunView, conversation: str, at: Record) -> str | None:
    """The host's own id of a conversation's session as it was then: a /clear gives it another, a resume may."""
    hosts = [each for each in view.of(HostStarted) if each.session == conversation and each.seq < at.seq]
    known = next((each.session_id for each in reversed(hosts) if each.session_id is not None), None)
    pids, ids = {host.pid for host in hosts}, {host.session_id for host in hosts}
    for each in view.records:
        if each.seq >= at.seq:
            break
        if isinstance(each, SessionStarted) and each.agent_id is None:
            # the same process goes on after /clear, a resume has one of its own, a real host's hook may be a shell's
            known = each.session_id if each.by in pids or each.session_id in ids else known
        elif isinstance(each, HostStarted) and each.session == conversation and each.session_id is not None:
            known = each.session_id
        elif isinstance(each, HostThread) and each.session == conversation:
            known = each.thread
    return known


def whose(view: RunView, job: JobView, run: HookRun) -> CauseId | None:
    """H1 for a hook of the job's own session, H2 for one of another; None where nobody knows which the job's own is."""
    own = own_session(view, job)
    if own is None:
        return None
    return "H1" if run.session_id == own else "H2"


def left_behind(view: RunView) -> int:
    """How many processes outlive every session and are accounted for by no job, as far as anybody can tell."""
    census = view.census
    if census is None:
        return 0
    try:
        return len(view.unaccounted(census))
    except NoEvidenceError:
        return 0


def ends_between(view: RunView, before: Record, after: Record) -> Iterator[HookRun]:
    """The SessionEnd hooks that ran, at least in part, between two records."""
    for run in view.session_end_hooks():
        if run.started.seq < after.seq and (run.ended is None or run.ended.seq > before.seq):
            yield run
