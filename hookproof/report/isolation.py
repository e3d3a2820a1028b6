"""How far results were isolated, in the words of a report: once for all that had the same.

Called by every report that a person reads, by `calibrate` and by `compare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hookproof.isolation import level
from hookproof.report.circumstances import Isolation
from hookproof.report.results import Result

NOT_TOLD = "not recorded"
"""What stands for the level where a journal of an older format tells nothing of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One isolation that results had."""

    head: str
    """The level; why it is not the first one; of how many cases, where others had another."""
    not_prevented: tuple[str, ...]
    good: bool
    """Whether nothing more has to be said."""


def told(results: Sequence[Result]) -> list[Told]:
    """Every isolation that these results had, in their order."""
    counted: dict[str, tuple[Isolation | None, int]] = {}
    for each in results:
        key = each.isolation.model_dump_json() if each.isolation is not None else ""
        counted[key] = (each.isolation, counted.get(key, (None, 0))[1] + 1)
    return [of(one, number if len(counted) > 1 else None) for one, number in counted.values()]


def levels(results: Sequence[Result]) -> str:
    """The levels alone, each once, with what is open beside them."""
    found = {_level(each.isolation) for each in results}
    return ", ".join(sorted(found)) or NOT_TOLD


def of(one: Isolation | level.Isolation | None, number: int | None = None) -> Told:
    """What is said of one isolation, which `number` of the cases had."""
    cases = "" if number is None else f" ({number} {'case' if number == 1 else 'cases'})"
    if one is None:
        return Told(f"{NOT_TOLD}{cases}", (), good=False)
    why = f": {one.refused}" if one.refused else ""
    return Told(f"{one.level}{cases}{why}", tuple(one.not_prevented), good=not one.not_prevented)


def _level(one: Isolation | None) -> str:
    if one is None:
        return NOT_TOLD
    # `full` with the machine's network is not the same `full`
    return one.level if one.network == "network namespace" else f"{one.level} (network: {one.network})"
