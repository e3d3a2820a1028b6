"""How a kind of record is declared, checked and written: one frozen dataclass a kind, found by its `kind`.

A class says what a record of its kind must hold; whoever writes one builds it, whoever reads a journal gets it back.
What comes from outside (a line of a file, a record that another program tells) is checked against the class here.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import partial
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from hookproof.errors import HookproofError


class MisfitError(HookproofError):
    """What is no record of its kind. The text says which kind, which field, and what was expected there."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A type with fewer values than Python's own."""

    words: str
    fits: Callable[[Any], bool]


Pid = Annotated[int, Constraint("a process id", lambda value: 0 < value < 2**32)]
Json = dict[str, Any]
"""An object of somebody else's, taken as it is: a plugin's row, a hook's payload."""


class Part:
    """What records are made of, and they themselves. Each subclass is made by `part` or `kind`.

    They are equal and printed as dataclasses are. It stands here once: to have these methods made for each of a hundred
    classes took as long as anything else in a start of hookproof.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, each.name) for each in fields(self))

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        held = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
        return f"{type(self).__qualname__}({', '.join(held)})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Record(Part):
    """One record. `seq` counts from 1, `at` is in milliseconds since the case began: the journal gives both."""

    kind: ClassVar[str]
    seq: int = 0
    at: float = 0.0
    undeclared: Json = field(default_factory=dict)
    """What more was told than the kind declares, as it came."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sent(Record):
    """A record that other programs may tell over the recorder. Of one of the harness's own both fields are null."""

    source: str | None = None
    """Who told it: `claude`, `codex`, `probe`, ...; the word that its connection began with."""
    by: int | None = None
    """The process that told it, by its own account."""


P = TypeVar("P", bound=Part)
R = TypeVar("R", bound=Record)
KINDS: dict[str, type[Record]] = {}
"""Every kind there is, by its name. Complete once `hookproof.records` is imported."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def part(declared: type[P]) -> type[P]:
    """Declares a type that records hold: a process, a row's place."""
    return dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(declared)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def kind(name: str) -> Callable[[type[R]], type[R]]:
    """Declares a kind of record under the name that it has in the journal."""

    def declare(declared: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(declared)
        made.kind = name
        KINDS[name] = made
        return made

    return declare


def decode(name: object, values: Mapping[str, Any], among: type[R]) -> R:
    """The record of that kind with these values. Raises MisfitError for one of another kind, or one that is not whole.

    `among` limits the kinds: `Record` is all of them, `Told` those that other programs may tell.
    """
    declared = KINDS.get(name) if isinstance(name, str) else None
    if declared is None or not issubclass(declared, among):
        here = " may be told here" if among is not Record else ""
        raise MisfitError(f"there is no record of the kind {short(name)}{here}")
    return build(declared, values, f"a record of the kind {name!r}", rest="undeclared")


def plain(value: Part) -> Json:
    """A record as a JSON object: `seq`, `at`, `kind`, then its fields in order, without defaults."""
    return dict(_plain(value))


def _plain(value: Part) -> Iterator[tuple[str, Any]]:
    for each in _shape(type(value)):
        held = getattr(value, each.name)
        if each.name in {"seq", "at"} or each.required or held != each.default:
            yield each.name, held
        if each.name == "at":
            yield "kind", getattr(value, "kind")  # noqa: B009 - of a record alone
    if isinstance(value, Record):
        yield from value.undeclared.items()


def outward(value: object) -> Any:
    """For `json.dumps(default=...)`: what a part of a record is in JSON; of anything else its text."""
    return plain(value) if isinstance(value, Part) else str(value)


def short(value: object) -> str:
    """A value as an error quotes it."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


# what a class says of its fields


@dataclass(frozen=True, slots=True)
class Shape:
    """A field of a record and the values that it may have."""

    name: str
    words: str
    required: bool
    default: Any
    simple: frozenset[type]
    """The types of which every value fits as it is."""
    build: Callable[[Any], Any] | None
    """For a value of none of them. Raises MisfitError, without words where `words` say it all."""


_SHAPES: dict[type[Part], tuple[Shape, ...]] = {}


def shape(declared: type[Part]) -> tuple[Shape, ...]:
    """The fields of a kind or of a part, less what only the journal gives."""
    return tuple(each for each in _shape(declared) if each.name not in {"seq", "at"})


def _shape(declared: type[Part]) -> tuple[Shape, ...]:
    known = _SHAPES.get(declared)
    if known is None:
        hints = get_type_hints(declared, include_extras=True)
        known = _SHAPES[declared] = tuple(
            _field(each, hints[each.name]) for each in fields(declared) if each.name != "undeclared"
        )
    return known


def _field(each: Field[Any], hint: Any) -> Shape:
    words, simple, build = _type(hint)
    default = each.default_factory() if each.default_factory is not MISSING else each.default
    return Shape(each.name, words, default is MISSING, default, simple, build)


_Type = tuple[str, frozenset[type], Callable[[Any], Any] | None]
_SIMPLE: dict[Any, tuple[str, frozenset[type]]] = {
    str: ("a string", frozenset({str})),
    int: ("a whole number", frozenset({int})),
    float: ("a number", frozenset({int, float})),
    bool: ("true or false", frozenset({bool})),
    types.NoneType: ("null", frozenset({types.NoneType})),
}


def _type(hint: Any) -> _Type:
    """The words for a type, the simple types of its values, and how the others of them are built."""
    if hint in _SIMPLE:
        return *_SIMPLE[hint], None
    if hint == Json:
        return "an object", frozenset({dict}), None
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _either([_type(each) for each in inner])
    return _compound(hint, origin, inner)


def _compound(hint: Any, origin: Any, inner: tuple[Any, ...]) -> _Type:
    build: Callable[[Any], Any]
    if origin is Annotated:
        words, build = inner[1].words, _constrained(_type(inner[0]), inner[1])
    elif origin is Literal:
        words, build = _listed(inner), _one_of(inner)
    elif origin is list:
        words, build = f"a list of {_many(inner[0])}", _list(_type(inner[0]))
    elif origin is dict:
        words, build = f"an object of {_many(inner[1])}", _object(_type(inner[1]))
    elif hint is Any:
        words, build = "anything", _as_it_is
    else:
        words, build = "an object", partial(_nested, hint)
    return words, frozenset(), build


def _as_it_is(value: Any) -> Any:
    return value


def _constrained(base: _Type, constraint: Constraint) -> Callable[[Any], Any]:
    def build(value: Any) -> Any:
        if type(value) not in base[1] or not constraint.fits(value):
            raise MisfitError("")
        return value

    return build


def _listed(allowed: tuple[str, ...]) -> str:
    """Some words, of which one is meant."""
    *others, last = (f"`{each}`" for each in allowed)
    return f"{', '.join(others)} or {last}" if others else last


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], Any]:
    def build(value: Any) -> Any:
        if value not in allowed:
            raise MisfitError("")
        return value

    return build


def _either(kinds: list[_Type]) -> _Type:
    simple = frozenset().union(*(each[1] for each in kinds))
    builds = [each[2] for each in kinds if each[2] is not None]

    def build(value: Any) -> Any:
        for number, one in enumerate(builds):
            try:
                return one(value)
            except MisfitError:
                if number == len(builds) - 1:
                    raise
        raise MisfitError("")

    return " or ".join(dict.fromkeys(each[0] for each in kinds)), simple, build if builds else None


def _list(inner: _Type) -> Callable[[Any], Any]:
    def build(value: Any) -> Any:
        if type(value) is not list:
            raise MisfitError("")
        if all(type(each) in inner[1] for each in value):
            return value
        return [_one(inner, each, f"[{number}]") for number, each in enumerate(value)]

    return build


def _object(inner: _Type) -> Callable[[Any], Any]:
    def build(value: Any) -> Any:
        if type(value) is not dict:
            raise MisfitError("")
        if all(type(each) in inner[1] for each in value.values()):
            return value
        return {name: _one(inner, each, repr(name)) for name, each in value.items()}

    return build


def _one(inner: _Type, value: Any, where: str) -> Any:
    if type(value) in inner[1]:
        return value
    if inner[2] is None:
        raise MisfitError(f"at {where}: expected {inner[0]}")
    try:
        return inner[2](value)
    except MisfitError as error:
        raise MisfitError(f"at {where}: {str(error) or f'expected {inner[0]}'}") from None


def _nested(declared: type[Part], value: Any) -> Part:
    if type(value) is not dict:
        raise MisfitError("")
    return build(declared, value, "an object")


def build(declared: type[P], values: Mapping[str, Any], what: str, rest: str = "") -> P:
    """One of that type with these values; `what` is how an error names it, `rest` the field for undeclared ones.

    Raises MisfitError.
    """
    given: Json = {}
    for each in _shape(declared):
        name = each.name
        if name not in values:
            if each.required:
                raise MisfitError(f"{what} without {name!r}: expected {each.words}")
            continue
        value = values[name]
        if type(value) not in each.simple:
            value = _fitting(each, value, what)
        given[name] = value
    if rest and (more := {name: value for name, value in values.items() if name not in given}):
        given[rest] = more
    return declared(**given)


def _fitting(each: Shape, value: Any, what: str) -> Any:
    why = ""
    if each.build is not None:
        try:
            return each.build(value)
        except MisfitError as error:
            why = str(error)
    raise MisfitError(f"{what} with {each.name!r} {short(value)}: {why or f'expected {each.words}'}")


def _many(hint: Any) -> str:
    """The words for several of a type."""
    words = _type(hint)[0]
    return _PLURALS.get(words, f"{words} each")


_PLURALS = {
    "a string or null": "strings or nulls",
    "a string": "strings",
    "a whole number": "whole numbers",
    "an object": "objects",
}
