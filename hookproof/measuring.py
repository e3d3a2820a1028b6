"""Measuring a host for calibration: the probe is played in every scenario as often as asked, and becomes facets.

The same for a stand-in and for a real host, and the same instrument on both: the tap around the probe's hooks.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hookproof import journal as journals
from hookproof import places
from hookproof.calibration.compare import Excuse, Judged, compare, judge
from hookproof.calibration.facets import Facets, extract
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.session import Program
from hookproof.play import Case, PlayOptions, play

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
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="case") as pool:
        futures = [pool.submit(_one, case, folder, replace(options, tap=True, seconds=_SECONDS)) for case in cases]
        try:
            found = [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    measured: Measured = {}
    for case, facets in zip(cases, found, strict=True):
        measured.setdefault(short(case.scenario), []).append(facets)
    return measured


def hold(
    scenarios: Sequence[Scenario],
    fakes: Mapping[str, list[Facets]],
    reals: Mapping[str, list[Facets]],
    excuses: Sequence[Excuse],
) -> Judged:
    """Hold the stand-in against the real host."""
    unordered = {short(scenario): scenario.unordered for scenario in scenarios}
    differences = [each for name in fakes for each in compare(name, fakes[name], reals[name], unordered[name])]
    return judge(differences, excuses, fakes)


def short(scenario: Scenario) -> str:
    """A scenario's name, without the host before it."""
    return scenario.id.rpartition("/")[2]


def probe() -> Plugin:
    """The plugin that is played."""
    root = places.FAKES / "probe"
    return resolve_plugin(str(root), descriptor_file=root / "descriptor.toml")


def _one(case: Case, folder: Path, options: PlayOptions) -> Facets:
    run = folder / f"{short(case.scenario)}-{case.repeat}"
    run.mkdir(parents=True)
    return extract(journals.read(asyncio.run(play(case, run, options))))
