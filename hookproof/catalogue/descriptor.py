"""Plugin descriptors: how a plugin is recognised and driven, as data.

The kind selects the scenarios that apply. A companion starts jobs: its descriptor says how they are launched, listed
and fetched, and where its state lives. A context plugin tells agents things when they start: its descriptor names an
agent that it knows, and the lines by which its texts are told apart in what a model was sent. Of any other plugin with
hooks nothing need be said.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from hookproof.catalogue.reading import CatalogueError, Strict, read_table, validate
from hookproof.records.parts import Meaning
from hookproof.rows import DEFAULT_ROWS, RowPath


def _stays(value: str) -> str:
    for spelled in (PurePosixPath(value), PureWindowsPath(value)):
        if spelled.anchor or not spelled.parts or ".." in spelled.parts:
            raise ValueError(f"{value!r}: expected a path that stays inside, without '..' and not absolute")
    return value


Inner = Annotated[str, AfterValidator(_stays)]
"""A path below a folder that the entry speaks of."""


class Recognise(Strict):
    """What the manifest of such a plugin says."""

    name: str
    author: str | None = None


class Commands(Strict):
    """Shell commands. `{plugin}` is the plugin's directory, `{id}` the job's id."""

    launch: str
    wait: str = ""
    """The flag that makes `launch` wait for the result, where waiting is not what it does without a flag."""
    resume: str = ""
    """The flag that makes `launch` go on with what the last job has begun, where there is one."""
    review: str | None = None
    status: str
    result: str
    cancel: str | None = None
    work: str | None = None
    """What a background launch starts to do the job `{id}` of the workspace `{project}`."""


def _word(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(each, str | bool | int) for each in value.values()):
        return value
    raise ValueError("expected a word of the status field, or a table of fields with the value of each")


def _path(value: str) -> str:
    RowPath.parse(value)
    return value


Word = Annotated[str | dict[str, str | bool | int], BeforeValidator(_word)]
"""A word of the status field; or values of several fields that mean something together."""
AtPath = Annotated[str, AfterValidator(_path)]
"""Where rows stand in a JSON value."""


class Words(Strict):
    """How the plugin's rows spell what a job is."""

    active: Annotated[list[Word], Field(min_length=1)]
    succeeded: Annotated[list[Word], Field(min_length=1)]
    ended: list[Word]
    cancelled: Word = "cancelled"
    """Which of `ended` says that a user wanted it so."""

    def meanings(self) -> list[tuple[Word, Meaning]]:
        """Every word or table with what it means."""
        lists: tuple[tuple[Meaning, list[Word]], ...] = (
            ("active", self.active),
            ("succeeded", self.succeeded),
            ("ended", self.ended),
        )
        listed: list[tuple[Word, Meaning]] = [
            (word, meaning) for meaning, words in lists for word in words if word != self.cancelled
        ]
        return [*listed, (self.cancelled, "cancelled")]

    @model_validator(mode="after")
    def _unambiguous(self) -> Words:
        told = [(word, meaning) for word, meaning in self.meanings() if isinstance(word, dict)]
        for (first, one), (second, other) in combinations(told, 2):
            apart = any(field in second and second[field] != value for field, value in first.items())
            if one != other and len(first) == len(second) and not apart:
                raise ValueError(f"{first} ({one}) and {second} ({other}) may both fit one row")
        return self


class Fields(Strict):
    """How the plugin's rows spell the facts."""

    id: str = "id"
    status: str = "status"
    pid: str = "pid"
    start: str | None = None
    """When the process with that pid began, as text in the kernel's own unit, where rows say so."""
    session: str = "sessionId"
    reason: str = "errorMessage"


ONE_FILE_EACH = "files"
"""The value of `state.rows` that says that each row is a file of its own."""


def has_wildcard(pattern: str) -> bool:
    """Whether a path is a glob."""
    return any(mark in pattern for mark in "*?[")


class State(Strict):
    """Where rows, job files and the address of a shared server are.

    `roots` are globs of directories; `{home}` and `{tmp}` are the run's own. Paths below are relative to a root.
    """

    roots: list[str]
    file: Inner
    """The file of the list; where each row is a file of its own, a glob of them, in which `{id}` is the job's id."""
    rows: str
    """Where the rows stand in that file, as a path; `files`: each file is one row."""
    job_file: Inner | None = None
    """What a job has in a file of its own beside its row in the list."""
    server_file: Inner | None = None
    server_pid: str = "pid"
    """The field of `server_file` that names the server's process."""
    remembers: int | None = None
    """How many jobs the list holds at most."""
    begun: list[str] = []
    """Fields that a row has only once its job has begun."""
    newer: list[str] = []
    """Fields of a row that earlier versions of the plugin did not write."""
    fields: Fields = Fields()
    words: Words

    @property
    def one_file_each(self) -> bool:
        """Whether each row is a file of its own."""
        return self.rows == ONE_FILE_EACH

    @model_validator(mode="after")
    def _one_shape(self) -> State:
        if not self.one_file_each:
            RowPath.parse(self.rows)
            if "{id}" in self.file:
                raise ValueError('`{id}` in `file` takes `rows = "files"`: each row is a file of its own')
            return self
        if self.job_file is not None:
            raise ValueError('`job_file` and `rows = "files"`: where each row is a file, the job has no other')
        parts = [part for part in PurePosixPath(self.file).parts if "{id}" in part]
        if any(has_wildcard(part) or part.count("{id}") > 1 for part in parts) or len(parts) > 1:
            raise ValueError("expected one `{id}` in `file`, and no wildcard in the same part of the path")
        if not parts and not has_wildcard(self.file):
            raise ValueError(
                'with `rows = "files"` expected a glob in `file`, such as "jobs/*.json" or "{id}/job.json"'
            )
        return self


class StatusFields(Strict):
    """How the rows of a status answer spell the facts. What is not given is spelled as in the state."""

    id: str | None = None
    status: str | None = None


class StatusAnswer(Strict):
    """How the plugin's status answers: where the rows are in its JSON, and how they spell a job's id and status."""

    rows: Annotated[list[AtPath], Field(min_length=1)] = list(DEFAULT_ROWS)
    fields: StatusFields = StatusFields()
    words: Words | None = None
    """As in the state where not given."""


class Policy(Strict):
    """A policy of a reference plugin: a named way to behave, right or wrong."""

    title: str
    overlay: list[Inner] = []
    """Directories of the plugin that are copied over its top, in this order."""
    shared_server: bool = True
    """Whether it has the shared server that the descriptor's `state.server_file` tells of."""


class Common(Strict):
    """What every descriptor has."""

    name: str
    title: str
    recognise: Recognise
    needs: dict[str, str] = {}
    """Programs that must be on PATH, each with what to do when it is missing."""
    policies: dict[str, Policy] = {}
    switches: dict[str, str] = {}
    """Named additions to a policy, POLICY+SWITCH, each with what it does."""
    policy_file: Inner | None = None
    """The file of the plugin's copy that names the policy."""
    project: dict[Inner, str] = {}
    """Files that a project must have for the plugin to be active: path and text."""


Promise = Literal["notice"]
"""What a plugin may say of itself, to be held to it. `notice`: it tells a session of the ends of its jobs."""


class Companion(Common):
    """The descriptor of a plugin that starts jobs."""

    kind: Literal["companion"]
    commands: Commands
    started: str
    """A regular expression whose first group is the job's id in what a successful background launch prints."""
    exports: list[str] = []
    """The variables that its SessionStart hook hands to the session's shells."""
    promises: list[Promise] = []
    """What it promises of itself: a requirement that is about it is a SHOULD for plugins that do not."""
    denies: dict[Promise, str] = {}
    """Words by which what a launch prints takes a promise back: some version of the plugin says them."""
    state: State
    status: StatusAnswer = StatusAnswer()
    refuses: list[str] = []
    """Of a reference plugin: the policies and switches with which it refuses every launch from a main session."""

    @model_validator(mode="after")
    def _refuses_by_name(self) -> Companion:
        unknown = [name for name in self.refuses if name not in self.policies and name not in self.switches]
        if unknown:
            raise ValueError(f"`refuses` names {', '.join(unknown)}: expected names of policies or switches")
        return self

    @field_validator("started")
    @classmethod
    def _one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError("expected a regular expression with exactly one group, the job's id")
        return value


class Agents(Strict):
    """Agents that the plugin has a template of its own for."""

    known: str
    other: str | None = None
    """A second one, so that a wrong choice between two can be seen."""
    claude: str | None = None
    """The known agent as a host calls it that puts the plugin's name before it, where that is not `PLUGIN:known`."""


class Says(Strict):
    """Lines by which the plugin's texts are recognised in what a model was sent.

    A line that two texts share proves nothing: each must be in its own text alone. All lines of a list must be there
    for the text to count as there; one line is enough for it to count as leaked.
    """

    policy: list[str] = []
    """In the main session's policy and nowhere else; none for a plugin that tells main nothing."""
    known: list[str] = []
    """In the known agent's template and nowhere else."""
    other: list[str] = []
    """In the other agent's template and nowhere else."""
    launcher: list[str] = []
    """In the launcher part of an agent's block, on every host."""
    resolver: list[str] = []
    """In the part of an agent's block that says how to resolve authoring rules."""
    runbook: str | None = None
    """What begins the part of an agent's block that is its own, where the block has one."""
    per_host: list[str] = []
    """Regular expressions: a line of a block that one of them is found in differs from host to host by design."""


class Criterion(Strict):
    """One acceptance criterion of an issue, and how it shows: exactly one of the ways."""

    text: str
    check: str | None = None
    """`scenario:check` that must conform."""
    file: Inner | None = None
    """A file of the plugin in which every pattern of `has` and none of `lacks` is found."""
    has: list[str] = []
    lacks: list[str] = []
    tests: str | None = None
    """Tests of the plugin's repository that must pass; with `mutant`, that must fail."""
    mutant: Inner | None = None
    """The file of the plugin that is changed first: `insert` is put in before the last `before`."""
    before: str = ""
    insert: str = ""
    not_judged: str | None = None
    """Why no machine can tell."""

    @model_validator(mode="after")
    def _one_way(self) -> Criterion:
        ways = [self.check, self.file, self.tests, self.not_judged]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("expected exactly one of `check`, `file`, `tests` and `not_judged`")
        if self.mutant is not None and (self.tests is None or not self.before or not self.insert):
            raise ValueError("`mutant` needs `tests`, `before` and `insert`")
        return self

    @field_validator("has", "lacks")
    @classmethod
    def _compile(cls, value: list[str]) -> list[str]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"not a regular expression: {pattern!r}: {error}") from None
        return value


class Context(Common):
    """The descriptor of a plugin that injects context."""

    kind: Literal["context"]
    agents: Agents | None = None
    """None for a plugin that makes no difference between agents: scenarios with such agents do not apply to it."""
    says: Says
    records: list[str] = []
    """Globs of the JSON files in which the plugin records agents; `{home}` and `{project}` are the run's."""
    uv_dependencies: list[str] = []
    """What its hook scripts depend on, when uv runs them: installed once into a cache, and offline from then on."""
    criteria: list[Criterion] = []
    """The acceptance criteria of the issue that is told about it."""

    @model_validator(mode="after")
    def _says_something(self) -> Context:
        agents, says = self.agents, self.says
        mistakes = []
        if not says.policy and not says.known:
            mistakes.append(
                "says: expected lines of `policy`, or of `known`: what the plugin tells, and by what it is known"
            )
        if bool(says.known) != (agents is not None):
            mistakes.append(
                "agents.known and says.known: expected both (an agent, and lines of its template) or neither"
            )
        if bool(says.other) != (agents is not None and agents.other is not None):
            mistakes.append("agents.other and says.other: expected both (a second agent, and its lines) or neither")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def called(self, *, qualified: bool) -> dict[str, str]:
        """What scenarios call `known` and `other`, as far as there are such; `qualified`: after the plugin's name."""
        if self.agents is None:
            return {}
        known, other = self.agents.known, self.agents.other
        whole = self.agents.claude or f"{self.recognise.name}:{known}"
        before = whole.removesuffix(known) if qualified else ""
        names = {"known": whole if qualified else known}
        return names if other is None else {**names, "other": f"{before}{other}"}


class Hooks(Common):
    """The descriptor of a plugin of which nothing is known but that it has hooks. Most have no file of it."""

    kind: Literal["hooks"]


Descriptor = Companion | Context | Hooks


def read_descriptor(path: Path) -> Descriptor:
    """The descriptor in `path`. Raises CatalogueError with every mistake."""
    table = read_table(path)
    kind = table.get("kind")
    if kind == "companion":
        return validate(path, table, Companion)
    if kind == "context":
        return validate(path, table, Context)
    if kind == "hooks":
        return validate(path, table, Hooks)
    raise CatalogueError(path, [f'kind: expected "companion", "context" or "hooks", found {kind!r}'])
