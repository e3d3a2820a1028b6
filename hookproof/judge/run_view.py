"""The run view: a journal's facts by job, hook run and snapshot. The checks and the reports read it.

Pure, and blind to names: nothing here reads which scenario, plugin, policy or lifecycle was played.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.job_view import JobView
from hookproof.judge.plugin_rows import NoEvidenceError, PluginRows, is_there, understood
from hookproof.judge.verdict import Landed
from hookproof.records import FORMAT, Record
from hookproof.records.faults import JobFault, ListFilled, PidPlanted, StateTorn
from hookproof.records.hosts import HostStarted
from hookproof.records.inheritance import with_inheritance
from hookproof.records.jobs import (
    CancelBegan,
    JobLaunched,
    JobRefused,
    JobStarted,
    SnapshotTaken,
)
from hookproof.records.model import ModelRequest
from hookproof.records.parts import Process, Program, StateRoot, Text
from hookproof.records.run import Case, Census, End, Error, ShellLetGo, Strays, SweepBegan
from hookproof.records.sent import AT_TIMEOUT, HookEnded, HookStarted, ShellEnded, ShellStarted, ShellTask
from hookproof.rows import NO_STATUS, Row, Status

__all__ = [
    "NO_CASE",
    "PROVOKES",
    "HookRun",
    "JobView",
    "NoEvidenceError",
    "Received",
    "RunView",
    "strays_of_this_case",
    "undecided",
]

PROVOKES = (JobFault, PidPlanted)
"""What the harness does to a job, on a scenario's word, that ends it in many a plugin."""
NO_CASE = Case(
    format=FORMAT,
    scenario="",
    title="",
    plugin="",
    policy=None,
    lifecycle="",
    host=Program(name="", version=""),
    worker=Program(name="", version=""),
    repeat=1,
)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class HookRun:
    """One run of one hook: its start and, unless the journal ends before it, its end."""

    started: HookStarted
    ended: HookEnded | None

    @property
    def event(self) -> str:
        return self.started.event

    @property
    def session_id(self) -> str:
        return str(self.started.session_id)

    @property
    def thread(self) -> str:
        """The thread that it ran for, as requests call it: what a stand-in says, else the agent, else the session."""
        started = self.started
        agent = started.agent_id or started.payload.get("agent_id")
        return str(started.thread_id or agent or started.payload.get("session_id"))

    def runs_at(self, at: float) -> bool:
        """Whether it was running at `at` (ms)."""
        return self.started.at <= at and (self.ended is None or at <= self.ended.at)


@dataclass(frozen=True, slots=True)
class Received:
    """A text that is new in a request to a model."""

    request: ModelRequest
    part: Text

    @property
    def text(self) -> str:
        return self.part.text

    @property
    def landed(self) -> Landed:
        """Where that was."""
        size = len(self.part.text.encode())
        return Landed(request=self.request.n, role=self.part.role, message=(self.part.place or 0) + 1, bytes=size)

    def __str__(self) -> str:
        return f"model request {self.request.n}, {self.landed}"


class RunView:
    """A whole run."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records = with_inheritance(records)
        self._of: dict[type[Record], list[Record]] = {}
        self.case = next((record for record in records if isinstance(record, Case)), NO_CASE)
        self.rows = PluginRows(self.case)
        # what the harness itself ends when all is over is nobody's loss
        swept = next((number for number, record in enumerate(records) if isinstance(record, SweepBegan)), len(records))
        self.jobs = {
            name: JobView(name, records[:swept], job.answer, still_active=self._left_active)
            for name, job in self.case.jobs.items()
        }

    def of(self, kind: type[R]) -> list[R]:
        """All records of a kind."""
        if kind not in self._of:
            self._of[kind] = [record for record in self.records if isinstance(record, kind)]
        return cast("list[R]", self._of[kind])

    @cached_property
    def errors(self) -> list[str]:
        """What went wrong in the harness or the script: with any of it, nothing conforms for certain."""
        found = [f"{record.where}: {record.what}" for record in self.of(Error)]
        return found if self.whole or found else [self._breaks_off()]

    @property
    def promises(self) -> list[str]:
        """What the plugin promises: what its descriptor says, less what its own launches have taken back."""
        denied = {promise for launched in self.of(JobLaunched) for promise in launched.denied}
        return [promise for promise in self.case.promises if promise not in denied]

    @property
    def whole(self) -> bool:
        """Whether the journal goes to the end of its run."""
        return bool(self.of(End))

    def _breaks_off(self) -> str:
        last = self.records[-1] if self.records else self.case
        return f"the journal breaks off after record {last.seq} ({last.kind}): its run was not played to the end"

    @cached_property
    def first_error(self) -> int | None:
        """The sequence number of the first error: what comes after it may be the harness's own doing.

        A journal without its end has one after its last record.
        """
        first = next((record.seq for record in self.of(Error)), None)
        return len(self.records) + 1 if first is None and not self.whole else first

    @cached_property
    def hooks(self) -> list[HookRun]:
        """Every hook run."""
        ends = {record.run: record for record in self.of(HookEnded)}
        return [HookRun(record, ends.get(record.run)) for record in self.of(HookStarted)]

    @cached_property
    def snapshots(self) -> list[SnapshotTaken]:
        """Every look."""
        return self.of(SnapshotTaken)

    def snapshot_after(self, record: Record | None) -> SnapshotTaken | None:
        """The last look that began after `record`."""
        if record is None:
            return None
        return next((snapshot for snapshot in reversed(self.snapshots) if snapshot.seq > record.seq), None)

    def _left_active(self, job: JobView) -> bool:
        """Whether the job's row still says that it is at work when somebody first looks after its worker's death."""
        death = job.worker_death
        snapshot = next(
            (snapshot for snapshot in self.snapshots if death is not None and snapshot.seq > death.seq), None
        )
        row = self.rows.stored_row(snapshot, self.job_id(job)) if snapshot is not None else None
        return row is not None and row.status.active

    def provoked(self, job: JobView) -> str | None:
        """What the harness did, on the scenario's word, that ended the job: then its loss has no other cause."""
        lost = job.lost
        if lost is None:
            return None
        for record in self.records[: lost.seq]:
            if isinstance(record, CancelBegan) and record.job == job.name:
                return "it was cancelled"
            if isinstance(record, PROVOKES) and record.job == job.name:
                return f"the scenario had it so: {record.what}"
        return None

    def holds(self, status: Status, job: JobView, snapshot: SnapshotTaken) -> bool:
        """Whether a row that says this of the job at that look says what is so."""
        if job.lost is not None and job.lost.seq < snapshot.seq:
            return status.ended
        answered = job.answered is not None and job.answered.seq < snapshot.seq
        return status.succeeded if answered else status.active

    def unaccounted(self, census: Census) -> list[Process]:
        """What was alive at a census and that no active row accounts for.

        A row accounts for its own process, for what that is a child of within the run (a wrapper), and for the server
        that the same root tells of; and for all that these have begun. Raises NoEvidenceError where rows that may do so
        cannot be seen.
        """
        alive = {process.pid: process for process in census.processes}
        own: list[int] = []
        for entry in census.state:
            of_jobs = [row for row in self.rows.of_root(entry) if row.pid in alive]
            workers = [row.pid for row in of_jobs if self.status_of(understood(row, census)).active and row.pid]
            server = self.server_of(entry)
            own += [*workers, server] if workers and server in alive else workers
        wrappers = {above for pid in own for above in _above(pid, alive)}
        for pid in own:  # grows while it is walked
            own += [each for each, process in alive.items() if process.ppid == pid and each not in own]
        left = [process for pid, process in alive.items() if pid not in wrappers and pid not in own]
        unseen = next((name for name, job in self.jobs.items() if self._is_unseen(job)), None)
        if left and unseen is not None:
            why = (
                f"{len(left)} alive, and the row of {unseen}, which may account for them, is in no state that was found"
            )
            raise NoEvidenceError(f"{why}{self.rows.looked_in}", census)
        return left

    def _is_unseen(self, job: JobView) -> bool:
        """Whether a job was at work, and none of the plugin's roots ever had its row, though it must be somewhere.

        It must be somewhere if there was no state at all, or if status listed the job.
        """
        if job.started is None or job.row is not None:
            return False
        if not self.state_seen:
            return True
        wanted = self.job_id(job)
        seen_at: list[SnapshotTaken | Census] = [*self.snapshots, *self.of(Census)]
        if any(self.rows.stored_row(seen, wanted) for seen in seen_at):
            return False
        return any(self.rows.is_listed(snapshot, wanted) for snapshot in self.snapshots)

    @property
    def outlived(self) -> str:
        """What to say of a process that lives on when all has settled: how long it has stood still."""
        told = self.case.patience
        if told is None:
            return ""
        return f"; alive when all had stood still for {told.ms:.0f} ms, {told.multiple} times what a bare hook takes"

    @property
    def census(self) -> Census | None:
        """What still ran after every session's end."""
        return next(iter(self.of(Census)), None)

    @property
    def end(self) -> Record | None:
        """The record by which every session is over: the census, else the last that tells something."""
        return self.census or next((each for each in reversed(self.records) if not isinstance(each, End)), None)

    @cached_property
    def undecided(self) -> list[Process]:
        """What ran when all was over and may be this case's, or that of one that was played at the same time."""
        return undecided(self.records)

    def server_of(self, entry: StateRoot) -> Any:
        """The pid of the shared server that a state root tells of, or None."""
        return (entry.server or {}).get(self.case.server_pid)

    def had_server(self, before: int) -> bool:
        """Whether a shared server was seen alive by somebody who counted before the record of that number."""
        for record in self.records:
            if record.seq >= before:
                return False
            if isinstance(record, JobStarted) and record.servers:
                return True
            if isinstance(record, SnapshotTaken):
                alive = {process.pid for process in record.processes}
                if any(self.server_of(entry) in alive for entry in record.state):
                    return True
        return False

    @cached_property
    def damaged(self) -> bool:
        """Whether the harness has changed the list of jobs, so that a row that is gone tells nothing of its cause."""
        return any(isinstance(record, StateTorn | ListFilled) for record in self.records)

    def first_job(self) -> JobView | None:
        """The job of a scenario with one, or the first of several."""
        return next(iter(self.jobs.values()), None)

    def job_id(self, job: JobView) -> str | None:
        """The plugin's own id of the job."""
        if job.launched is not None:
            return job.launched.id
        if job.queued is not None:
            return job.queued.id
        if job.started is not None and job.started.id is not None:
            return job.started.id
        row = self.rows.started_row(job.row, None) if job.row else None
        return row.id if row is not None else None

    def listed(self, snapshot: SnapshotTaken, place: str, job: JobView) -> Row | None:
        """The job's row in what `status` answered at `place`, or None.

        Raises NoEvidenceError for an answer that cannot be read, and for a row of which nobody knows what it means.
        """
        return understood(self.rows.listed_row(snapshot, place, self.job_id(job)), snapshot)

    def stored(self, snapshot: SnapshotTaken | Census, job: JobView) -> Row | None:
        """The job's row in the state files of a look or a census, in whichever root it is.

        Raises NoEvidenceError where it must be somewhere and was not found: a job was at work and no state was ever
        there, or status lists the job all the same. Also for a row of which nobody knows what it means.
        """
        row = understood(self.rows.stored_row(snapshot, self.job_id(job)), snapshot)
        if row is not None:
            return row
        if job.started is not None and not self.state_seen:
            why = "a job was at work, and no state was ever found where the plugin's descriptor says that it is"
            raise NoEvidenceError(f"{why}{self.rows.looked_in}", snapshot)
        if any(entry.torn for entry in snapshot.state):
            return None  # the list that had it is there, and damaged: that is what is seen
        if isinstance(snapshot, SnapshotTaken) and self.rows.is_listed(snapshot, self.job_id(job)):
            why = f"status lists the job (look {snapshot.n}), and none of the plugin's state that was found has its row"
            raise NoEvidenceError(f"{why}{self.rows.looked_in}", snapshot)
        return None

    @cached_property
    def state_seen(self) -> bool:
        """Whether the plugin's state was there at any time, whatever was in it."""
        rows = any(job.row is not None for job in self.jobs.values())
        seen: list[SnapshotTaken | Census] = [*self.snapshots, *self.of(Census)]
        return rows or any(is_there(each.state) for each in seen)

    def status_of(self, row: Row | None) -> Status:
        """What a row says that its job is; nothing without a row."""
        return row.status if row is not None else NO_STATUS

    def main_session(self) -> str | None:
        """The session id that the main session began with."""
        first = next(iter(self.of(HostStarted)), None)
        return str(first.session_id) if first else None

    def conversations(self) -> set[str]:
        """The names of the host's sessions, which are also the names of their main agents' conversations."""
        return {record.session for record in self.of(HostStarted)}

    def conversation_of(self, job: JobView) -> str:
        """The session whose main agent launched the job, or had it launched."""
        agent = job.call.agent if job.call is not None else None
        return agent if agent is not None and agent in self.conversations() else MAIN

    def requests(self, conversation: str, *, after: Record) -> list[ModelRequest]:
        """What a conversation's model was asked after a record."""
        return [each for each in self.of(ModelRequest) if each.agent == conversation and each.seq > after.seq]

    def received(self, conversation: str, *, after: Record) -> list[Received]:
        """Every text that was new to a model after a record; tool results are not among them."""
        return [
            Received(request, text)
            for request in self.requests(conversation, after=after)
            for text in request.texts
            if text.role != "assistant"
        ]

    def refused(self, job: JobView) -> JobRefused | None:
        """The plugin's own refusal to launch the job: an error, in words that are not the host's."""
        came_back = job.without_a_job
        if came_back is None or came_back.error is False:
            return None
        shell = self.shell_ended_by_host(job)
        return None if shell is not None and shell.seq < came_back.seq else came_back

    def exit_of_launch(self, job: JobView) -> int | None:
        """The exit status of the shell in which the job was launched, where it ended by itself and somebody saw it."""
        ends = [record for record in self.launch_shell_ends(job) if record.by_host is None]
        return ends[-1].exit if ends else None

    def shell_ended_by_host(self, job: JobView) -> ShellEnded | None:
        """The record of the host's ending the shell in which the job was launched, if it did."""
        return next((record for record in self.launch_shell_ends(job) if record.by_host is not None), None)

    def launch_shell_ends(self, job: JobView) -> list[ShellEnded]:
        """The ends of the shell in which the job was launched: by itself, by the host, each as somebody saw it."""
        runs = {record.run for record in self._shells_of(job)}
        return [record for record in self.of(ShellEnded) if record.run in runs]

    def _shells_of(self, job: JobView) -> list[ShellStarted]:
        call = job.call.tool_use_id if job.call else None
        return [record for record in self.of(ShellStarted) if record.tool_use_id == call]

    def shell_out_of_time(self, job: JobView) -> ShellTask | ShellEnded | None:
        """The record of the host's taking the launch's shell away at its timeout, before the job had begun.

        The launch has come back to its model without a job then: what the scenario does next is not about one.
        """
        came_back = job.came_back_empty
        if came_back is None:
            return None
        ahead = {shell.run for shell in self._shells_of(job) if not shell.background}
        moves = (each for each in self.of(ShellTask) if each.run in ahead)
        ends = (each for each in self.launch_shell_ends(job) if each.by_host == AT_TIMEOUT)
        cuts: list[ShellTask | ShellEnded] = [*moves, *ends]
        return next((each for each in cuts if each.seq < came_back.seq), None)

    def ended_before_it_began(self, job: JobView) -> ShellEnded | None:
        """The record of the host's ending that shell while the launch was held before it had begun anything."""
        shell, let_go = self.shell_ended_by_host(job), next(iter(self.of(ShellLetGo)), None)
        if shell is None or job.held is None or (let_go is not None and let_go.seq < shell.seq):
            return None
        return shell

    def session_tag(self, job: JobView) -> str | None:
        """The session id that the job's own row names."""
        row = self.rows.started_row(job.row, self.job_id(job)) if job.row else None
        return row.session if row is not None else None

    def session_end_hooks(self) -> list[HookRun]:
        """The SessionEnd hook runs, in their order."""
        return [run for run in self.hooks if run.event == "SessionEnd"]


def _above(pid: int, alive: dict[int, Process]) -> Iterator[int]:
    """The pids of the process's ancestors, as far as they are alive."""
    seen = {pid}
    while (pid := alive[pid].ppid) in alive and pid not in seen:
        seen.add(pid)
        yield pid


def undecided(records: Iterable[Record]) -> list[Process]:
    """The processes of which nothing tells whether this case or another left them, as its records have them.

    Such a process had lost its token, its parents and whatever else ties it to a case, while several cases were open at
    once. Played alone, each of them says whether it leaves such a process.
    """
    return _strays(records, "undecided")


def strays_of_this_case(records: Iterable[Record]) -> list[Process]:
    """The processes without the run's token that the case has left, however they were recognised."""
    return _strays(records, "this case")


def _strays(records: Iterable[Record], of: str) -> list[Process]:
    strays = (record for record in records if isinstance(record, Strays) and record.of == of)
    return [process for record in strays for process in record.processes]
