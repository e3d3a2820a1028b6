"""Measuring a host for calibration: the probe is played in every scenario as often as asked, and becomes facets.

The same for a stand-in and for a real host, and the same instrument on both: the tap around the probe's hooks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hookproof import journal as journals
from hookproof import places
from hookproof.calibration.compare import Judged, compare, judge
from hookproof.calibration.facets import Facets, extract
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import KnownDifference, Resolved
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.play import Case, PlayOptions, play
from hookproof.suite.pool import Pool

Measured = dict[str, list[Facets]]
"""Scenario, by its short name -> the facets of each repetition."""

_SECONDS = 30.0


def measure(
    scenarios: Sequence[Scenario],
    lifecycle: Resolved,
    folder: Path,
    *,
    repeat: int,
    options: PlayOptions,
    program: Program | None = None,
) -> Measured:
    """Play every scenario `repeat` times, on the stand-in or on `program`."""
    plugin = probe()
    cases = [
        Case(scenario, plugin, lifecycle, number, program) for scenario in scenarios for number in range(1, repeat + 1)
    ]
    found: dict[int, Facets] = {}
    pool = Pool()

    def one(number: int) -> None:
        case = cases[number]
        to = folder / f"{short(case.scenario)}-{case.repeat}"
        to.mkdir(parents=True)
        journal = pool.play(play(case, to, replace(options, tap=True, seconds=_SECONDS)))
        found[number] = extract(journals.read(journal))

    with pool:
        pool.each(one, range(len(cases)), workers=os.cpu_count() or 1)
    measured: Measured = {}
    for number, case in enumerate(cases):
        measured.setdefault(short(case.scenario), []).append(found[number])
    return measured


def compare_measured(
    scenarios: Sequence[Scenario],
    fakes: Mapping[str, list[Facets]],
    reals: Mapping[str, list[Facets]],
    known: Sequence[KnownDifference],
) -> Judged:
    """Hold the stand-in against the real host."""
    unordered = {short(scenario): scenario.unordered for scenario in scenarios}
    differences = [each for name in fakes for each in compare(name, fakes[name], reals[name], unordered[name])]
    return judge(differences, known, fakes)


def short(scenario: Scenario) -> str:
    """A scenario's name, without the host before it."""
    return scenario.id.rpartition("/")[2]


def probe() -> Plugin:
    """The plugin that is played."""
    root = places.FAKES / "probe"
    return resolve_plugin(str(root), descriptor_file=root / "descriptor.toml")
