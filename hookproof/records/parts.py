"""Parts that several kinds of record have: processes, state files, texts that a model received."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from hookproof.isolation.level import Level, Network
from hookproof.records.base import Json, Part, part


@part
class Process(Part):
    """A process that was alive when somebody counted."""

    pid: int
    start: int
    """The kernel's own time of its beginning: with the pid, its identity."""
    ppid: int
    pgid: int | None
    """Its process group, where the platform has such."""
    argv: list[str]
    """Its command line, each word cut to 200 characters, at most 12 of them."""
    by: str = "token"
    """How it was recognised as the run's: `token`, `spawned`, `seen before`, `descendant`, ..."""
    started_by: str | None = None
    """The id of the run of the hook or shell that it comes from, where its environment says that."""


@part
class StateRoot(Part):
    """One directory in which a plugin keeps its jobs, as it stood."""

    root: str
    """Its path in the run's directory."""
    rows: list[Json]
    """The rows of its list of jobs."""
    job_files: list[str]
    """The names of the files of single jobs beside it."""
    server: Json | None
    """What it tells of a shared server."""
    error: str | None
    """What is wrong with one of its files, damage included."""
    unread: str | None = None
    """Why nobody knows what one of them says: it was not read at all."""
    names: list[str] = field(default_factory=list)
    """What each row is called by its file, or by the key that it stands under, as far as rows have such names."""
    there: bool | None = None
    """Whether there is a list of jobs in it, or the file of a row, damaged or not; null when unknown."""
    torn: str | None = None
    """What is wrong with the list of jobs, where it is there and is damaged: what rows it had nobody can say."""


@part
class Answer(Part):
    """What a command of the plugin's has answered."""

    exit: int | None
    """Its exit code; null for one that a signal ended, or that did not come back."""
    text: str
    """What it printed; the reason, where it did not come back."""
    answer: Any = None
    """The text read as JSON; null where it is none."""
    signal: int | None = None


@part
class Text(Part):
    """A text in a model request."""

    role: str
    text: str
    place: int | None = None
    """Its number among all texts of the request, from 0, where somebody counted."""
    inherited: bool = False
    """Whether it came with the history of the agent that this one was forked from."""

    @property
    def key(self) -> tuple[str, str]:
        """By what it is known again in another request."""
        return text_key(self.role, self.text)


def text_key(role: str, text: str) -> tuple[str, str]:
    """By what a text is known again in another request.

    A line feed at the end of a block is how a host joins it with the next one, which differs from request to request
    (measured on Claude Code 2.1.91): the text is no new one for that.
    """
    return role, text.rstrip("\n")


@part
class ToolResult(Part):
    """The result of a tool call, as the model received it."""

    tool_use_id: str
    text: str
    is_error: bool


@part
class File(Part):
    """A file in which a plugin has recorded an agent."""

    path: str
    text: str


@part
class FoundFile(Part):
    """A file that fits a path."""

    path: str
    """As the scenario would name it: below `{project}`, `{home}` or `{data}`."""
    text: str = ""
    bytes: int = 0
    shortened: bool = False
    """Whether only the beginning of its text is kept."""
    unread: str | None = None
    """Why nobody knows what is in it, though it is there."""

    @property
    def cut(self) -> bool:
        """Whether its text is not all that is in it."""
        return self.unread is not None or self.shortened


@part
class LeftFile(Part):
    """A path that the scenario names, and the files that fit it."""

    path: str
    found: list[FoundFile]
    more: int = 0
    """How many more fit it than are told of."""
    nowhere: str | None = None
    """Why nobody knows where it is."""


@part
class TornFile(Part):
    """A list of jobs that was cut."""

    file: str
    bytes: int
    left: int


@part
class Hook(Part):
    """A hook as Codex lists it."""

    key: str
    event: str
    command: str
    order: int | None = None
    """By which Codex calls it when it tells of a run."""
    trusted: bool | None = None
    """Whether Codex says that it is trusted, once that was asked for; null where it does not say."""


@part
class DeclaredHook(Part):
    """A hook as a plugin's files declare it."""

    event: str
    matcher: str | None
    """Null where there is none."""
    command: str | None
    """Null for a hook that is no command."""
    asynchronous: bool = False
    """Whether nobody is to wait for it."""


HookOutput = Literal["taken", "refused", "not read", "unknown"]
"""What became of a hook's output. `taken`: the host has read it, if only to find it empty. `refused`: it was no output
that the host takes for the event. `not read`: the hook failed, or was cut short. `unknown`: nobody has told."""
Decision = Literal["block", "deny"]


@part
class Effects(Part):
    """What a host made of a hook's output. Told by the stand-ins; of a real host in its own words."""

    output: HookOutput
    words: str | None = None
    """Why it was not taken, in the words of the host; of a stand-in in its own."""
    context: str | None = None
    """The text for the model."""
    decision: Decision | None = None
    """`deny`: a tool call does not run. `block`: what else the event can stop does not go on."""
    reason: str | None = None
    """Why it was blocked or denied."""
    stop: str | None = None
    """The hook has ended the turn: the reason, which may be empty."""
    updates_input: bool = False
    """Whether it has changed the input of a tool."""
    message: str | None = None
    """What it has told the user."""


@part
class Program(Part):
    """A host or a worker: its name, and its version or `fake`."""

    name: str
    version: str


@part
class Isolation(Part):
    """How far what was played was kept apart from the machine."""

    level: Level
    network: Network
    """What kept it off the network."""
    proof: list[str] = field(default_factory=list)
    """What was seen of it before anything was played, a line each."""
    refused: str | None = None
    """Why the level is not `full`."""
    not_prevented: list[str] = field(default_factory=list)
    """What a plugin was able to do all the same, a clause each."""


BUSY = 2.0
"""From here on a machine is too busy for a host's own budget to be the measure: a bare hook takes twice as long as it
works."""


@part
class SessionEndBudget(Part):
    """How long a host gives the SessionEnd hooks of a session at most, in milliseconds.

    They run at the same time, and each has all of it. A hook that declares a shorter timeout is ended at that one.
    """

    ms: int
    undeclared_ms: int
    """What a hook has that declares no timeout."""
    raised_by: str | None = None
    """The variable by which hookproof has raised the host's own budget; null where it is the host's own."""
    slowdown: float | None = None
    """In a scenario about the host's own budget: how many times as long as it works a bare hook took just before."""
    own_ms: int | None = None
    """There, the host's own budget: `ms` is as many times that as the machine was slower, if it was twice or more."""


@part
class ShellTimeouts(Part):
    """How long the shells of a scenario were given, where it gives one a timeout."""

    play: int
    """Which play of the case it is, from 1: one in which a launch had too little time is followed by another."""
    factor: int
    """By what each timeout of the scenario was multiplied."""
    longest_ms: int
    """The longest of them, as it was played."""


@part
class Patience(Part):
    """How long what runs must have stood still to count as at rest, and from what that was worked out."""

    ms: float
    multiple: int
    """Of what a bare hook costs here:"""
    bare_hook_ms: float


@part
class JobAnswer(Part):
    """A job of the scenario: what the model answers to it."""

    answer: str


Meaning = Literal["active", "succeeded", "ended", "cancelled"]
"""What a job is, as its row says."""


@part
class Saying(Part):
    """Values of several fields of a row that mean something together, where one word is not enough."""

    fields: Json
    means: Meaning


@part
class Words(Part):
    """The status words of the plugin's rows."""

    active: list[str] = field(default_factory=list)
    succeeded: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    cancelled: str = "cancelled"
    together: list[Saying] = field(default_factory=list)
    """What takes more than one word to say. It goes before the single words."""


@part
class StatusShape(Part):
    """How the plugin's status answers."""

    rows: list[str]
    """The paths at which an answer has rows."""
    fields: dict[str, str | None]
    words: Words


@part
class CaseAgent(Part):
    """An agent of the scenario."""

    role: str
    parent: str | None
    forked: bool
