"""What changed between two runs: new and fixed violations, other causes, and what became slower beyond noise.

Cases are matched by scenario, plugin, lifecycle and machine; where a side has only one plugin, lifecycle or machine
and the other has only one too, those are matched whatever they are called, so that two versions of a plugin, or a
stand-in and its host, can be held against each other.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hookproof import __version__
from hookproof.judge.verdict import Verdict, worst
from hookproof.report.isolation import levels
from hookproof.report.results import Report, Result

FACTOR = 1.5
"""What counts as slower when no repeats tell how much a case varies by itself."""
_LEAST_SECONDS = 0.1
_ENOUGH_REPEATS = 3
Kind = Literal[
    "new violation", "fixed", "now unknown", "no longer unknown", "no longer tested", "now tested", "signature"
]
ORDER: list[Kind] = [
    "new violation",
    "now unknown",
    "no longer tested",
    "signature",
    "no longer unknown",
    "now tested",
    "fixed",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Change(_Model):
    """One difference. `before` and `after` are what was seen, with how often of how many repeats."""

    kind: Kind
    scenario: str
    where: str
    check: str | None
    before: str
    after: str


class Slower(_Model):
    """A case that takes longer."""

    scenario: str
    where: str
    before: float
    after: float
    """Medians, in seconds."""


class Comparison(_Model):
    """Everything, as `--json` writes it."""

    hookproof: str
    format: Literal["1.1"]
    isolation_before: str
    isolation_after: str
    """The levels at which cases were played: at another one a plugin is able to do other things."""
    common: int
    """Cells that both have; the others cannot be compared."""
    only_before: list[str]
    only_after: list[str]
    changes: list[Change]
    slower: list[Slower]
    noise: float | None
    """By which part repeats of one case differ; None when there were too few to tell."""
    measure: str
    """What counted as slower, in words."""

    @property
    def new_violations(self) -> list[Change]:
        """What fails a comparison."""
        return [each for each in self.changes if each.kind == "new violation"]


Cell = tuple[str, str, str, str]


def compare(before: Report, after: Report) -> Comparison:
    """What changed from `before` to `after`."""
    old, new = _cells(before.results, after.results), _cells(after.results, before.results)
    common = [cell for cell in new if cell in old]
    noise = _noise([*old.values(), *new.values()])
    changes = [change for cell in common for change in _changes(cell, old[cell], new[cell])]
    return Comparison(
        hookproof=__version__,
        format="1.1",
        isolation_before=levels(before.results),
        isolation_after=levels(after.results),
        common=len(common),
        only_before=[_named(cell) for cell in old if cell not in new],
        only_after=[_named(cell) for cell in new if cell not in old],
        changes=sorted(changes, key=lambda each: ORDER.index(each.kind)),
        slower=[each for cell in common for each in _slower(cell, old[cell], new[cell], noise)],
        noise=noise,
        measure=f"more than {FACTOR:g} times as long, since too few repeats tell how much a case varies"
        if noise is None
        else f"every repeat slower than every one before, and more than the {noise:.0%} by which repeats vary",
    )


def _cells(results: Sequence[Result], others: Sequence[Result]) -> dict[Cell, list[Result]]:
    """Results by what they are matched by; empty where either side has only one."""
    parts: list[Callable[[Result], str]] = [
        lambda each: each.plugin,
        lambda each: each.lifecycle,
        lambda each: ", ".join(part for part in (each.platform, each.python) if part),
    ]
    shown = [max(len({part(each) for each in side}) for side in (results, others)) > 1 for part in parts]
    cells: dict[Cell, list[Result]] = {}
    for each in results:
        plugin, lifecycle, machine = (part(each) if matters else "" for part, matters in zip(parts, shown, strict=True))
        cells.setdefault((each.scenario, plugin, lifecycle, machine), []).append(each)
    return cells


def _named(cell: Cell) -> str:
    return " · ".join(part for part in cell if part)


def _changes(cell: Cell, old: Sequence[Result], new: Sequence[Result]) -> list[Change]:
    changes = []
    where = " · ".join(part for part in cell[1:] if part)
    for check in dict.fromkeys(check.id for each in new for check in each.checks):
        before, after = _verdict(old, check), _verdict(new, check)
        kind = _kind(before, after)
        if kind is not None:
            changes.append(
                Change(
                    kind=kind,
                    scenario=cell[0],
                    where=where,
                    check=check,
                    before=_seen(old, check),
                    after=_seen(new, check),
                )
            )
    causes = [" or ".join(sorted({each.cause or "none" for each in side})) for side in (old, new)]
    if causes[0] != causes[1] and not changes:
        changes.append(
            Change(
                kind="signature",
                scenario=cell[0],
                where=where,
                check=None,
                before=causes[0],
                after=causes[1],
            )
        )
    return changes


def _kind(before: Verdict | None, after: Verdict | None) -> Kind | None:
    if before == after or before is None or after is None:
        return None
    if after is Verdict.VIOLATES:
        return "new violation"
    if after is Verdict.UNKNOWN:
        return "now unknown"
    if before is Verdict.UNKNOWN:
        return "no longer unknown"
    if after is Verdict.NOT_TESTED:
        return "no longer tested"
    return "fixed" if before is Verdict.VIOLATES else "now tested"


def _verdict(results: Sequence[Result], check: str) -> Verdict | None:
    """The weightiest verdict over the repeats that tested it; None when the check was not judged at all."""
    seen = [each.verdict for result in results for each in result.checks if each.id == check]
    return worst([each for each in seen if each is not Verdict.NOT_TESTED] or seen) if seen else None


def _seen(results: Sequence[Result], check: str) -> str:
    wanted = _verdict(results, check)
    judged = [each for result in results for each in result.checks if each.id == check]
    fitting = [each for each in judged if each.verdict == wanted]
    often = f" in {len(fitting)} of {len(judged)}" if len(judged) > 1 else ""
    marks = sorted({result.cause for result in results if result.cause and result.verdict == wanted})
    marked = f" [{' '.join(marks)}]" if marks and wanted is Verdict.VIOLATES else ""
    told = dict.fromkeys(each.told for each in fitting)
    return f"{wanted}: {', '.join(told)}{marked}{often}"


def _noise(cells: Sequence[Sequence[Result]]) -> float | None:
    """How far, as a part, a repeat may be from the middle of its case: what 95 of 100 repeats keep to."""
    off = []
    for results in cells:
        seconds = [each.seconds for each in results]
        if len(seconds) >= _ENOUGH_REPEATS and (middle := statistics.median(seconds)) > 0:
            off += [abs(each - middle) / middle for each in seconds]
    if len(off) < _ENOUGH_REPEATS:
        return None
    return sorted(off)[min(len(off) - 1, int(len(off) * 0.95))]


def _slower(cell: Cell, old: Sequence[Result], new: Sequence[Result], noise: float | None) -> list[Slower]:
    before, after = ([each.seconds for each in side] for side in (old, new))
    middles = statistics.median(before), statistics.median(after)
    factor = FACTOR
    if noise is not None and min(len(before), len(after)) >= _ENOUGH_REPEATS:
        if min(after) <= max(before):
            return []
        factor = 1 + noise
    if middles[1] <= middles[0] * factor or middles[1] - middles[0] < _LEAST_SECONDS:
        return []
    where = " · ".join(part for part in cell[1:] if part)
    return [Slower(scenario=cell[0], where=where, before=round(middles[0], 3), after=round(middles[1], 3))]
