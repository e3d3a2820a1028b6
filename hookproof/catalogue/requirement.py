"""The requirements: one row is one sentence that an implementation can violate, with the outcomes that satisfy it.

Read from `scenarios/requirements.toml`. Scenarios name rows; checks see an outcome; whether that outcome conforms is
decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hookproof import places
from hookproof.catalogue.descriptor import Promise
from hookproof.catalogue.reading import Strict, read

Keyword = Literal["MUST", "MUST NOT", "SHOULD"]
Need = Literal[
    "a launch",
    "the other session's hook ran whole",
    "every SessionEnd hook ran whole",
    "every SessionEnd hook before the last look ran whole",
    "the job had begun when the host moved its shell",
    "a main policy",
    "records of agents",
    "a template for an agent",
]
"""What must have come about so that a requirement can be judged; `judge.needs` has a function for each."""

Lean = Literal["the hooks that tell agents", "a shared server"]
"""Through what the evidence of a requirement came; `judge.leans` has a function for each."""


class Requirement(Strict):
    """One row."""

    keyword: Keyword
    sentence: str
    source: str
    accepts: Annotated[list[str], Field(min_length=1)]
    """The outcomes, in the words of the checks, that satisfy the sentence."""
    needs: list[Need] = []
    """What it presupposes. Where that did not come about it is not tested, and says why."""
    leans_on: list[Lean] = []
    """Through what its evidence came. Where that was cut short, what was not seen is not tested, and says why."""
    promise: Promise | None = None
    """What a plugin must promise for the row to bind it: of one that does not, it is a SHOULD."""
    standing: bool = False
    """Whether it is judged in every case that it fits, asked for or not; it can only worsen a case."""
    kinds: list[Literal["companion", "context", "hooks"]] = ["companion", "context", "hooks"]
    """Of a standing one: the kinds of scenario in which it is judged."""
    note: str = ""

    @property
    def binding(self) -> bool:
        """Whether a violation fails a run of a plugin that promises what there is to promise.

        A violated SHOULD only warns.
        """
        return self.keyword != "SHOULD"

    def binds(self, promises: Collection[str]) -> bool:
        """The same, of a plugin that promises these things."""
        return self.binding and (self.promise is None or self.promise in promises)


class _File(Strict):
    requirement: dict[str, Requirement]


def read_requirements(path: Path = places.SCENARIOS / "requirements.toml") -> dict[str, Requirement]:
    """All rows by id, in the file's order. Raises CatalogueError."""
    return read(path, _File).requirement
