"""A sentence of a scenario's step as a value: each class has a form, is read from a sentence, and says it again.

A form such as `turn [of AGENT] ended` holds words, and in capitals the fields that take a name. What stands in brackets
may be left out; the field is None then. `condition`, `step` and `fault` declare the classes, `step` reads with them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import ClassVar, TypeVar

_NAMES = {"JOB": r"[\w-]+", "SESSION": r"[\w-]+", "AGENT": r"[\w:#.-]+", "NUMBER": r"[1-9]\d{0,2}"}
"""What a name may consist of, by what it names."""
_NO_NAME = frozenset({"number"})
"""Fields that name nothing which the scenario defines."""


@dataclass(frozen=True)
class Sentence:
    """What a sentence says. A class has its form, and a field for each name in it.

    Only a class with a new field is made a dataclass: each costs a third of a millisecond of every start.
    """

    form: ClassVar[str]
    about_jobs: ClassVar[bool] = False
    """Whether it makes sense only in a scenario that has jobs."""

    def names(self) -> Iterator[tuple[str, str]]:
        """(what is named: `job`, `session` or `agent`; its name), less what was left out."""
        for each in fields(self):
            name = getattr(self, each.name)
            if name is not None and each.name not in _NO_NAME:
                yield each.name, name

    def __str__(self) -> str:
        """The sentence, as it stands in the scenario."""
        named: dict[str, str | None] = {each.name.upper(): getattr(self, each.name) for each in fields(self)}
        said: list[str] = []
        for part in _parts(self.form):
            words = [named.get(word, word) for word in part.strip("[]").split()]
            said += [word for word in words if word is not None] if None not in words else []
        return " ".join(said)


class Action(Sentence):
    """What a step does."""

    takes_a_job: ClassVar[bool] = False
    """Whether there is nothing to do where every launch was refused."""


S = TypeVar("S", bound=Sentence)


def parse(text: object, among: Sequence[type[S]]) -> S:
    """What the sentence says. Raises ValueError, with the forms that there are and the nearest of them."""
    if not isinstance(text, str):
        raise ValueError("expected a sentence")
    for each in among:
        found = _pattern(each.form).fullmatch(text)
        if found is not None:
            made: Callable[..., S] = each
            return made(**found.groupdict())
    raise ValueError(f"expected one of: {', '.join(each.form for each in among)}{_nearest(text, among)}")


def meaning(kind: type[Sentence]) -> str:
    """What its docstring says of it, in one line."""
    return " ".join((kind.__doc__ or "").split())


def kind_of(text: str, among: Sequence[type[S]]) -> type[S] | None:
    """The class that a sentence is read into, or that has the form; None where the text is neither."""
    return next((each for each in among if each.form == text or _pattern(each.form).fullmatch(text)), None)


def _nearest(text: str, among: Sequence[type[Sentence]]) -> str:
    forms = {spelled: each.form for each in among for spelled in _spelled(each.form)}
    near = difflib.get_close_matches(text, forms, n=1)
    return f"; the nearest is {forms[near[0]]!r}" if near else ""


def _spelled(form: str) -> Iterator[str]:
    """The form as it is compared with a sentence: whole, and less what may be left out, each with names and without."""
    parts = _parts(form)
    for said in (parts, [part for part in parts if part[0] != "["]):
        words = " ".join(said).replace("[", "").replace("]", "").split()
        yield " ".join(words)
        yield " ".join(word for word in words if word not in _NAMES)


def _parts(form: str) -> list[str]:
    """Its words, and what stands in brackets."""
    return re.findall(r"\[[^]]+\]|\S+", form)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    pattern = ""
    for part in _parts(form):
        words = "".join(f" {_word(word)}" for word in part.strip("[]").split())
        pattern += f"(?:{words})?" if part[0] == "[" else words
    return re.compile(pattern[1:])  # a form begins with a word


def _word(word: str) -> str:
    return f"(?P<{word.lower()}>{_NAMES[word]})" if word in _NAMES else re.escape(word)
