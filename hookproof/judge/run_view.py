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
from hookproof.judge.verdict import Landed
from hookproof.records import FORMAT, Record
from hookproof.records.base import Json
from hookproof.records.faults import JobFault, ListFilled, PidPlanted, StateTorn
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import (
    CancelBegan,
    JobRefused,
    SnapshotTaken,
)
from hookproof.records.model import ModelRequest
from hookproof.records.parts import Process, Program, StateRoot, Text, Words
from hookproof.records.run import Case, Census, End, Error, ShellLetGo, Strays, SweepBegan
from hookproof.records.sent import AT_TIMEOUT, HookEnded, HookStarted, ShellEnded, ShellStarted, ShellTask

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
_SHOWN = 200


class NoEvidenceError(Exception):
    """What a check would look at cannot be seen: nobody can tell, and `at` is the record that shows it."""

    def __init__(self, detail: str, at: Record) -> None:
        super().__init__(detail)
        self.at = at


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

    def began_before(self, at: float) -> bool:
        """Whether it had begun at `at` (ms), by up to a second of a busy host's late telling."""
        return self.started.at <= at + 1000

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
        self.records = records
        self._of: dict[type[Record], list[Record]] = {}
        self.case = next((record for record in records if isinstance(record, Case)), NO_CASE)
        words = self.case.words or Words()
        self.active = set(words.active)
        self.succeeded = set(words.succeeded)
        self.terminal = self.succeeded | set(words.ended)
        self.cancelled = words.cancelled
        self.fields = {name: field for name, field in (self.case.fields or {}).items() if field is not None}
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
        return snapshot is not None and self.status_of(self._row_in(snapshot, job)) in self.active

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

    def statuses_that_hold(self, job: JobView, snapshot: SnapshotTaken) -> set[str]:
        """What a row may say of the job at that look, if it says what is so."""
        if job.lost is not None and job.lost.seq < snapshot.seq:
            return self.terminal - self.succeeded
        answered = job.answered is not None and job.answered.seq < snapshot.seq
        return self.succeeded if answered else self.active

    def unaccounted(self, census: Census) -> list[Process]:
        """What was alive at a census and that no active row accounts for.

        A row accounts for its own process, for what that is a child of within the run (a wrapper), and for the server
        that the same root tells of; and for all that these have begun.
        """
        alive = {process.pid: process for process in census.processes}
        own: list[int] = []
        for entry in census.state:
            active = [row.get(self.fields["pid"]) for row in entry.rows if self.status_of(row) in self.active]
            workers = [pid for pid in active if pid in alive]
            server = self.server_of(entry)
            own += [*workers, server] if workers and server in alive else workers
        wrappers = {above for pid in own for above in _above(pid, alive)}
        for pid in own:  # grows while it is walked
            own += [each for each, process in alive.items() if process.ppid == pid and each not in own]
        return [process for pid, process in alive.items() if pid not in wrappers and pid not in own]

    @property
    def outlived(self) -> str:
        """What to say of a process that lives on when all has settled: how long it has stood still."""
        told = self.case.patience
        if told is None:
            return ""
        return f"; what runs had {told.ms:.0f} ms to stand still in, {told.multiple} times a bare hook"

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
        return str(job.row[self.fields["id"]]) if job.row and self.fields["id"] in job.row else None

    def listed(self, snapshot: SnapshotTaken, place: str, job: JobView) -> Json | None:
        """The job's row in what `status` answered at `place`, or None.

        Raises NoEvidenceError for an answer in a form in which no rows can be found.
        """
        asked = snapshot.places.get(place)
        answer = asked.answer if asked else None
        if answer is not None and not _has_rows(answer):
            why = f"status in {place} answered in a form in which hookproof finds no jobs"
            raise NoEvidenceError(f"{why}: {' '.join(asked.text.split())[:_SHOWN] if asked else ''}", snapshot)
        wanted = self.job_id(job)
        return next((row for row in _rows(answer) if row.get(self.fields["id"]) == wanted), None)

    def stored(self, snapshot: SnapshotTaken | Census, job: JobView) -> Json | None:
        """The job's row in the state files of a look or a census, in whichever root it is.

        Raises NoEvidenceError where a job was at work and none of the roots was ever there.
        """
        if job.started is not None and not self.state_seen:
            why = "a job was at work, and no state was ever found where the plugin's descriptor says that it is"
            raise NoEvidenceError(why, snapshot)
        return self._row_in(snapshot, job)

    def _row_in(self, snapshot: SnapshotTaken | Census, job: JobView) -> Json | None:
        wanted = self.job_id(job)
        rows = (row for entry in snapshot.state for row in entry.rows)
        return next((row for row in rows if row.get(self.fields["id"]) == wanted), None)

    @cached_property
    def state_seen(self) -> bool:
        """Whether the plugin's state was there at any time, whatever was in it."""
        rows = any(job.row is not None for job in self.jobs.values())
        seen: list[SnapshotTaken | Census] = [*self.snapshots, *self.of(Census)]
        return rows or any(each.state for each in seen)

    def status_of(self, row: Json | None) -> str:
        """A row's status word, or '' without a row."""
        return str(row.get(self.fields["status"], "")) if row else ""

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
        value = job.row.get(self.fields["session"]) if job.row else None
        return str(value) if value else None

    def session_end_hooks(self) -> list[HookRun]:
        """The SessionEnd hook runs, in their order."""
        return [run for run in self.hooks if run.event == "SessionEnd"]


def _above(pid: int, alive: dict[int, Process]) -> Iterator[int]:
    """The pids of the process's ancestors, as far as they are alive."""
    seen = {pid}
    while (pid := alive[pid].ppid) in alive and pid not in seen:
        seen.add(pid)
        yield pid


_LISTS = ("running", "latestFinished", "recent")
"""Where a status answer of the issue's shape has its rows."""


def _has_rows(answer: Any) -> bool:
    """Whether rows would be found in a status answer, if there were any."""
    return isinstance(answer, dict) and any(key in answer for key in _LISTS)


def _rows(answer: Any) -> Iterator[Json]:
    """The rows in a status answer of the issue's shape."""
    if not isinstance(answer, dict):
        return
    for key in _LISTS:
        value = answer.get(key)
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield row


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
