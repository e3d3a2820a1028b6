"""The columns of a report: a plugin on a lifecycle, and on a machine where the results of several are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.report.results import Result

Tone = Literal["good", "bad", "doubt", "known", "calm", "cause"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `machine` is empty where all results are of one."""

    plugin: str
    lifecycle: str
    machine: str = ""

    def label(self) -> str:
        """The whole name."""
        return " · ".join(part for part in (self.plugin, self.lifecycle, self.machine) if part)


def by_column(results: Sequence[Result]) -> dict[Column, list[Result]]:
    """Results by column, in their order."""
    machines = _machines(results)
    found: dict[Column, list[Result]] = {}
    for each in results:
        column = Column(each.plugin, each.lifecycle, machines[each.platform, each.python])
        found.setdefault(column, []).append(each)
    return found


def alike(results: Sequence[Result]) -> list[dict[str, list[Result]]]:
    """Every unexpected result; what came out alike in several columns or repeats is one entry, by where it came."""
    found: dict[tuple[object, ...], dict[str, list[Result]]] = {}
    for column, here in by_column(results).items():
        where = " · ".join(part for part in (column.lifecycle, column.machine) if part)
        for each in here:
            if not each.expected:
                checks = tuple((check.id, check.verdict, check.seen, check.baseline) for check in each.checks)
                key = (each.scenario, each.plugin, each.signature, checks)
                found.setdefault(key, {}).setdefault(where, []).append(each)
    return list(found.values())


def heads(columns: Sequence[Column]) -> dict[Column, list[str]]:
    """Of each column only what tells it from the others; of a single one its plugin."""
    plugins = len({each.plugin for each in columns}) > 1 or len(columns) == 1
    lifecycles = len({each.lifecycle for each in columns}) > 1
    found = {}
    for each in columns:
        plugin = each.plugin.removeprefix("reference:").removeprefix("reference-workflow:")
        parts = [plugin if plugins else "", each.lifecycle if lifecycles else "", each.machine]
        found[each] = [part for part in parts if part]
    return found


def shown(results: Sequence[Result]) -> Result:
    """The result that a cell shows: what was not expected before what was, then the weightiest verdict."""
    return min(results, key=lambda each: (each.expected, each.verdict.rank))


def marked(each: Result) -> bool:
    """Whether there is more to say of it than that all is well."""
    return each.verdict is not Verdict.CONFORMS or not each.expected


def cell(each: Result) -> list[tuple[str, Tone]]:
    """One cell of the results table, in pieces with a tone each: new violations, known ones, the cause.

    At the end stands how many SessionEnd hooks the host has cut without being asked to, and how many things that the
    plugin declares were not played: who reads the verdict should know of them.
    """
    count = len(each.cut_short)
    cut: list[tuple[str, Tone]] = [(f"({count} {'hook' if count == 1 else 'hooks'} cut)", "calm")] if count else []
    missing: list[tuple[str, Tone]] = [(f"({len(each.not_played)} not played)", "doubt")] if each.not_played else []
    return [*_verdict(each), *cut, *missing]


def _verdict(each: Result) -> list[tuple[str, Tone]]:
    if each.verdict is Verdict.NOT_TESTED and each.expected:
        return [(each.verdict.value, "calm")]
    if each.verdict is Verdict.CONFORMS and each.expected:
        silent = sum(check.verdict is Verdict.NOT_TESTED and not check.standing for check in each.checks)
        untested: list[tuple[str, Tone]] = [(f"({silent} not tested)", "calm")] if silent else []
        return [("conforms", "good"), *untested]
    known = [check.id for check in each.checks if check.baseline is BaselineStatus.KNOWN]
    violated = [
        check.id
        for check in each.checks
        if check.verdict is Verdict.VIOLATES and check.baseline is not BaselineStatus.KNOWN
    ]
    unknown = [check.id for check in each.checks if check.verdict is Verdict.UNKNOWN]
    fixed = [check.id for check in each.checks if check.baseline is BaselineStatus.STALE]
    groups: list[tuple[list[str], str, Tone]] = [
        (violated, "", "bad"),
        (fixed, " fixed", "bad"),
        (unknown, " unknown", "doubt"),
        (known, " known", "known"),
    ]
    pieces: list[tuple[str, Tone]] = [(" ".join(names) + word, tone) for names, word, tone in groups if names]
    pieces = [(f"{piece},", tone) for piece, tone in pieces[:-1]] + (pieces[-1:] or [(each.verdict.value, "doubt")])
    return pieces + ([(each.cause, "cause")] if each.cause else [])


def violated_unexpectedly(each: Result) -> list[str]:
    """The checks whose violation was not expected."""
    return [surprise.check for surprise in each.surprises if surprise.violated]


def tally(each: Result) -> str:
    """What the replays came to, in one sentence; empty without any."""
    if not each.replays:
        return ""
    times = "once" if len(each.replays) == 1 else f"{len(each.replays)} times"
    note = f"played again alone {times}: {', '.join(each.replays)}"
    return (
        note if set(each.replays) == {Verdict.VIOLATES} else f"{note}; the first verdict counts: a race is a violation"
    )


def _machines(results: Sequence[Result]) -> dict[tuple[str, str], str]:
    """A short name for each (platform, Python) pair that tells it from the others."""
    pairs = list(dict.fromkeys((each.platform, each.python) for each in results))
    if len(pairs) < 2:
        return dict.fromkeys(pairs, "")
    platforms = {platform for platform, _ in pairs}
    systems = {platform.partition("-")[0] for platform in platforms}
    pythons = {python for _, python in pairs}
    named = {}
    for platform, python in pairs:
        system = platform if len(systems) < len(platforms) else platform.partition("-")[0]
        parts = [system if len(platforms) > 1 else "", f"Python {python}" if len(pythons) > 1 else ""]
        named[platform, python] = ", ".join(part for part in parts if part)
    return named
