"""Faults: what the harness can do to a companion's jobs, files and hooks, a class each, with what it needs for that.

How this plugin cancels, or where its rows keep a pid, stands in its descriptor. What a descriptor (or this system) has
no means for makes the scenario not apply, with the reason. `play/faults` does them. The first sentence of a class is
what `hookproof explain` and docs/reference/steps.md say of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, get_args

from hookproof.catalogue.descriptor import Commands, Companion, State
from hookproof.catalogue.sentence import Action
from hookproof.isolation.level import Isolation


class Need(Protocol):
    """Something that a fault cannot do without. As text: what it is, for people."""

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:
        """What of it there is none of, for this plugin on this system so isolated; None where nothing is missing."""


@dataclass(frozen=True, slots=True)
class Posix:
    """What of it Windows does not have."""

    what: str

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:  # noqa: ARG002 - the system decides
        return f"{self.what}, which Windows does not have" if sys.platform == "win32" else None

    def __str__(self) -> str:
        return f"{self.what} (not on Windows)"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a descriptor need not give."""

    name: str
    given: Callable[[Commands], str | None]

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:  # noqa: ARG002 - the plugin decides
        if self.given(descriptor.commands) is not None:
            return None
        return f"a command that the descriptor does not give: commands.{self.name}"

    def __str__(self) -> str:
        return f"the descriptor's commands.{self.name}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the plugin's state that a descriptor need not say."""

    name: str
    given: Callable[[State], object]

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:  # noqa: ARG002 - the plugin decides
        return None if self.given(descriptor.state) else f"what the descriptor does not say: state.{self.name}"

    def __str__(self) -> str:
        return f"the descriptor's state.{self.name}"


@dataclass(frozen=True, slots=True)
class OwnPids:
    """What of it takes process ids of the run's own, of which hookproof may choose the next."""

    what: str

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:  # noqa: ARG002 - the plugin has no say
        from hookproof.isolation import pids  # noqa: PLC0415 - only for what plays: the catalogue is also told

        why = pids.why_not(isolation)
        return None if why is None else f"{self.what}, which {why}"

    def __str__(self) -> str:
        return f"{self.what} (at the isolation level `full`)"


@dataclass(frozen=True, slots=True)
class FileEvents:
    """What of it takes a system that tells at once of a changed file."""

    what: str

    def lacking(self, descriptor: Companion, isolation: Isolation) -> str | None:  # noqa: ARG002 - the system decides
        return None if sys.platform == "linux" else f"{self.what}, which only Linux tells of at once"

    def __str__(self) -> str:
        return f"{self.what} (on Linux)"


class Fault(Action):
    """Any of them."""

    about_jobs = True
    takes_a_job = True
    needs: ClassVar[tuple[Need, ...]] = ()

    def why_not(self, descriptor: Companion, isolation: Isolation) -> str | None:
        """Why it cannot be done to this plugin, on this system so isolated; None when it can."""
        lacking = (need.lacking(descriptor, isolation) for need in self.needs)
        return next((f"`{self}` takes {what}" for what in lacking if what is not None), None)


@dataclass(frozen=True)
class JobFault(Fault):
    """One that happens to a job: the one that is named, or the scenario's first."""

    job: str | None = None


@dataclass(frozen=True)
class QueueFault(Fault):
    """One about a job that is queued, which no launch has started: it is always named."""

    needs = (Posix("signals that stop a process"), Command("work", lambda commands: commands.work))
    job: str


class ServerFault(Fault):
    """One that happens to the shared server."""

    needs = (Posix("signals that stop a process"), Fact("server_file", lambda state: state.server_file))
    takes_a_job = False


class CancelJob(JobFault):
    """Runs the plugin's cancel in main's shell and waits until the job's tree has ended, or everything has settled.

    The tree has in it what the job's Codex has left running. What lives on then is recorded.
    """

    form = "cancel job [JOB]"
    needs = (Command("cancel", lambda commands: commands.cancel),)


class QueueJob(QueueFault):
    """Enters a job like the running one, with a worker that is stopped before its first instruction."""

    form = "queue job JOB"


class WakeJob(QueueFault):
    """Lets that worker go on, if it still lives; a `queue job` of the same name comes before it."""

    form = "wake job JOB"


class KillWorker(JobFault):
    """Kills the worker of the job."""

    form = "end worker of job [JOB]"


class ReusePid(JobFault):
    """Kills the worker of the job with all below it, then starts a process that is no job's and gets the worker's pid.

    What serves other jobs too, as a shared server does, lives on.
    """

    form = "reuse pid of job [JOB]"
    needs = (OwnPids("a process id that is chosen"),)


class KillCodex(JobFault):
    """Kills the Codex that serves the job."""

    form = "end codex of job [JOB]"


class KillShell(JobFault):
    """Ends the process group of the shell that launched the job, as hosts do it: SIGTERM, then SIGKILL.

    What handles SIGTERM gets its chance: SIGKILL comes when what is left of the group has settled.
    """

    form = "end shell of job [JOB]"
    needs = (Posix("process groups"),)


class FreezeServer(ServerFault):
    """Stops the plugin's shared server, whose socket then accepts and stays silent."""

    form = "freeze server"


class ThawServer(ServerFault):
    """Lets the shared server go on."""

    form = "thaw server"


class PlantPidInJob(JobFault):
    """Starts a process that is no job's, and writes its pid into the job's row."""

    form = "plant foreign pid in job [JOB]"


class PlantPidInServer(Fault):
    """Starts a process that is no job's, and writes its pid where the plugin keeps that of its server."""

    form = "plant foreign pid in server"


class TearState(Fault):
    """Cuts every list of jobs in half."""

    form = "tear state"


class FillList(Fault):
    """Adds more finished jobs than the list may hold, all younger than the running one."""

    form = "fill list"
    needs = (Fact("remembers", lambda state: state.remembers),)


class AgeJob(JobFault):
    """Takes from the job's row what earlier versions of the plugin did not write."""

    form = "age job [JOB]"
    needs = (Fact("newer", lambda state: state.newer),)


class KillHook(Fault):
    """Kills the next SessionEnd hook with its tree as it starts."""

    form = "kill next SessionEnd hook"
    takes_a_job = False


class KillHookMidway(Fault):
    """Kills the next SessionEnd hook with its tree in the middle of its work."""

    form = "kill next SessionEnd hook once a process dies"
    takes_a_job = False


@dataclass(frozen=True)
class HoldHook(Fault):
    """Stops the next SessionEnd hook with its tree, and leaves it to the host to end it at its budget.

    It is stopped as it starts, or at the NUMBERth change of the plugin's state since this step: the list, a job's file
    or that of a server was written, emptied, renamed or removed. A hook that ends before that is left alone.
    """

    form = "hold next SessionEnd hook [after record NUMBER]"
    needs = (FileEvents("changes of the plugin's state"),)
    takes_a_job = False
    number: str | None = None

    @property
    def records(self) -> int:
        """How many changes of the state it is let make."""
        return int(self.number or 0)


class DeleteProject(Fault):
    """Removes the workspace."""

    form = "delete project"
    needs = (Posix("directories that can be removed while they are in use"),)
    takes_a_job = False


class RepeatSessionStart(Fault):
    """Runs main's SessionStart hooks again, up to a hundred starts of the session."""

    form = "repeat SessionStart"
    takes_a_job = False


AnyFault = (
    CancelJob
    | QueueJob
    | WakeJob
    | KillWorker
    | ReusePid
    | KillCodex
    | KillShell
    | FreezeServer
    | ThawServer
    | PlantPidInJob
    | PlantPidInServer
    | TearState
    | FillList
    | AgeJob
    | KillHook
    | KillHookMidway
    | HoldHook
    | DeleteProject
    | RepeatSessionStart
)
FAULTS: tuple[type[AnyFault], ...] = get_args(AnyFault)
"""All there are."""
