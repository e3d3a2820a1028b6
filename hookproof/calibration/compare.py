"""Two hosts' facets, held against each other; and the differences that a lifecycle file knows of.

Each side is several runs. A run in which something went wrong, a missed deadline too, measured nothing and is not
compared. Where the real host does not agree with itself nothing is compared: that is a race of its own. Where it does,
every run of the stand-in must say the same. The order of what happens is compared pair by pair: of those pairs only
that came the same way in every run of the real host.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from hookproof.calibration.facets import ABOUT_EVENTS, ORDER, RACED, Facets
from hookproof.catalogue.lifecycle import KnownDifference


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between stand-in and host. `where` is `SCENARIO: PLACE`; None: one of them has no value."""

    facet: str
    where: str
    fake: Any
    real: Any


Side = Literal["stand-in", "real host"]


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Runs of one scenario on one side that measured nothing."""

    scenario: str
    side: Side
    runs: int
    """How many of them."""
    of: int
    """How many there were."""
    reasons: tuple[str, ...]
    """What went wrong in them."""

    @property
    def whole(self) -> bool:
        """Whether none measured anything, so that nobody knows how the two differ in this scenario."""
        return self.runs == self.of


@dataclass(frozen=True, slots=True)
class Compared:
    """One scenario, held against the real host."""

    scenario: str
    differences: list[Difference]
    not_measured: list[NotMeasured]

    @property
    def measured(self) -> bool:
        """Whether there was anything to compare."""
        return not any(each.whole for each in self.not_measured)


@dataclass(frozen=True, slots=True)
class Judged:
    """Differences, each with the entry that knows of it or None, and the entries that know of none."""

    differences: list[tuple[Difference, KnownDifference | None]]
    stale: list[KnownDifference]
    not_measured: list[NotMeasured]

    @property
    def unmeasured(self) -> list[str]:
        """The scenarios in which nothing was measured."""
        return list(dict.fromkeys(each.scenario for each in self.not_measured if each.whole))

    @property
    def unexplained(self) -> list[Difference]:
        """What counts."""
        return [difference for difference, entry in self.differences if entry is None]


def compare(
    scenario: str, fakes: Sequence[Facets], reals: Sequence[Facets], unordered: Sequence[Sequence[str]] = ()
) -> Compared:
    """Every difference in one scenario. `unordered` are pairs of patterns of what nobody waits for."""
    missed = [*_missed(scenario, "stand-in", fakes), *_missed(scenario, "real host", reals)]
    fakes, reals = ([run for run in side if not run.failed] for side in (fakes, reals))
    if not fakes or not reals:
        return Compared(scenario, [], missed)
    found = [
        difference
        for facet in dict.fromkeys(name for each in (*fakes, *reals) for name in each.tables)
        for difference in _tables(scenario, facet, fakes, reals)
    ]
    return Compared(scenario, found + list(_order(scenario, fakes, reals, unordered)), missed)


def _missed(scenario: str, side: Side, runs: Sequence[Facets]) -> Iterator[NotMeasured]:
    failed = [run for run in runs if run.failed]
    if failed:
        reasons = tuple(dict.fromkeys(reason for run in failed for reason in run.failed))
        yield NotMeasured(scenario, side, len(failed), len(runs), reasons)


def _tables(scenario: str, facet: str, fakes: Sequence[Facets], reals: Sequence[Facets]) -> Iterator[Difference]:
    fake, real = ([each.tables.get(facet, {}) for each in side] for side in (fakes, reals))
    for where in dict.fromkeys(index for table in (*real, *fake) for index in table):
        said, played = ([each for each in (t.get(where) for t in side) if each != RACED] for side in (real, fake))
        if facet in ABOUT_EVENTS and _missing(where, fakes, reals):
            continue  # told once, as an event that is not there
        elif said and all(each == said[0] for each in said) and any(each != said[0] for each in played):
            yield Difference(facet, f"{scenario}: {where}", next(e for e in played if e != said[0]), said[0])


def _missing(where: str, fakes: Sequence[Facets], reals: Sequence[Facets]) -> bool:
    """Whether the event that a place is about is missing on one side."""
    about = next(side.about[where] for side in (*fakes, *reals) if where in side.about)
    return any(about not in side.present for side in (*fakes, *reals))


def _order(
    scenario: str, fakes: Sequence[Facets], reals: Sequence[Facets], unordered: Sequence[Sequence[str]]
) -> Iterator[Difference]:
    """For each thing that comes too early, the nearest one that should have come before it."""
    indexes = [{label: index for index, label in enumerate(each.order)} for each in reals]
    seen = [{label: index for index, label in enumerate(each.order)} for each in fakes]
    common = [label for label in reals[0].order if all(label in each for each in indexes)]
    wrong: dict[str, str] = {}
    for first, second in combinations(common, 2):
        agreed = all(each[first] < each[second] for each in indexes)
        if any(_both(first, second, *pair) or _both(second, first, *pair) for pair in unordered):
            continue
        if agreed and any(each[first] > each[second] for each in seen if first in each and second in each):
            wrong[second] = first
    for second, first in wrong.items():
        yield Difference(ORDER, f"{scenario}: {first} before {second}", "comes after it", "comes before it")


def _both(first: str, second: str, one: str, other: str) -> bool:
    return fnmatch.fnmatchcase(first, one) and fnmatch.fnmatchcase(second, other)


def judge(compared: Iterable[Compared], known: Sequence[KnownDifference]) -> Judged:
    """Match differences with known ones. Only what was measured can show that an entry knows of nothing any more."""
    scenarios = list(compared)
    used: set[int] = set()
    judged: list[tuple[Difference, KnownDifference | None]] = []
    for difference in (difference for each in scenarios for difference in each.differences):
        number = next((n for n, entry in enumerate(known) if _fits(entry, difference)), None)
        used |= {number} if number is not None else set()
        judged.append((difference, None if number is None else known[number]))
    measured = [each.scenario for each in scenarios if each.measured]
    stale = [
        entry
        for number, entry in enumerate(known)
        if number not in used and any(fnmatch.fnmatchcase(name, entry.where.partition(":")[0]) for name in measured)
    ]
    return Judged(judged, stale, [missed for each in scenarios for missed in each.not_measured])


def _fits(entry: KnownDifference, difference: Difference) -> bool:
    return entry.facet == difference.facet and fnmatch.fnmatchcase(difference.where, entry.where)
