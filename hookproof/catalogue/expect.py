"""The rows of a scenario's `[[expect]]`: the user's own sentences, each with what it expects of the run.

Read once, with all mistakes told; `Expect.recorded` makes the type of which the journal holds it, and by which it is
judged. A row has an id, a sentence and exactly one kind: the kind says what satisfies the sentence, whichever word it
is written with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, assert_never

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hookproof.catalogue.reading import Strict
from hookproof.records import expect as recorded

_ID = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_SHIPPED = re.compile(r"[A-Z]+-?\d+")
_PLACE = re.compile(r"\{(?:project|home|data)\}/.+")
_DENIES = frozenset({"PreToolUse"})
"""The events of which a refusal means that a tool call does not run."""


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _is_an_id(value: str) -> str:
    if _SHIPPED.fullmatch(value):
        raise ValueError("looks like the id of a requirement that hookproof ships; write one of your own, as ours-1")
    if not _ID.fullmatch(value):
        raise ValueError("expected small letters and digits, with `-`, `.` or `_` between them, as ours-1")
    return value


def _is_below(value: str) -> str:
    if not _PLACE.fullmatch(value) or set(value.split("/")) & {"", ".", ".."} or set(value) & {"\\", "\0"}:
        raise ValueError(
            "expected a path below {project}, {home} or {data} (the plugin's data), with `/` between names"
        )
    if "**" in value:
        raise ValueError("expected `*` for one name on a path; `**` would read any number of files")
    return value


def _as_a_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Said = Annotated[str, Field(min_length=1)]
Value = str | int | float | bool
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_compiles)]
Number = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


class _Wording(Strict):
    """Which words are looked for."""

    text: Said | None = None
    """These words."""
    pattern: Pattern | None = None
    """What this regular expression finds."""

    @model_validator(mode="after")
    def _one_of_both(self) -> _Wording:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("expected exactly one of `text` and `pattern`")
        return self

    @property
    def wording(self) -> recorded.Wording:
        return recorded.Wording(text=self.text, pattern=self.pattern)


class Wording(_Wording):
    """Words that are looked for; a text alone is short for `{ text = "..." }`."""


def _as_a_table(key: str) -> Callable[[Any], Any]:
    """Reads what is no table as what stands under `key` of one."""
    return lambda value: value if isinstance(value, dict) else {key: value}


Words = Annotated[Wording, BeforeValidator(_as_a_table("text"), json_schema_input_type=Said | Wording)]
ListOfWords = Annotated[
    list[Words], BeforeValidator(_as_a_list, json_schema_input_type=Said | Wording | list[Said | Wording])
]


class _Counted(Strict):
    """How often."""

    times: Count | None = None
    """So often, no more and no less."""
    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _is_a_count(self) -> _Counted:
        if self.times is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("expected `times`, or `at_least` and `at_most`")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("expected no more `at_least` than `at_most`")
        if self.at_least == 0 and self.at_most is None:
            raise ValueError("at_least = 0 holds whatever happens; expected `at_most`, or a larger number")
        return self

    def counted(self, least: int, most: int | None) -> recorded.Times:
        """How often, with what holds where nothing is said."""
        if self.times is not None:
            return recorded.Times(least=self.times, most=self.times)
        if self.at_least is None and self.at_most is None:
            return recorded.Times(least=least, most=most)
        return recorded.Times(least=self.at_least or 0, most=self.at_most)


class _Telling(_Wording):
    """A text, and where a model may be told it."""

    agent: str = "main"
    """Whose model: the name of its script."""
    session: Number | None = None
    """In which of its sessions, from 1: main has another one after `clear session`."""
    turn: Number | None = None
    """After which text that the user has typed into the conversation, from 1, and before the next."""

    @model_validator(mode="after")
    def _one_span(self) -> _Telling:
        if self.session is not None and self.turn is not None:
            raise ValueError("expected `session` or `turn`, not both")
        return self

    def as_told(self, times: recorded.Times) -> recorded.Told:
        return recorded.Told(
            kind="told",
            agent=self.agent,
            wording=self.wording,
            times=times,
            session=self.session,
            turn=self.turn,
        )


class Told(_Telling, _Counted):
    """A text that an agent's model is told, at least once where nothing else is said. Tool results do not count."""


class NotTold(_Telling):
    """A text that an agent's model is not told: by no hook, no user, no notification."""


class _Runs(Strict):
    """Which runs of the plugin's hooks."""

    event: Said
    tool: Said | None = None
    """Of a tool call: the name of the tool, as the hook is told it."""
    agent: str | None = None
    """For which agent; for any without a name."""
    command: Words | None = None
    """In the hook's command."""

    @property
    def runs(self) -> recorded.HookRuns:
        return recorded.HookRuns(
            event=self.event,
            tool=self.tool,
            agent=self.agent,
            command=_wording(self.command),
        )


class Held(Strict):
    """What stands at a place of a payload; a value alone is short for `{ equals = ... }`."""

    equals: Value | None = None
    pattern: Pattern | None = None
    """It is a text, and this regular expression is found in it."""
    exists: bool | None = None
    """Whether there is anything at all."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Held:
        if sum(each is not None for each in (self.equals, self.pattern, self.exists)) != 1:
            raise ValueError("expected exactly one of `equals`, `pattern` and `exists`")
        return self


class Hook(_Runs, _Counted):
    """Runs of the plugin's hooks that are as this says, at least one where nothing else is said."""

    exit: int | None = None
    """The exit status."""
    decision: Literal["deny", "block", "none"] | None = None
    """deny: the tool call does not run. block: what else the event can stop does not go on. none: neither."""
    output: Words | None = None
    """In what it prints."""
    payload: dict[
        Said, Annotated[Held, BeforeValidator(_as_a_table("equals"), json_schema_input_type=Value | Held)]
    ] = {}
    """What the hook was given: keys with a dot between them, and what stands there."""

    @model_validator(mode="after")
    def _can_decide_so(self) -> Hook:
        denies = self.event in _DENIES
        if self.decision in {"deny", "block"} and denies != (self.decision == "deny"):
            raise ValueError(f"decision: a refusal of {self.event} is called {'deny' if denies else 'block'!r}")
        return self


class Tool(Strict):
    """What becomes of an agent's calls of a tool: of each that is as this says."""

    tool: Said
    """As the scenario calls it."""
    agent: str = "main"
    input: Words | None = None
    """In the input of the calls that it is about."""
    ran: bool | None = None
    """Whether the host has run it."""
    denied: bool | None = None
    """Whether a hook of the plugin has kept the host from it."""
    result: Words | None = None
    """In what the model gets back."""
    result_lacks: Words | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Tool:
        if all(each is None for each in (self.ran, self.denied, self.result, self.result_lacks)):
            raise ValueError("expected `ran`, `denied`, `result` or `result_lacks`")
        return self


class File(Strict):
    """A file when all is over."""

    path: Annotated[str, AfterValidator(_is_below)]
    """Below `{project}`, `{home}` or `{data}`, the plugin's own data; `*` stands for any name."""
    exists: bool = True
    has: ListOfWords = []
    """What stands in it; of several files, in one of them."""
    lacks: ListOfWords = []
    """What stands in none of them."""

    @model_validator(mode="after")
    def _is_there(self) -> File:
        if not self.exists and (self.has or self.lacks):
            raise ValueError("a file that must not exist holds nothing: leave out `has` and `lacks`")
        return self


class Left(_Counted):
    """Processes that still run when every session is over, none where nothing else is said."""

    command: Words | None = None
    """In the command lines of those that it is about; all without it."""


class WithinMs(_Runs):
    """The longest that a hook may hold its host up. Its case is played while no other is."""

    ms: Number


class HostWarned(_Wording):
    """What the host itself says, in its own words."""

    never: bool = False
    """It must not say it."""


Kind = Told | NotTold | Hook | Tool | File | Left | WithinMs | HostWarned


class Expect(Strict):
    """One row of `[[expect]]`: an id, a sentence, and exactly one kind."""

    id: Annotated[str, AfterValidator(_is_an_id)]
    """Your own, as ours-1: reports, the baseline and `explain` name it so."""
    must: Said | None = None
    must_not: Said | None = None
    should: Said | None = None
    """Violated, it only warns."""
    told: Told | None = None
    not_told: NotTold | None = None
    hook: Hook | None = None
    tool: Tool | None = None
    file: File | None = None
    left: Left | None = None
    within_ms: WithinMs | None = None
    host_warned: HostWarned | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Expect:
        mistakes = []
        for names in (_KEYWORDS, _KINDS):
            there = [name for name in names if getattr(self, name) is not None]
            if len(there) != 1:
                what = f"found {' and '.join(map(repr, there))}" if there else "found none"
                listed = ", ".join(f"`{name}`" for name in names)
                mistakes.append(f"expected exactly one of {listed}; {what}")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @property
    def kind(self) -> tuple[str, Kind]:
        """The kind that it has: its key, and what stands there."""
        found = ((name, getattr(self, name)) for name in _KINDS)
        return next((name, kind) for name, kind in found if kind is not None)

    @property
    def agents(self) -> Iterator[tuple[str, str]]:
        """(the key that names it, the agent) as far as it names any."""
        name, kind = self.kind
        if not isinstance(kind, File | Left | HostWarned) and kind.agent is not None:
            yield f"{name}.agent", kind.agent

    @property
    def keyword(self) -> Literal["MUST", "MUST NOT", "SHOULD"]:
        if self.must is not None:
            return "MUST"
        return "SHOULD" if self.should is not None else "MUST NOT"

    @property
    def sentence(self) -> str:
        return self.must or self.must_not or self.should or ""

    @property
    def in_journal(self) -> recorded.Expectation:
        """As the journal holds it."""
        expects = _expected(self.kind[1])
        return recorded.Expectation(id=self.id, keyword=self.keyword, sentence=self.sentence, expects=expects)


_KEYWORDS = ("must", "must_not", "should")
_KINDS = tuple(name for name in Expect.model_fields if name not in {"id", *_KEYWORDS})


def _expected(kind: Kind) -> recorded.Expected:  # noqa: PLR0911 - one case a kind
    match kind:
        case Told():
            return kind.as_told(kind.counted(1, None))
        case NotTold():
            return kind.as_told(recorded.Times(least=0, most=0))
        case Hook():
            return recorded.HookRan(
                kind="hook",
                runs=kind.runs,
                times=kind.counted(1, None),
                exit=kind.exit,
                decision=kind.decision,
                output=_wording(kind.output),
                payload=[_held(path, value) for path, value in kind.payload.items()],
            )
        case Tool():
            return recorded.ToolCalled(
                kind="tool",
                tool=kind.tool,
                agent=kind.agent,
                input=_wording(kind.input),
                ran=kind.ran,
                denied=kind.denied,
                result=_wording(kind.result),
                result_lacks=_wording(kind.result_lacks),
            )
        case File():
            has, lacks = ([words.wording for words in listed] for listed in (kind.has, kind.lacks))
            return recorded.FileLeft(kind="file", path=kind.path, exists=kind.exists, has=has, lacks=lacks)
        case Left():
            return recorded.ProcessesLeft(kind="left", command=_wording(kind.command), times=kind.counted(0, 0))
        case WithinMs():
            return recorded.HookTook(kind="within_ms", runs=kind.runs, ms=kind.ms)
        case HostWarned():
            times = recorded.Times(least=0, most=0) if kind.never else recorded.Times(least=1)
            return recorded.HostWarned(kind="host_warned", wording=kind.wording, times=times)
        case _:
            assert_never(kind)


def _wording(words: Wording | None) -> recorded.Wording | None:
    return None if words is None else words.wording


def _held(path: str, held: Held) -> recorded.Held:
    there = held.exists is not False
    return recorded.Held(path=path, there=there, equals=held.equals, pattern=held.pattern)
