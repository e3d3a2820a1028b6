"""What the judge concludes, as data: a finding, a check's result, a surprise. Judge, results and reports share them.

Each fact is one model. What a check returns is a `Finding`; held against its requirement it is a `CheckResult`, which
is also what `--json` writes and what reports read. Sentences in them are for people: nothing reads one back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from hookproof import clean
from hookproof.catalogue.requirement import Keyword
from hookproof.records import Record


class Model(BaseModel):
    """Every text in it is clean: whatever prints or writes a result need not ask where its words are from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        if type(value) is str:
            return clean.text(value)
        return [clean.text(each) if type(each) is str else each for each in value] if type(value) is list else value


class Verdict(StrEnum):
    """In falling order of weight: a violation outweighs doubt, doubt outweighs conformance.

    `not tested` is no doubt: it is known why there was nothing to judge. Evidence that is missing is `unknown`.
    """

    VIOLATES = "violates"
    UNKNOWN = "unknown"
    NOT_TESTED = "not tested"
    CONFORMS = "conforms"

    @property
    def rank(self) -> int:
        """Its place in that order: 0 is the weightiest."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The weightiest of several verdicts; unknown where there is none."""
    return min(verdicts, key=lambda each: each.rank, default=Verdict.UNKNOWN)


def of_case(own: Iterable[Verdict], standing: Iterable[Verdict]) -> Verdict:
    """The verdict of a case: as bad as its worst check, and no better than what it is about.

    `own` are the verdicts of the requirements that its scenario names, `standing` those of what is asked in every case,
    which can only worsen it. A case of which nothing of its own was tested is `not tested`.
    """
    named = list(own)
    bad = worst([each for each in (*named, *standing) if each in _BAD] or [Verdict.CONFORMS])
    if bad is not Verdict.CONFORMS:
        return bad
    return Verdict.CONFORMS if Verdict.CONFORMS in named else worst(named)


_BAD = frozenset({Verdict.VIOLATES, Verdict.UNKNOWN})


class BaselineStatus(StrEnum):
    """The baseline's status of a check: new, known or stale, in falling order of weight."""

    NEW = "new"
    STALE = "stale"
    KNOWN = "known"


class Landed(Model):
    """Where a text reached a model. As text it is what a sentence says of it."""

    request: int
    """The number of the model request."""
    role: str
    message: int
    """Its number among the request's texts, from 1."""
    bytes: int

    def __str__(self) -> str:
        return f"{self.role} message {self.message}, {self.bytes} bytes"


@dataclass(frozen=True, slots=True)
class Missed:
    """A text that an agent was to be told and was not, as a check saw it. `causes.context` finds out why."""

    agent: str
    lines: tuple[str, ...]
    """By which the text is known."""
    thread: str | None = None
    """In which of its threads; None: in any."""
    since: int = 0
    """The record after which it was to be told."""


@dataclass(frozen=True, slots=True)
class Strayed:
    """A text that an agent was told, or a hook was to have told it, and that was not for it; or not in that form."""

    agent: str | None
    lines: tuple[str, ...] = ()
    """By which the text is known; none: whatever a hook printed."""
    run: str | None = None
    """The run of the hook that printed it, where the check knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in one run."""

    outcome: str | None
    """In the words of the requirement's accepted outcomes; None: the evidence is missing."""
    detail: str
    """For people."""
    at: Record | None = None
    """The record at which it shows."""
    agent: str | None = None
    """The agent that it is about; None where it is about none."""
    landed: Landed | None = None
    """Where the text that decides it reached a model."""
    tested: bool = True
    """False: what the requirement presupposes did not come about, and `detail` says why."""
    context: Missed | Strayed | None = None
    """Of a text that was not told where it should be, or where it should not: which."""
    certain: bool = False
    """Whether nothing that comes after its record can change it: it is too much already."""

    @classmethod
    def not_tested(cls, why: str, at: Record | None = None) -> Finding:
        """There was nothing to judge, and it is known why."""
        return cls(None, why, at, tested=False)


class CheckResult(Model):
    """One requirement, judged on one run."""

    id: str
    verdict: Verdict
    accepted: list[str]
    seen: str
    """The outcome."""
    detail: str
    at: int | None = None
    """The `seq` of the journal's record at which it shows."""
    agent: str | None = None
    """The agent that it is about."""
    landed: Landed | None = None
    """Where the text that decides it reached a model."""
    baseline: BaselineStatus | None = None
    """How it stands to the plugin's baseline, where it has one."""
    reason: str | None = None
    """Why the baseline knows of it."""
    standing: bool = False
    """Whether it is asked in every case, and its scenario does not name it."""
    binding: bool = True
    """Whether a violation of it fails a run: not of a SHOULD, nor of what the plugin does not promise."""
    keyword: Keyword | None = None
    """Of a sentence of the scenario's own; null of a requirement that hookproof ships."""
    sentence: str | None = None
    """The same: what must hold, in its author's words."""

    @property
    def tested(self) -> bool:
        """Whether it came to a judgement at all."""
        return self.verdict in {Verdict.CONFORMS, Verdict.VIOLATES}

    @property
    def said(self) -> str:
        """Of a sentence of the scenario's own: itself, in brackets behind its id; empty of a requirement."""
        return "" if self.sentence is None else f" ({self.keyword}: {self.sentence})"

    @property
    def told(self) -> str:
        """What a reader wants to know of it besides the verdict: what was seen, or why there was nothing to see."""
        return self.detail if self.verdict is Verdict.NOT_TESTED else self.seen


SurpriseKind = Literal[
    "violated",
    "unknown",
    "stale",
    "violated against the table",
    "satisfied against the table",
    "not tested against the table",
]
"""How a check was not as expected: of a plugin (the first three), or of a reference policy, whose table is exact."""


class Surprise(Model):
    """A check that did not come out as expected; `sentence` is what `unexpected` says of it."""

    check: str
    kind: SurpriseKind
    sentence: str

    @classmethod
    def unknown(cls, scenario: str, check: CheckResult) -> Surprise:
        """Nobody can tell whether it is violated."""
        sentence = f"{scenario}:{check.id}{check.said} is unknown: {check.detail}"
        return cls(check=check.id, kind="unknown", sentence=sentence)

    @classmethod
    def violation(cls, scenario: str, check: CheckResult) -> Surprise:
        """It is violated, and nobody knew."""
        detail = f"seen {check.seen!r}, accepted {', '.join(check.accepted)}"
        return cls(check=check.id, kind="violated", sentence=f"{scenario}:{check.id}{check.said} is violated: {detail}")

    @property
    def violated(self) -> bool:
        """Whether it was violated, and that was not expected."""
        return self.kind in {"violated", "violated against the table"}

    @property
    def against_the_table(self) -> bool:
        """Whether it is a reference policy that came out otherwise than the committed table says."""
        return self.kind.endswith(" against the table")
