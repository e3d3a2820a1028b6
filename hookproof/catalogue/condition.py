"""Conditions: what a step of a scenario can wait for, a class each. `play/awaited.py` knows each in a journal.

The first sentence of a class is what `hookproof explain` and docs/reference/steps.md say of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from hookproof.catalogue.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Condition(Sentence):
    """What a step waits for. A name that is left out is the scenario's first job, or main."""


@dataclass(frozen=True, slots=True)
class JobStarted(Condition):
    """The job's worker has asked its model, or the launch was refused."""

    form = "job [JOB] started"
    about_jobs = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobEnded(Condition):
    """The process that does the job is dead, its row is at its end, or the launch was refused."""

    form = "job [JOB] ended"
    about_jobs = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobQueued(Condition):
    """A `queue job` is done, or the launch was refused."""

    form = "job [JOB] queued"
    about_jobs = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobCancelled(Condition):
    """A `cancel job` is done, or the launch was refused."""

    form = "job [JOB] cancelled"
    about_jobs = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class SubagentEnded(Condition):
    """A subagent of that type has ended: the second such step waits for the second that does."""

    form = "subagent [AGENT] ended"
    agent: str | None = None

    @property
    def agent_type(self) -> str | None:
        """The type of the agent, whose name in the script may have a `#` and a number behind it."""
        return self.agent.partition("#")[0] if self.agent is not None else None


@dataclass(frozen=True, slots=True)
class ShellEnded(Condition):
    """A shell in which the model launched a job has ended, or the launch was refused."""

    form = "shell ended"


@dataclass(frozen=True, slots=True)
class TurnEnded(Condition):
    """The model has said its last word of a turn: the second such step waits for the second turn."""

    form = "turn [of AGENT] ended"
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class TurnReported(Condition):
    """The host has reported a turn as over: the second such step waits for the second turn."""

    form = "turn [of SESSION] reported"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class SessionStarted(Condition):
    """The session has begun."""

    form = "session [SESSION] started"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCleared(Condition):
    """The session goes on after a `clear session`, under another id."""

    form = "session [SESSION] cleared"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCompacted(Condition):
    """The session goes on after a `compact session`."""

    form = "session [SESSION] compacted"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class SessionResumed(Condition):
    """The session goes on in another process of its host, after a `resume session`."""

    form = "session [SESSION] resumed"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEnded(Condition):
    """The process of the host that the session lives in is gone, as it was asked to be."""

    form = "session [SESSION] ended"
    session: str | None = None


AnyCondition = (
    JobStarted
    | JobEnded
    | JobQueued
    | JobCancelled
    | SubagentEnded
    | ShellEnded
    | TurnEnded
    | TurnReported
    | SessionStarted
    | SessionCleared
    | SessionCompacted
    | SessionResumed
    | SessionEnded
)
CONDITIONS: tuple[type[AnyCondition], ...] = get_args(AnyCondition)
"""All there are: a sentence is read as the first whose form it has."""
