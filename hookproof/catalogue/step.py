"""The `[[then]]` steps of a scenario, read once: what the harness waits for, and what it does then.

The sentences of a step are classes: `condition` has those of `when`, `fault` and this module those of `do`. Whoever
plays a step (`play/steps.py`) matches the class; nobody looks at the words again. The first sentence of a class is what
`hookproof explain` and docs/reference/steps.md say of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from hookproof.catalogue.condition import CONDITIONS, AnyCondition
from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.reading import Strict
from hookproof.catalogue.sentence import Action, Sentence, parse


@dataclass(frozen=True)
class JobAction(Action):
    """One about a job: the one that is named, or the scenario's first."""

    about_jobs = True
    takes_a_job = True
    job: str | None = None


@dataclass(frozen=True)
class NewSession(Action):
    """One that begins a further session, which `[sessions.SESSION]` describes."""

    session: str


class Snapshot(Action):
    """Asks for the status from three places, reads the plugin's state files and takes a census of the processes.

    The places are main's shell, the launcher's shell and a shell of no session. Of a context plugin it reads what the
    plugin has recorded of agents.
    """

    form = "look"


class ReleaseJob(JobAction):
    """Lets the model answer the job, which is held back until then."""

    form = "release job [JOB]"


class ReleaseShell(Action):
    """Releases every shell that waits before a command with `held = true`."""

    form = "release shell"
    about_jobs = True
    takes_a_job = True


class FetchResult(JobAction):
    """Asks the plugin for the result of the job, in main's shell or, once main has ended, in the next session's."""

    form = "fetch result [JOB]"


class StartSession(NewSession):
    """Starts the session that `[sessions.SESSION]` describes."""

    form = "start session SESSION"


@dataclass(frozen=True)
class EndSession(Action):
    """Ends the session, main without a name."""

    form = "end session [SESSION]"
    session: str | None = None


@dataclass(frozen=True)
class KillHost(Action):
    """Kills the host of the session, main without a name: no hook of its end ever runs. Of Claude Code only."""

    form = "kill host [of SESSION]"
    session: str | None = None


class EndSessions(Action):
    """Ends all sessions at the same moment."""

    form = "end sessions"


class ForkSession(NewSession):
    """Begins the session that `[sessions.SESSION]` describes with all that was said in main; with a client of Codex."""

    form = "fork session SESSION"


class ClearSession(Action):
    """Has main begin anew, as `/clear` does; of Claude Code, or with a client of Codex."""

    form = "clear session"


class CompactSession(Action):
    """Has main's history be summed up, as `/compact` does; of Claude Code, or with a client of Codex."""

    form = "compact session"


class ResumeSession(Action):
    """Goes on with main in a new process of Claude Code, as `claude --resume ID` does, after an `end session`."""

    form = "resume session"


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
    | KillHost
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


class _ReadFrom:
    """How pydantic reads a sentence, and what editors show of it. What the classes hold, pydantic need not know."""

    def __init__(self, among: Sequence[type[Sentence]]) -> None:
        self._among = among

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda text: parse(text, self._among))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": f"One of: {', '.join(each.form for each in self._among)}"}


class Then(Strict):
    """One step of the harness: wait for `when`, then `do` something or let the user type."""

    when: Annotated[AnyCondition, _ReadFrom(CONDITIONS)]
    do: Annotated[AnyAction, _ReadFrom(ACTIONS)] | None = None
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
