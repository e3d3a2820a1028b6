"""What the rows of a plugin's jobs say, and where in a file or an answer they stand, as its descriptor spells it.

Pure. The sandbox and the play make a `Spelling` of the descriptor, the judge makes one of the header of a journal:
whoever asks for a job's id, its status or its process asks a spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hookproof.records.base import Json
from hookproof.records.parts import Meaning, Saying, Words

DEFAULT_ROWS = ("running", "latestFinished", "recent")
"""Where a status answer of the shape that issue #345 tells of has its rows."""
_ALL = "[*]"
_STEP = re.compile(r"(?P<key>[^.\[\]]*)(?P<all>(?:\[\*\])*)")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one row in a value: `holder[key]`, so that it can be changed there."""

    holder: Any
    key: Any
    among: bool
    """Whether the holder has room for more rows: a list, or an object with a row under each key."""

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    @property
    def name(self) -> str | None:
        """The key that the row stands under among others."""
        return self.key if self.among and isinstance(self.key, str) else None

    def put(self, value: Any) -> None:
        """Change the row."""
        self.holder[self.key] = value

    def add(self, row: Json, name: str) -> bool:
        """Add a row before this one; `name` is its key where rows have such. False where there is no room."""
        if self.among and isinstance(self.holder, list):
            self.holder.insert(0, row)
        elif self.among:
            self.holder[name] = row
        return self.among


@dataclass(frozen=True, slots=True)
class RowPath:
    """Where rows stand in a value: `jobs`, `data.jobs`, `recent[*]`, `.`.

    A list at the end of a path has a row in each element. `[*]` also opens an object that has a row under each key.
    """

    steps: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> RowPath:
        """Raises ValueError for what is no path."""
        steps: list[str] = []
        for number, part in enumerate([] if text == "." else text.split(".")):
            match = _STEP.fullmatch(part)
            if match is None or not (match["key"] or (number == 0 and match["all"])):
                raise ValueError(f"{text!r}: expected a path such as `jobs`, `data.jobs`, `recent[*]` or `.`")
            steps += [match["key"]] if match["key"] else []
            steps += [_ALL] * (len(match["all"]) // len(_ALL))
        return cls(tuple(steps))

    def slots(self, box: list[Any]) -> Iterator[Slot]:
        """The places of what stands at the path in `box[0]`, objects or not."""
        found = [Slot(box, 0, among=False)]
        for step in self.steps:
            found = [inner for slot in found for inner in _inside(slot.value, step)]
        for slot in found:
            yield from _inside(slot.value, _ALL) if isinstance(slot.value, list) else [slot]

    def is_there(self, value: Any) -> bool:
        """Whether the value has the place, though there may be no row in it: a list that is empty, or null."""
        for step in self.steps:
            if step == _ALL:
                return isinstance(value, list | dict)
            if not isinstance(value, dict) or step not in value:
                return False
            value = value[step]
        return value is None or isinstance(value, list | dict)


def _inside(value: Any, step: str) -> list[Slot]:
    if step != _ALL:
        return [Slot(value, step, among=False)] if isinstance(value, dict) and step in value else []
    keys = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ()
    return [Slot(value, key, among=True) for key in keys]


@dataclass(frozen=True, slots=True, repr=False)
class Status:
    """What a row says that its job is. As text: the row's own words."""

    word: str
    """The value of the row's field for the status."""
    beside: tuple[tuple[str, Any], ...]
    """The other fields that the descriptor has words for, with their values."""
    means: Meaning | None
    """None where the descriptor does not tell what the words mean."""

    @property
    def active(self) -> bool:
        """Whether the job is at work, or is to be."""
        return self.means == "active"

    @property
    def succeeded(self) -> bool:
        return self.means == "succeeded"

    @property
    def failed(self) -> bool:
        """Whether the job is over without success, and nobody wanted it so."""
        return self.means == "ended"

    @property
    def cancelled(self) -> bool:
        return self.means == "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the job is over without success."""
        return self.means in {"ended", "cancelled"}

    @property
    def terminal(self) -> bool:
        """Whether the job is over."""
        return self.ended or self.succeeded

    def __bool__(self) -> bool:
        return bool(self.word or self.beside)

    def __str__(self) -> str:
        return self.word + self._more("{} {}")

    def __repr__(self) -> str:
        return repr(self.word) + self._more("{} {!r}")

    def _more(self, form: str) -> str:
        more = ", ".join(form.format(name, value) for name, value in self.beside)
        return f" ({more})" if more else ""


NO_STATUS = Status("", (), None)
"""What there is to say without a row."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the rows of one plugin spell the facts, in its state or in its status answers."""

    fields: Mapping[str, str]
    """What each fact is called: `id`, `status`, `pid`, `start`, `session`, `reason`."""
    words: Words

    def get(self, row: Json, fact: str) -> Any:
        """What a row says of a fact, or None."""
        return value_at(row, self.fields[fact]) if fact in self.fields else None

    def id(self, row: Json, name: str | None = None) -> str | None:
        """The job's id: the row's own, else what the row is called by its file or its key. None: this is no row."""
        own = self.get(row, "id")
        if isinstance(own, str | int) and not isinstance(own, bool):
            return str(own)
        return name if name and self.status(row) else None

    def pid(self, row: Json) -> int | None:
        """The process that the row names."""
        pid = self.get(row, "pid")
        return pid if isinstance(pid, int) and not isinstance(pid, bool) else None

    def status(self, row: Json) -> Status:
        """What the row says that the job is: of the sayings that fit it the one with the most fields."""
        told = self.get(row, "status")
        word = "" if told is None else told if isinstance(told, str) else str(told)
        named = dict.fromkeys(field for saying in self.words.together for field in saying.fields)
        values = ((field, value_at(row, field)) for field in named if field != self.fields.get("status"))
        beside = tuple((field, value) for field, value in values if isinstance(value, str | int | float))
        return Status(word, beside, self._meaning(row, word))

    def _meaning(self, row: Json, word: str) -> Meaning | None:
        fitting = [saying for saying in self.words.together if _fits(saying, row)]
        if fitting:
            return max(fitting, key=lambda saying: len(saying.fields)).means
        words = self.words
        if word and word == words.cancelled:
            return "cancelled"
        lists: tuple[tuple[Meaning, list[str]], ...] = (
            ("active", words.active),
            ("succeeded", words.succeeded),
            ("ended", words.ended),
        )
        return next((meaning for meaning, among in lists if word in among), None)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was found, with the spelling by which it is read."""

    told: Json
    id: str
    spelling: Spelling

    @property
    def status(self) -> Status:
        return self.spelling.status(self.told)

    @property
    def pid(self) -> int | None:
        return self.spelling.pid(self.told)

    @property
    def session(self) -> str | None:
        """The session that it is tagged with."""
        value = self.spelling.get(self.told, "session")
        return str(value) if value else None

    @property
    def reason(self) -> Any:
        """Why the job has ended, where it says so."""
        return self.spelling.get(self.told, "reason")


def rows_at(value: Any, paths: list[RowPath], spelling: Spelling) -> list[Row] | None:
    """The rows of an answer. None where it has none of the places, or nothing there is a row: it is not understood."""
    found = [slot for path in paths for slot in path.slots([value]) if slot.value is not None]
    rows = list(read_rows([(slot.value, slot.name) for slot in found], spelling))
    understood = bool(rows) if found else any(path.is_there(value) for path in paths)
    return rows if understood else None


def read_rows(values: list[tuple[Any, str | None]], spelling: Spelling) -> Iterator[Row]:
    """Those of some values that are rows. Each comes with what it is called by its file or its key, if by anything."""
    for value, name in values:
        job_id = spelling.id(value, name) if isinstance(value, dict) else None
        if job_id is not None:
            yield Row(value, job_id, spelling)


def value_at(row: Json, field: str) -> Any:
    """The value of a row's field, which may be one of an object in it: `state.phase`."""
    if field in row:
        return row[field]
    value: Any = row
    for key in field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def with_value(row: Json, field: str, value: Any) -> Json:
    """The row with another value of that field."""
    first, _, rest = field.partition(".")
    if field in row or not rest:
        return row | {field: value}
    inner = row.get(first)
    return row | {first: with_value(inner if isinstance(inner, dict) else {}, rest, value)}


def _fits(saying: Saying, row: Json) -> bool:
    found = ((value_at(row, field), value) for field, value in saying.fields.items())
    # a flag is no number: true is not 1
    return all(type(has) is type(wanted) and has == wanted for has, wanted in found)


def place_of(job_id: str, value: Any, spelling: Spelling) -> str | None:
    """Where in a value an object stands that has the job's id, at whatever depth: a path for people, or None."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for path, each in waiting:  # grows while it is walked
        if isinstance(each, dict):
            if str(spelling.get(each, "id")) == job_id:
                return path.lstrip(".") or "."
            waiting += [(f"{path}.{key}", inner) for key, inner in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{path}[{number}]", inner) for number, inner in enumerate(each)]
    return None
