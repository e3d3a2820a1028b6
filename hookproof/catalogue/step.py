"""The `[[then]]` steps of a scenario, read once: what the harness waits for, and what it does then.

The sentences of a step are classes: `condition` has those of `when`, `fault` and this module those of `do`. Whoever
plays a step (`play/steps.py`) matches the class; nobody looks at the words again. The first sentence of a class is what
`hookproof explain` and docs/reference/steps.md say of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from pydantic import PlainValidator, WithJsonSchema, model_validator

from hookproof.catalogue.condition import CONDITIONS, AnyCondition
from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.reading import Strict
from hookproof.catalogue.sentence import Action, Sentence, parse


@dataclass(frozen=True, slots=True)
class Snapshot(Action):
    """Asks for the status from three places, reads the plugin's state files and takes a census of the processes.

    The places are main's shell, the launcher's shell and a shell of no session. Of a context plugin it reads what the
    plugin has recorded of agents.
    """

    form = "look"


@dataclass(frozen=True, slots=True)
class ReleaseJob(Action):
    """Lets the model answer the job, which is held back until then."""

    form = "release job [JOB]"
    about_jobs = True
    takes_a_job = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseShell(Action):
    """Lets every shell go on that stands before a command with `held = true`."""

    form = "release shell"
    about_jobs = True
    takes_a_job = True


@dataclass(frozen=True, slots=True)
class FetchResult(Action):
    """Asks the plugin for the result of the job, in main's shell."""

    form = "fetch result [JOB]"
    about_jobs = True
    takes_a_job = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class StartSession(Action):
    """Starts the session that `[sessions.SESSION]` describes."""

    form = "start session SESSION"
    session: str


@dataclass(frozen=True, slots=True)
class EndSession(Action):
    """Ends the session, main without a name."""

    form = "end session [SESSION]"
    session: str | None = None


@dataclass(frozen=True, slots=True)
class EndSessions(Action):
    """Ends all sessions at the same moment."""

    form = "end sessions"


@dataclass(frozen=True, slots=True)
class ForkSession(Action):
    """Begins the session that `[sessions.SESSION]` describes with all that was said in main; with a client of Codex."""

    form = "fork session SESSION"
    session: str


@dataclass(frozen=True, slots=True)
class ClearSession(Action):
    """Has main begin anew, as `/clear` does; at a terminal, or with a client of Codex."""

    form = "clear session"


@dataclass(frozen=True, slots=True)
class CompactSession(Action):
    """Has main's history be summed up, as `/compact` does; with a client of Codex."""

    form = "compact session"


@dataclass(frozen=True, slots=True)
class ResumeSession(Action):
    """Goes on with main in a new process of Claude Code, as `claude --resume ID` does, after an `end session`."""

    form = "resume session"


@dataclass(frozen=True, slots=True)
class CloseTerminal(Action):
    """Closes the terminal of main, which needs `[claude] interactive = true`."""

    form = "close terminal"


AnyAction = (
    Snapshot
    | ReleaseJob
    | ReleaseShell
    | FetchResult
    | StartSession
    | EndSession
    | EndSessions
    | ForkSession
    | ClearSession
    | CompactSession
    | ResumeSession
    | CloseTerminal
    | AnyFault
)
ACTIONS: tuple[type[AnyAction], ...] = get_args(AnyAction)
"""All there are: a sentence is read as the first whose form it has."""


def _condition(text: object) -> AnyCondition:
    return parse(text, CONDITIONS)


def _action(text: object) -> AnyAction:
    return parse(text, ACTIONS)


def _described(among: Sequence[type[Sentence]]) -> WithJsonSchema:
    """What editors show of the sentence."""
    return WithJsonSchema({"type": "string", "description": f"One of: {', '.join(each.form for each in among)}"})


class Then(Strict):
    """One step of the harness: wait for `when`, then `do` something or let the user type."""

    when: Annotated[AnyCondition, PlainValidator(_condition), _described(CONDITIONS)]
    do: Annotated[AnyAction, PlainValidator(_action), _described(ACTIONS)] | None = None
    user: str | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Then:
        if (self.do is None) == (self.user is None):
            raise ValueError("expected exactly one of `do` and `user`")
        return self

    @property
    def about_jobs(self) -> bool:
        """Whether the step makes sense only where there are jobs."""
        return self.when.about_jobs or (self.do is not None and self.do.about_jobs)
