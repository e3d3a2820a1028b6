"""What the harness does to a plugin's jobs, files and hooks on a scenario's word: one kind a fault.

Written by the harness: before the fault where something may happen because of it at once, after it where the record
tells what came of it.
"""

from __future__ import annotations

from typing import ClassVar

from hookproof.records.base import Record, kind, part
from hookproof.records.parts import TornFile


@part
class Fault(Record):
    """Any of them."""

    what: ClassVar[str]
    """In words, for people."""
    prevents_end: ClassVar[str | None] = None
    """Why nobody can ask the plugin for what runs after the sessions' end, once it was done; None where one can."""
    undone_by: ClassVar[type[Record] | None] = None
    """The record after which that reason holds no longer."""

    @property
    def happened(self) -> bool:
        """Whether it came about, and did not find that there was nothing to do it to."""
        return True


@part
class JobFault(Fault):
    """One that happens to a job."""

    job: str
    pids: list[int]


@kind("fault.worker_killed")
class WorkerKilled(JobFault):
    """The worker of a job is killed."""

    what = "worker ended"


@kind("fault.codex_killed")
class CodexKilled(JobFault):
    """The Codex that serves a job is killed."""

    what = "codex ended"


@kind("fault.shell_asked")
class ShellAsked(JobFault):
    """Everything in the process group of the shell that launched a job is sent SIGTERM."""

    what = "shell asked to end"


@kind("fault.shell_killed")
class ShellKilled(JobFault):
    """What is left of the process group of the shell that launched a job is killed; it may be nobody.

    In journals in which nothing was asked before: everything in it.
    """

    what = "shell ended"


@kind("fault.server_thawed")
class ServerThawed(Fault):
    """The shared server goes on."""

    what = "server thawed"
    pids: list[int]


@kind("fault.server_frozen")
class ServerFrozen(Fault):
    """The shared server is stopped: it accepts connections and stays silent."""

    what = "server frozen"
    prevents_end = "the shared server was still frozen"
    undone_by = ServerThawed
    pids: list[int]

    @property
    def happened(self) -> bool:
        return bool(self.pids)


@kind("fault.pid_planted")
class PidPlanted(Fault):
    """A process that belongs to no job was started, and its pid written where the plugin keeps one of its own."""

    what = "foreign pid planted"
    prevents_end = "the pid by which the plugin would have known its own process was overwritten with a foreign one"
    where: str
    """`job` or `server`."""
    job: str | None
    planted: bool
    pid: int
    start: int

    @property
    def happened(self) -> bool:
        return self.planted


@kind("fault.pid_reused")
class PidReused(Fault):
    """The pid of a job's worker, which has ended, has come round: a process that belongs to no job has it now."""

    what = "pid reused"
    job: str
    pid: int
    start: int
    attempts: int
    """How many processes were started until one got it."""


@kind("fault.state_torn")
class StateTorn(Fault):
    """Every list of jobs is cut in half, as a writer leaves it that was killed."""

    what = "state torn"
    prevents_end = "the list by which the plugin would have known it was cut in half"
    files: list[TornFile]

    @property
    def happened(self) -> bool:
        return bool(self.files)


@kind("fault.list_filled")
class ListFilled(Fault):
    """More finished jobs than the list may hold are put before a running one."""

    what = "list filled"
    job: str
    added: int


@kind("fault.row_aged")
class RowAged(Fault):
    """What earlier versions did not write is taken from a job's row."""

    what = "row aged"
    job: str
    without: list[str]


@kind("fault.workspace_deleted")
class WorkspaceDeleted(Fault):
    """The project's directory goes."""

    what = "workspace deleted"


@kind("fault.worker_woken")
class WorkerWoken(Fault):
    """The worker of a queued job may begin."""

    what = "worker woken"
    job: str
    pid: int
    alive: bool


@kind("fault.hook_killed")
class HookKilled(Fault):
    """A SessionEnd hook is killed with all below it."""

    what = "hook killed"
    prevents_end = "the SessionEnd hook that would have ended it was killed"
    run: str
    moment: str
    """`at its start`, or `a process dies`."""
    pids: list[int]
    over: bool
    """Whether it was over before it could be killed."""

    @property
    def happened(self) -> bool:
        return not self.over


@kind("fault.hook_stopped")
class HookStopped(Fault):
    """A SessionEnd hook is stopped with all below it, so that its host ends it at its budget."""

    what = "hook stopped"
    prevents_end = "the SessionEnd hook that would have ended it was stopped until its host cut it"
    run: str
    after: int
    """How many changes of the plugin's state it was to be let make,"""
    records: int
    """and how many there were by then."""
    pids: list[int]
    over: bool
    """Whether it was over before it could be stopped."""

    @property
    def happened(self) -> bool:
        return not self.over


@kind("fault.session_restarted")
class SessionRestarted(Fault):
    """A SessionStart hook is run again and again, as a session that is compacted often would."""

    what = "session started again"
    prevents_end = "the start hooks were run again and again, and of these starts no session ends"
    starts: int
    failed: int
    file: str | None
    """The file in which the hook leaves variables for shells."""
    there: bool
    first: int
    """Its lines after the first start,"""
    lines: int
    """and after the last."""


@kind("fault.host_killed")
class HostKilled(Fault):
    """The host of a session is killed, alone: what it has started is not."""

    what = "host killed"
    prevents_end = "the host was killed, so that no SessionEnd hook ran that would have ended it"
    session: str
    pids: list[int]
