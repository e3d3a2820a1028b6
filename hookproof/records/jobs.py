"""Records about a companion's jobs, snapshots of them, and what plugins have recorded of agents."""

from __future__ import annotations

from dataclasses import field

from hookproof.records.base import Json, Record, kind
from hookproof.records.parts import Answer, File, Process, StateRoot


@kind("job.launched")
class JobLaunched(Record):
    """A launch came back with a job's id. Written by the follower of jobs."""

    job: str
    agent: str
    id: str
    denied: list[str] = field(default_factory=list)
    """The promises of its descriptor that the plugin takes back in what the launch printed."""


@kind("jobs.launched")
class JobsLaunched(Record):
    """A command that launched several jobs came back with their ids. Written by the follower of jobs."""

    agent: str
    ids: list[str]


@kind("job.refused")
class JobRefused(Record):
    """A launch came back without a job. Written by the follower of jobs."""

    job: str
    agent: str | None
    text: str
    error: bool | None = None
    """Whether it ended in an error: else nothing was refused. Null in older journals."""


@kind("job.queued")
class JobQueued(Record):
    """A job was entered like a running one, its worker asleep. Written by the harness."""

    job: str
    id: str
    worker: int
    start: int
    dropped: list[str] = field(default_factory=list)
    """The fields of the running job's row that pointed at a live process, and that the copy is therefore without."""


@kind("job.started")
class JobStarted(Record):
    """A job is at work: its Codex has asked. Written by the follower of jobs."""

    job: str
    row: Json | None
    """The plugin's own row of it."""
    worker: int | None
    """The process that the row names, where it is alive."""
    processes: list[Process]
    id: str | None = None
    """The plugin's own id of it, as the row or the row's file has it."""
    exported: dict[str, str | None] | None = None
    """The plugin's variables in the worker, which has them from the shell of its launch; null when unknown."""
    servers: list[int] = field(default_factory=list)
    """The pids of the shared servers that the plugin's state tells of and that are alive."""


@kind("job.never_began")
class JobNeverBegan(Record):
    """A launched job has failed, by its row, before its worker asked the model. Written by the follower of jobs."""

    job: str
    id: str
    status: str
    """What the row says that the job is, in its own words."""
    reason: str | None
    """Why, where the row says so."""


@kind("job.ended")
class JobEnded(Record):
    """A job has ended. Written by the job tracker."""

    job: str
    how: str
    """`answered`, `abandoned`, `died`, `never started`, ..."""
    worker: int | None


@kind("look.began")
class SnapshotBegan(Record):
    """Somebody is about to look at the jobs. Written by the harness."""

    n: int
    step: int


@kind("look")
class SnapshotTaken(Record):
    """What `status` answers in several places, beside what is really there. Written by the harness."""

    n: int
    step: int
    places: dict[str, Answer]
    """`main`, `launcher` (the agent that launched the job), `bare` (a shell of no session)."""
    state: list[StateRoot]
    processes: list[Process]
    unreaped: list[int] | None = None
    """The pids of those that had died by then and whose parents had not taken their status; null when unknown."""


@kind("result")
class Result(Record):
    """What the plugin gave for a job's result. Written by the harness."""

    job: str
    id: str | None
    exit: int | None
    text: str
    why: str | None
    """Why nobody could ask."""
    session: str | None = None
    """The session in whose shell it was asked; null for a shell of no session."""


@kind("cancel.began")
class CancelBegan(Record):
    """A job is about to be cancelled. Written by the harness."""

    job: str
    id: str
    tree: list[Process]
    """The worker with all below it."""


@kind("cancel")
class Cancel(Record):
    """A cancellation has come back. Written by the harness."""

    job: str
    id: str
    exit: int | None
    text: str
    tree: list[Process]
    left: list[int]
    """The pids of those that lived on when all had settled."""
    asleep: bool
    """Whether the job was only queued."""


@kind("agent.records")
class AgentRecords(Record):
    """What the plugin has recorded of agents, at the end of the run. Written by the harness."""

    files: list[File]


@kind("agent.look")
class AgentSnapshot(Record):
    """What the plugin has recorded of agents, in the middle of a run. Written by the harness."""

    step: int
    files: list[File]


@kind("hook.holders")
class HookHolders(Record):
    """Who has the output of a hook that has ended and whose output is held. Written by the harness, at `hook.held`."""

    run: str
    event: str
    held_by: list[str]
    """Each process, with its command line."""


@kind("hook.overdue")
class HookOverdue(Record):
    """A hook still runs, or its output is still held, after half of a step's patience. Written by the harness."""

    run: str
    event: str
    session_id: str | None
    agent_id: str | None
    command: str
    ms: int
    timeout: float | None
    held_by: list[str] | None
    """Who holds the output of a hook that has ended; null while the hook itself runs."""
