"""Conditions: what a step of a scenario can wait for, a class each. `play/awaited.py` knows each in a journal.

The first sentence of a class is what `hookproof explain` and docs/reference/steps.md say of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from hookproof.catalogue.sentence import Sentence


class Condition(Sentence):
    """What a step waits for."""


@dataclass(frozen=True)
class JobCondition(Condition):
    """Something becomes of a job: the one that is named, or the scenario's first."""

    about_jobs = True
    job: str | None = None


@dataclass(frozen=True)
class AgentCondition(Condition):
    """Something becomes of an agent: the one that is named, or whichever the class says."""

    agent: str | None = None


@dataclass(frozen=True)
class SessionCondition(Condition):
    """Something becomes of a session: the one that is named, or main."""

    session: str | None = None


class JobStarted(JobCondition):
    """The job's worker has asked its model, or the launch was refused."""

    form = "job [JOB] started"


class JobEnded(JobCondition):
    """The process that does the job is dead, its row is at its end, or the launch was refused."""

    form = "job [JOB] ended"


class JobQueued(JobCondition):
    """A `queue job` is done, or the launch was refused."""

    form = "job [JOB] queued"


class JobCancelled(JobCondition):
    """A `cancel job` is done, or the launch was refused."""

    form = "job [JOB] cancelled"


class SubagentEnded(AgentCondition):
    """A subagent of that type has ended: the second such step waits for the second that does."""

    form = "subagent [AGENT] ended"

    @property
    def agent_type(self) -> str | None:
        """The type of the agent, whose name in the script may have a `#` and a number behind it."""
        return self.agent.partition("#")[0] if self.agent is not None else None


class ShellEnded(Condition):
    """A shell in which the model launched a job has ended, or the launch was refused."""

    form = "shell ended"


class TurnEnded(AgentCondition):
    """The model has said its last word of a turn: the second such step waits for the second turn."""

    form = "turn [of AGENT] ended"


class TurnReported(SessionCondition):
    """The host has reported a turn as over: the second such step waits for the second turn."""

    form = "turn [of SESSION] reported"


class SessionStarted(SessionCondition):
    """The session has begun."""

    form = "session [SESSION] started"


class SessionCleared(SessionCondition):
    """The session goes on after a `clear session`, under another id."""

    form = "session [SESSION] cleared"


class SessionCompacted(SessionCondition):
    """The session goes on after a `compact session`."""

    form = "session [SESSION] compacted"


class SessionResumed(SessionCondition):
    """The session goes on in another process of its host, after a `resume session`."""

    form = "session [SESSION] resumed"


class SessionEnded(SessionCondition):
    """The process of the host that the session lives in is gone, as it was asked to be."""

    form = "session [SESSION] ended"


class Settled(Condition):
    """Everything is at rest: nothing moves until the scenario goes on.

    No host waits for a hook; every job that has had its answer has come to its end; and for the length of the run's
    patience nothing has happened and no process has worked.
    """

    form = "settled"


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
    | Settled
)
CONDITIONS: tuple[type[AnyCondition], ...] = get_args(AnyCondition)
"""All there are: a sentence is read as the first whose form it has."""
