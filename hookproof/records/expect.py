"""The user's own sentences, as the `case` record holds them: what each expects of the run, in types.

`catalogue.expect` reads them from a scenario and builds these; `judge.expect` judges the run by them. A journal is
judged again by what stands in it, whatever has become of the scenario's file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from hookproof.records.base import Part, part
from hookproof.records.parts import Decision, FoundFile, LeftFile

ToldDecision = Decision | Literal["none"]


@part
class Wording(Part):
    """Words that are looked for: exactly these, or what a regular expression finds."""

    text: str | None = None
    pattern: str | None = None

    def count(self, text: str) -> int:
        """How often they stand in a text."""
        if self.pattern is not None:
            return sum(1 for _ in re.finditer(self.pattern, text))
        return text.count(self.text) if self.text else 0

    def stand_in(self, text: str) -> bool:
        """Whether they stand in it at all."""
        return re.search(self.pattern, text) is not None if self.pattern is not None else (self.text or "") in text

    def __str__(self) -> str:
        return repr(self.text) if self.text is not None else f"/{self.pattern}/"


@part
class Times(Part):
    """How often something is to have happened."""

    least: int
    most: int | None = None
    """Null where more is as well."""

    def fit(self, number: int) -> bool:
        """Whether so often is as often as it should be."""
        return self.least <= number and (self.most is None or number <= self.most)


@part
class Told(Part):
    """What an agent's model is told. With `times` of 0 at most: what it is not told."""

    kind: Literal["told"]
    agent: str
    wording: Wording
    times: Times
    session: int | None = None
    """The number of the agent's session, from 1; null for all of them."""
    turn: int | None = None
    """The number of what the user has typed, from 1; null for the whole conversation."""


@part
class HookRuns(Part):
    """Which runs of the plugin's hooks an expectation is about."""

    event: str
    tool: str | None = None
    agent: str | None = None
    command: Wording | None = None


@part
class Held(Part):
    """What stands at a place of a hook's payload."""

    path: str
    """Names of keys, with a dot between them."""
    there: bool = True
    equals: Any = None
    pattern: str | None = None


@part
class HookRan(Part):
    """How often a hook runs, and what it comes to."""

    kind: Literal["hook"]
    runs: HookRuns
    times: Times
    exit: int | None = None
    decision: ToldDecision | None = None
    output: Wording | None = None
    """In what it prints."""
    payload: list[Held]


@part
class ToolCalled(Part):
    """What becomes of the calls of a tool."""

    kind: Literal["tool"]
    tool: str
    agent: str
    input: Wording | None = None
    """In the input of the calls that it is about."""
    ran: bool | None = None
    denied: bool | None = None
    result: Wording | None = None
    """In the result, as the model receives it."""
    result_lacks: Wording | None = None


@part
class FileLeft(Part):
    """What is in a file when all is over."""

    kind: Literal["file"]
    path: str
    """Below `{project}`, `{home}` or `{data}`; a `*` stands for any name."""
    exists: bool
    has: list[Wording]
    lacks: list[Wording]

    def misfit(self, left: LeftFile) -> Misfit | None:
        """What is not as it should be with the files that fit the path; None where all is."""
        if not self.exists:
            there = [file.path for file in left.found]
            return Misfit(outcome="there", detail=f"{', '.join(there)} is there") if there else None
        if not left.found:
            return Misfit(outcome="missing", detail=f"no file {self.path} is there")
        for words in self.has:
            if not any(words.stand_in(file.text) for file in left.found):
                cut = next((file for file in left.found if file.cut), None)
                return Misfit(outcome="lacks it", detail=f"{_among(left)} lacks {words}", cut=cut)
        for words in self.lacks:
            for file in left.found:
                if words.stand_in(file.text):
                    return Misfit(outcome="has it", detail=f"{file.path} has {words}")
        cut = next((file for file in left.found if file.cut), None)
        if self.lacks and cut is not None:
            return Misfit(outcome="lacks it", detail=f"{cut.path} lacks it as far as it was read", cut=cut)
        return None


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is not as it should be with a file."""

    outcome: str
    detail: str
    cut: FoundFile | None = None
    """The file that was not read to its end, so that nobody can tell."""


def _among(left: LeftFile) -> str:
    return left.found[0].path if len(left.found) == 1 else f"none of {len(left.found)} files {left.path}:"


@part
class ProcessesLeft(Part):
    """What still runs when all is over."""

    kind: Literal["left"]
    command: Wording | None
    """In the command lines of the processes that it is about; null for all."""
    times: Times


@part
class HookTook(Part):
    """How long a hook holds its host up."""

    kind: Literal["within_ms"]
    runs: HookRuns
    ms: int


@part
class HostWarned(Part):
    """What the host says in its own words."""

    kind: Literal["host_warned"]
    wording: Wording
    times: Times


Expected = Told | HookRan | ToolCalled | FileLeft | ProcessesLeft | HookTook | HostWarned
"""What a sentence expects of the run."""


@part
class Expectation(Part):
    """A sentence of the user's own."""

    id: str
    keyword: Literal["MUST", "MUST NOT", "SHOULD"]
    sentence: str
    expects: Expected
