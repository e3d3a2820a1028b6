"""Verdicts: what a check concludes, and how several conclusions become one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """In falling order of weight: a violation outweighs doubt, doubt outweighs conformance."""

    VIOLATES = "violates"
    UNKNOWN = "unknown"
    CONFORMS = "conforms"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw: an outcome in the requirements' words (None: the evidence is missing), and the details."""

    outcome: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One requirement, judged on one run."""

    id: str
    verdict: Verdict
    accepted: tuple[str, ...]
    seen: str
    detail: str


SurpriseKind = Literal["violated", "unknown", "stale", "violated against the table", "satisfied against the table"]
"""How a check was not as expected: of a plugin (the first three), or of a reference policy, whose table is exact."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """A check that did not come out as expected of this plugin. `sentence` is for people; nothing reads it back."""

    check: str
    kind: SurpriseKind
    sentence: str


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a run: its worst check's. A run without checks is unknown."""
    for verdict in Verdict:
        if verdict in verdicts:
            return verdict
    return Verdict.UNKNOWN
