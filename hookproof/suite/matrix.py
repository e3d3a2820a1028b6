"""Which cases a run consists of: scenarios by plugins by lifecycles, and what is left out of these, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from hookproof.catalogue.applies import why_not
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.names import Program
from hookproof.play import Case
from hookproof.report.results import Skipped


def matrix(
    scenarios: Iterable[Scenario],
    plugins: Iterable[Plugin],
    lifecycles: Iterable[Resolved],
    repeats: int = 1,
    *,
    programs: Mapping[str, Program] | None = None,
) -> list[Case]:
    """Every case that makes sense: the scenario is for this kind of plugin and for this host.

    `programs` are the real hosts by the names of their lifecycles.
    """
    programs = programs or {}
    lifecycles, scenarios = list(lifecycles), list(scenarios)
    known = read_requirements()
    for scenario in scenarios:
        unknown = [name for name in scenario.requires if name not in known]
        if unknown:
            where = scenario.path or Path(scenario.id)
            raise CatalogueError(where, [f"requires: there is no requirement {name}" for name in unknown])
    return [
        Case(scenario, plugin, lifecycle, repeat, programs.get(lifecycle.name))
        for plugin in plugins
        for scenario in scenarios
        if scenario.kind == plugin.descriptor.kind
        for lifecycle in lifecycles
        if lifecycle.host == scenario.host
        if why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in programs) is None
        for repeat in range(1, repeats + 1)
    ]


def left_out(
    scenarios: Iterable[Scenario],
    plugin: Plugin,
    lifecycles: Iterable[Resolved],
    *,
    programs: Mapping[str, Program] | None = None,
) -> list[Skipped]:
    """What `matrix` leaves out although scenario, plugin and host are of one kind, with the reason."""
    return [
        Skipped(scenario=scenario.id, plugin=plugin.name, lifecycle=lifecycle.name, reason=reason)
        for lifecycle in lifecycles
        for scenario in scenarios
        if scenario.kind == plugin.descriptor.kind and scenario.host == lifecycle.host
        if (reason := why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in (programs or {})))
    ]


def with_policy(plugin: Plugin, policy: str) -> Plugin:
    """The same reference plugin under another policy."""
    return replace(plugin, policy=policy, name=f"{plugin.name.partition(':')[0]}:{policy}")
