"""The summary of an HTML report: scenario × plugin and host, each cell a link to its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hookproof.report import columns
from hookproof.report.html.case import Section
from hookproof.report.results import Result


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of a scenario on one plugin and host, however often it was played."""

    verdict: str
    text: str
    anchor: str
    unexpected: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Scenario × plugin and host."""

    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[Cell | None]]]


def matrix(sections: Sequence[Section]) -> Matrix:
    """The summary, in the order of the results."""
    anchors = {id(each.result): each.anchor for each in sections}
    found = columns.by_column([each.result for each in sections])
    heads = [(each.plugin, " · ".join(part for part in (each.lifecycle, each.machine) if part)) for each in found]
    cells: dict[tuple[str, int], list[Result]] = {}
    for number, results in enumerate(found.values()):
        for each in results:
            cells.setdefault((each.scenario, number), []).append(each)
    scenarios = dict.fromkeys(each.result.scenario for each in sections)
    numbers = range(len(heads))
    return Matrix(heads, [(name, [_cell(cells.get((name, at), []), anchors) for at in numbers]) for name in scenarios])


def _cell(results: Sequence[Result], anchors: dict[int, str]) -> Cell | None:
    if not results:
        return None
    shown = columns.shown(results)
    text = " ".join(text for text, _ in columns.cell(shown))
    if len(results) > 1:
        text += f" ({sum(each.verdict is shown.verdict for each in results)} of {len(results)})"
    return Cell(shown.verdict, text, anchors[id(shown)], not shown.expected)
