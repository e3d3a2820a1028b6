"""A scenario: what the user types, what the model answers, what the harness does, and which requirements it names.

One file under `scenarios/` is one scenario, and its path there is its id. Outcomes are not in it: they come from the
requirements alone. Model steps are played per agent in their order; `[[then]]` steps are played beside them, each
waiting for its `when`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from hookproof import places
from hookproof.catalogue.condition import SessionEnded
from hookproof.catalogue.descriptor import Inner
from hookproof.catalogue.expect import Expect, WithinMs
from hookproof.catalogue.fault import QueueJob, WakeJob
from hookproof.catalogue.host import HostName
from hookproof.catalogue.model_step import Agent, AnyStep, FileTool, Send, Spawn
from hookproof.catalogue.own_scenarios import own_id
from hookproof.catalogue.place import Place
from hookproof.catalogue.reading import CatalogueError, Strict, read_table, validate
from hookproof.catalogue.step import (
    ClearSession,
    CloseTerminal,
    CompactSession,
    EndSession,
    ForkSession,
    ResumeSession,
    Then,
)

MAIN = "main"
CALIBRATION = "calibration"


class Job(Strict):
    """What the worker's model answers when the job is released."""

    answer: str = ""
    leaves: Literal["same-group", "detached"] | None = None
    """A process that a tool call of its Codex leaves running, in its group or in a session of its own.

    Only a stand-in Codex can be told to; with a real one there is none.
    """


class Session(Strict):
    """A further session in the same workspace, started or forked from main by a `[[then]]` step."""

    user: str
    host: HostName | None = None
    """The other host than the scenario's."""
    lifecycle: str | None = None
    """What that host does; only with `host`."""
    place: Place | None = None
    """A home, a project and a copy of the plugin of its own, in such a place; None: those of main."""

    @model_validator(mode="after")
    def _has_a_lifecycle(self) -> Session:
        if (self.host is None) != (self.lifecycle is None):
            raise ValueError("expected `host` and `lifecycle` together, or neither")
        return self


class Claude(Strict):
    """How Claude Code is run as a host."""

    interactive: bool = False
    """At a terminal, as a person uses it, instead of in print mode."""
    adopts_orphans: bool = False
    """As the first process of a container without an init: orphans become its children, and it never reaps them."""
    session_end_budget: Literal["generous", "host"] = "generous"
    """How long its SessionEnd hooks may take. host: the scenario is about that, and the host's own budget is in force.

    generous: half of a step's patience, where the host has a variable for that.
    """


class Codex(Strict):
    """How Codex is run as a host."""

    ephemeral: bool = False
    """No thread is kept on disk, so that hooks find no transcript."""
    app_server: bool = False
    """Driven by a client over `codex app-server`, as an editor does it, instead of `codex exec`."""
    review: bool = False
    """The user asks for a review of the working tree; what is typed is not a prompt then."""
    agents: Literal["v1", "v2"] = "v1"
    """Which set of tools for child threads it offers its model."""


class AgentRole(Strict):
    """What an agent other than main is to the plugin: the fact that the checks of context begin with."""

    role: Literal["known", "other", "unknown", "unidentified", "orphan", "review", "nickname", "hostile"]
    """known, other: the plugin has a template of that name. unknown: it has none. unidentified: nothing says who it is.

    orphan: its parent cannot be told. review: a review thread. nickname: only its random nickname reads like the name
    of a template. hostile: its transcript is damaged, or is meant to do damage.
    """


class Transcript(Strict):
    """A change to the first line of an agent's transcript. Only a stand-in can make it."""

    set: dict[str, Any] = {}
    """Dotted path below the line's payload -> value."""
    drop: list[str] = []
    """Dotted paths to leave out; "." leaves out the line."""
    instead: str | None = None
    """Text that stands there instead of the line; \\u00XX are bytes."""
    repeat: Annotated[int, Field(ge=1)] = 1
    """How often `instead` stands there."""


class Scenario(Strict):
    """One file under `scenarios/`."""

    title: str
    source: str
    about: str = ""
    host: HostName | None = None
    """The only host that it is played on: short for `hosts` with one."""
    hosts: list[HostName] = []
    """The hosts that it is played on, of those that the plugin has hooks for; `host` in its place is one."""
    kind: Literal["companion", "context", "hooks", "calibration"]
    requires: list[str] = []
    """The requirements that it is about; none for calibration, which holds a stand-in against the real host."""
    expect: list[Expect] = []
    """Its own sentences, which it is about as well."""
    user: str
    alone: bool = False
    """The case is about time: it runs while nothing else does. So does one with an `[[expect]]` of `within_ms`."""
    jobs: dict[str, Job] = {}
    sessions: dict[str, Session] = {}
    model: Annotated[dict[str, list[AnyStep]], Field(min_length=1)]
    then: list[Then] = []
    unordered: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = []
    """In calibration: pairs of what happens (as patterns) of which neither waits for the other."""
    lifecycles: list[str] = []
    """The only lifecycles that it says anything about; of a host of which none is named, all."""
    place: Place = Place()
    """Where home, project and plugin are: below a folder with a space in its name, if it does not say otherwise."""
    profile_prints: str | None = None
    """A line that the user's login profile prints, for whoever starts a login shell."""
    home: dict[Inner, str] = {}
    """Files that the user has in each home, path and text, before anything is started."""
    project: dict[Inner, str] = {}
    """The same of each project."""
    claude: Claude = Claude()
    codex: Codex = Codex()
    agents: dict[str, AgentRole] = {}
    transcripts: dict[str, Transcript] = {}

    id: str = ""
    path: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_host_is_hosts(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "hosts" in value or value.get("host") not in get_args(HostName):
            return value
        return {**value, "hosts": [value["host"]]}

    @property
    def plays_alone(self) -> bool:
        """Whether its cases run while nothing else does."""
        return self.alone or any(isinstance(each.kind[1], WithinMs) for each in self.expect)

    @property
    def own(self) -> list[str]:
        """The ids of all that it is about: the requirements that it names, and its own sentences."""
        return [*self.requires, *(each.id for each in self.expect)]

    def lacks(self, host: HostName) -> str | None:
        """What a host cannot do of the steps, as the scenario runs it; None where it can do all."""
        return next(self._lacking(host), None)

    def children(self) -> set[str]:
        """The names of the agents that start an agent themselves, and are no session's main one."""
        return {
            owner for owner, script in self.model.items() if any(isinstance(step, Spawn | Agent) for step in script)
        } - {
            MAIN,
            *self.sessions,
        }

    def spawns(self) -> Iterator[tuple[str, Spawn]]:
        """(the agent that starts it, the step) of every child thread."""
        for owner, script in self.model.items():
            yield from ((owner, step) for step in script if isinstance(step, Spawn))

    def answers(self) -> dict[str, str]:
        """What the worker's model answers, by job."""
        return {name: job.answer or f"Codex has finished job={name}." for name, job in self.jobs.items()}

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Scenario:
        mistakes = [*self._hostless(), *self._dangling(), *self._unscripted(), *self._unexpected()]
        if bool(self.own) == (self.kind == "calibration"):
            mistakes.append(
                "requires: expected at least one requirement, or a sentence of your own (`[[expect]]`); "
                "and neither in a scenario of calibration"
            )
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _unexpected(self) -> Iterator[str]:
        """What is wrong with the sentences beside each other, and with whom they are about."""
        seen: set[str] = set()
        for number, each in enumerate(self.expect, start=1):
            if each.id in seen:
                yield f"expect[{number}].id: there is another {each.id!r}"
            seen.add(each.id)
            for where, agent in each.agents:
                if agent not in {MAIN, *self.sessions, *self.model}:
                    known = ", ".join(dict.fromkeys([MAIN, *self.model]))
                    yield f"expect[{number}].{where}: there is no agent {agent!r}; those of the scenario: {known}"

    def _unscripted(self) -> Iterator[str]:
        for table in ("agents", "transcripts"):
            for name in getattr(self, table):
                if name not in self.model:
                    yield f"{table}.{name}: there is no such agent: add [[model.{name}]]"
        for owner, step in self.spawns():
            if step.name not in self.model:
                yield f"model.{owner} starts {step.name!r}, which has no script: add [[model.{step.name}]]"

    def _dangling(self) -> Iterator[str]:
        if MAIN not in self.model:
            yield "model.main is missing: the main agent has no script"
        for name in self.sessions:
            if name not in self.model:
                yield f"sessions.{name} has no script: add [[model.{name}]]"
        for number, step in enumerate(self.then, start=1):
            for what, name in [*step.when.names(), *(step.do.names() if step.do is not None else ())]:
                if name not in (self.jobs if what == "job" else {*self.sessions, MAIN, *self.model}):
                    yield f"then[{number}] names {name!r}, which this scenario does not define"
                elif what == "session" and name not in {MAIN, *self.sessions}:
                    yield f"then[{number}] names the session {name!r}: add [sessions.{name}]"
        yield from self._undoable()
        yield from self._unqueued()
        yield from self._resumed()
        able = [host for host in self.hosts if self.lacks(host) is None]
        if self.hosts and not able:
            yield from self._lacking(self.hosts[0])
        if not self.jobs and any(step.about_jobs for step in self.then):
            yield "a step is about a job, but no [jobs.NAME] is defined"

    def _undoable(self) -> Iterator[str]:
        """Steps that the sessions, as they are run, cannot do."""
        done = {type(step.do) for step in self.then}
        if CloseTerminal in done and not self.claude.interactive:
            yield "a step closes the terminal, but the session has none: add [claude] interactive = true"
        forks = {step.do.session for step in self.then if isinstance(step.do, ForkSession)}
        yield from (
            f"sessions.{name}.place: a fork has the home, the project and the plugin of the session that it is of"
            for name in sorted(forks)
            if name in self.sessions and self.sessions[name].place is not None
        )
        for number, step in enumerate(self.then, start=1):
            if isinstance(step.when, SessionEnded) and step.when.session in forks:
                yield f"then[{number}] waits for the end of a fork, which ends with the session that it is of"

    def _unqueued(self) -> Iterator[str]:
        """Jobs that are woken before anything has put them to sleep."""
        queued: set[str] = set()
        for number, step in enumerate(self.then, start=1):
            if isinstance(step.do, QueueJob):
                queued.add(step.do.job)
            elif isinstance(step.do, WakeJob) and step.do.job not in queued:
                job = step.do.job
                yield f"then[{number}] wakes the job {job!r}, which is not asleep: put a `queue job {job}` before it"

    def _resumed(self) -> Iterator[str]:
        """What is wrong with the resumes: only what has ended can be taken up again."""
        over = False
        for number, step in enumerate(self.then, start=1):
            if isinstance(step.do, ResumeSession):
                if not over:
                    yield f"then[{number}] resumes main, which has not been ended: put an `end session` before it"
                over = False
            elif isinstance(step.do, EndSession) and step.do.session in {None, MAIN}:
                over = True

    def _hostless(self) -> Iterator[str]:
        """What is wrong with the hosts that it names."""
        if self.host is not None and self.hosts != [self.host]:
            yield "expected `host` (one) or `hosts` (several), not both"
        elif not self.hosts:
            yield 'expected the hosts that it is played on: hosts = ["claude", "codex"], or one of them'
        elif len(set(self.hosts)) < len(self.hosts):
            yield "hosts: one is named twice"

    def _lacking(self, host: HostName) -> Iterator[str]:
        """Every step for which a host has no means, as the scenario runs it."""
        done = {type(step.do): f"then[{number}]" for number, step in enumerate(self.then, start=1)}
        yield from self._claude_lacks(done) if host == "claude" else self._codex_lacks(done)

    def _claude_lacks(self, done: Mapping[type, str]) -> Iterator[str]:
        if ResumeSession in done and self.claude.interactive:
            yield f"{done[ResumeSession]} resumes a session: expected one of Claude Code in print mode"
        if CompactSession in done and self.claude.interactive:
            yield f"{done[CompactSession]} compacts a session: expected one of Claude Code in print mode"
        if ForkSession in done:
            yield f"{done[ForkSession]} is to fork the session, which only a client of Codex can"
        steps = [step for script in self.model.values() for step in script]
        if any(isinstance(step, Spawn) and step.fork for step in steps):
            yield "an agent is to begin with all that its parent has heard, which only Codex has"
        if any(isinstance(step, Send) for step in steps):
            yield "an agent is given another turn by its parent, which only Codex has"

    def _codex_lacks(self, done: Mapping[type, str]) -> Iterator[str]:
        on_files = [step for script in self.model.values() for step in script if isinstance(step, FileTool)]
        if on_files:
            yield f"an agent is to use the tool {on_files[0].call}, which only Claude Code has"
        if ResumeSession in done:
            yield f"{done[ResumeSession]} resumes a session: expected one of Claude Code in print mode"
        for kind, verb in _ONLY_A_CLIENT.items():
            if kind in done and not self.codex.app_server:
                yield f"a step is to {verb} the session, which only a client can: add [codex] app_server = true"
        if CloseTerminal in done:
            yield f"{done[CloseTerminal]} closes the terminal, and only Claude Code is played at one"


_ONLY_A_CLIENT = {ClearSession: "clear", CompactSession: "compact", ForkSession: "fork"}
"""What takes a client of Codex; of Claude Code a person can do the first two."""


def read_scenario(path: Path, *, root: Path = places.SCENARIOS) -> Scenario:
    """The scenario in `path`; its id is its path below `root`, without the ending, or that of a user's own.

    Raises CatalogueError with every mistake in the file.
    """
    table = read_table(path)
    for reserved in ("id", "path"):
        if reserved in table:
            raise CatalogueError(path, [f"{reserved}: unknown key; the path of the file is its id"])
    scenario = validate(path, table, Scenario)
    return scenario.model_copy(update={"id": scenario_id(path, root=root), "path": path})


def scenario_id(path: Path, *, root: Path = places.SCENARIOS) -> str:
    """The id of the scenario in `path`, which need not be read for it."""
    full, root = path.resolve(), root.resolve()
    return full.relative_to(root).with_suffix("").as_posix() if full.is_relative_to(root) else own_id(full)


def scenario_files(root: Path = places.SCENARIOS) -> list[Path]:
    """Every file below `root` of a scenario that is played and judged, in the order of their ids."""
    return sorted(path for path in root.glob("*/**/*.toml") if root / CALIBRATION not in path.parents)


def calibration_files(host: str, root: Path = places.SCENARIOS) -> list[Path]:
    """Every file below `root` of a scenario by which a stand-in of `host` is held against the real one."""
    return sorted((root / CALIBRATION / host).glob("*.toml"))
