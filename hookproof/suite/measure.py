"""Measuring a host for calibration: the probe is played in every scenario as often as asked, and becomes facets.

The same for a stand-in and for a real host, and the same instrument on both: the tap around the probe's hooks.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hookproof import journal as journals
from hookproof import places
from hookproof.calibration.compare import Judged, compare, judge
from hookproof.calibration.events import NoHookRanError, unknown_events
from hookproof.calibration.facets import Facets, extract
from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import KnownDifference, Resolved
from hookproof.catalogue.plugin import HOOKS, Plugin, resolve_plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.registry import HOSTS
from hookproof.play import Case, PlayOptions, play
from hookproof.suite.pool import Pool

Measured = dict[str, list[Facets]]
"""Scenario, by its short name -> the facets of each repetition."""
_ALWAYS = "SessionStart"
"""The event that every release of either host knows."""


def measure(
    scenarios: Sequence[Scenario],
    lifecycle: Resolved,
    folder: Path,
    *,
    repeat: int,
    options: PlayOptions,
    plugin: Plugin,
    program: Program | None = None,
) -> Measured:
    """Play every scenario `repeat` times with the probe, on the stand-in or on `program`."""
    cases = [
        Case(scenario, plugin, lifecycle, number, program) for scenario in scenarios for number in range(1, repeat + 1)
    ]
    found: dict[int, Facets] = {}
    pool = Pool()

    def one(number: int) -> None:
        case = cases[number]
        to = folder / f"{short(case.scenario)}-{case.repeat}"
        to.mkdir(parents=True)
        journal = pool.play(play(case, to, replace(options, tap=True)))
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
    return judge([compare(name, fakes[name], reals[name], unordered[name]) for name in fakes], known)


def short(scenario: Scenario) -> str:
    """A scenario's name, without the host before it."""
    return scenario.id.rpartition("/")[2]


def probe(host: HostName, folder: Path, *, without: Sequence[str] = ()) -> Plugin:
    """The plugin that is played: a copy at `folder`, where nothing may be yet, that declares no event of `without`."""
    shutil.copytree(places.FAKES / "probe", folder)
    hooks = _hooks_file(host, folder)
    declared = json.loads(hooks.read_text(encoding="utf-8"))
    kept = {event: groups for event, groups in declared["hooks"].items() if event not in without}
    hooks.write_text(json.dumps({**declared, "hooks": kept}, indent=2), encoding="utf-8")
    return resolve_plugin(str(folder), descriptor_file=folder / "descriptor.toml")


def _hooks_file(host: HostName, probe: Path) -> Path:
    manifest = json.loads((probe / HOSTS[host].hooks.manifest).read_text(encoding="utf-8"))
    named: str | None = manifest.get("hooks")
    return probe / (named or HOOKS)


def ask_for_events(
    simplest: Scenario, lifecycle: Resolved, folder: Path, *, options: PlayOptions, program: Program
) -> list[str]:
    """The events of the probe that the release does not know, so that a plugin which declares one loses its hooks.

    `simplest` is a scenario of one session. Raises NoHookRanError, with what went wrong, when no hook ran at all.
    """
    whole = _hooks_file(lifecycle.host, places.FAKES / "probe")
    everything = list(json.loads(whole.read_text(encoding="utf-8"))["hooks"])
    pool, asked = Pool(), 0

    def runs_hooks(events: Sequence[str]) -> bool:
        nonlocal asked
        asked += 1
        left = [event for event in everything if event not in events]
        case = Case(simplest, probe(lifecycle.host, folder / f"probe-{asked}", without=left), lifecycle, asked, program)
        to = folder / str(asked)
        to.mkdir()
        found = extract(journals.read(pool.play(play(case, to, replace(options, tap=True)))))
        if found.failed and not found.hooks:
            raise NoHookRanError(f"no hook of the probe ran, and nothing was measured: {'; '.join(found.failed)}")
        return bool(found.hooks)

    folder.mkdir(parents=True)
    with pool:
        return unknown_events(everything, _ALWAYS, runs_hooks)
