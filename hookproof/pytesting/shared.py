"""What the scenarios of one pytest run have in common, read once: asked by each scenario file and by each of its items.

Sixty files are of two plugins, seven lifecycles, one list of requirements and one table; to read these for every file
took longer than everything else that collecting does, and every worker of xdist collects.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hookproof.catalogue.plugin import REFERENCES, is_reference
from hookproof.catalogue.requirement import read_requirements
from hookproof.commands import select
from hookproof.isolation.level import Isolation
from hookproof.judge.baseline import Baseline, baseline_path, find, system_of
from hookproof.judge.expected import read_expected
from hookproof.judge.verdict import Verdict
from hookproof.report import results as reports
from hookproof.report import untested
from hookproof.suite.judging import Judges, read_known
from hookproof.suite.matrix import left_out, matrix

if TYPE_CHECKING:
    from hookproof.catalogue.host import Program
    from hookproof.catalogue.plugin import Plugin
    from hookproof.catalogue.scenario import Scenario
    from hookproof.play import Case


_MOST = Isolation("full", "network namespace")


class Shared:
    """One of these belongs to a pytest run. What raises is asked again, and says the same to every file."""

    def __init__(self, option: Any, programs: dict[str, list[Program]] | None) -> None:
        self._option = option
        self._programs = programs
        self.plugin = functools.cache(self._plugin)
        self.hosts = functools.cache(self._hosts)
        self.baseline = functools.cache(self._baseline)
        self._requirements = functools.cache(read_requirements)
        self._expected = functools.cache(read_expected)

    def check(self) -> None:
        """That what was asked for is there. Raises UsageError, PluginError, CatalogueError, ReleaseError."""
        if self._option.plugin is not None:
            kind = self.plugin("companion").descriptor.kind  # of a plugin that was named it is the same for every kind
            self.hosts(kind)
            self.baseline(kind)
        else:
            for each in REFERENCES:
                self.hosts(each)

    def cases(self, scenario: Scenario, on: str | None = None) -> list[Case]:
        """The cases of a scenario, as if nothing were refused: how far they are isolated is known when one is played.

        `on` is the lifecycle or real host of one of them. Raises UsageError, CatalogueError.
        """
        if not self._plays(scenario.kind) or scenario.kind not in self.plugin(scenario.kind).kinds:
            return []
        plugin, hosts = self.plugin(scenario.kind), self.hosts(scenario.kind)
        lifecycles = hosts.lifecycles
        if on is not None:
            lifecycles = [each for each in lifecycles if each.name == on] or select.lifecycles([on])
        return matrix(
            [scenario],
            [plugin],
            lifecycles,
            programs=hosts.programs,
            requirements=self._requirements(),
            isolation=_MOST,
        )

    def why_none(self, scenario: Scenario) -> str:
        """Why a scenario has no case."""
        if not self._plays(scenario.kind):
            return f"hookproof plays no scenario of the kind {scenario.kind} as a test"
        plugin = self.plugin(scenario.kind)
        if scenario.kind not in plugin.kinds:
            return f"is for a {scenario.kind} plugin, and {plugin.name} is a {plugin.descriptor.kind} plugin"
        hosts = self.hosts(scenario.kind)
        found = left_out([scenario], plugin, hosts.lifecycles, programs=hosts.programs)
        reasons = dict.fromkeys(f"{each.lifecycle}: {each.reason}" for each in found)
        played = ", ".join(each.name for each in hosts.lifecycles)
        return "; ".join(reasons) or f"is played on {' or '.join(scenario.hosts)}, and these are played: {played}"

    def _plays(self, kind: str) -> bool:
        return kind in REFERENCES

    def sometimes(self, result: reports.Result) -> str:
        """The violations that the baseline calls a race, and that did not come this time; empty where there is none."""
        if self._option.plugin is None or is_reference(result.plugin):
            return ""
        baseline = self.baseline("companion")
        if baseline is None:
            return ""
        known = baseline.known(result.lifecycle, system_of(result.platform))
        found = [
            f"{each.id}: {known[name].reason}"
            for each in result.checks
            if (name := f"{result.scenario}:{each.id}") in known
            if known[name].sometimes and each.verdict is Verdict.CONFORMS
        ]
        return f"sometimes violated: {'; '.join(found)}" if found else ""

    def judges(self, kind: str) -> Judges:
        """What a case of a plugin of this kind is judged by."""
        return Judges(self._requirements(), self._expected(), self.baseline(kind))

    def _plugin(self, kind: str) -> Plugin:
        return select.plugin(self._option.plugin or REFERENCES[kind], self._option.descriptor)

    def _hosts(self, kind: str) -> select.Hosts:
        return select.hosts(self._option, self.plugin(kind), ["all"], kind=kind, known=self._programs)

    def _baseline(self, kind: str) -> Baseline | None:
        """What the maintainers of the plugin know of, where it has such a file. Reference policies have the table."""
        plugin = self.plugin(kind)
        file = None if plugin.policy is not None else self._option.baseline or find(plugin.root)
        return None if file is None else read_known(file)


def complaints(shared: Shared, written: Sequence[str]) -> list[str]:
    """What fails a session besides its items: a sentence for each requirement, and what to do.

    `written` are the results of all items. A test says nothing to who does not read it: a session is a gate, whether
    the plugin has a baseline or not. Reference policies have the table instead.
    """
    results = [reports.Result.model_validate_json(each) for each in written]
    own = [each for each in results if not is_reference(each.plugin)]
    nowhere: list[reports.Untested] = []
    path = None
    if own:
        kind = "companion"  # of a plugin that was named it is the same for every kind
        baseline = shared.baseline(kind) or Baseline(baseline_path(shared.plugin(kind).root))
        nowhere, path = untested.found(own, baseline), baseline.path
    told = reports.report(results, seconds=0.0, untested=nowhere).complaints
    if any(each.baseline == "new" for each in nowhere):
        told.append(
            f"name each in {path} under [[untested]] with its reason: `hookproof run --update-baseline` writes it"
        )
    return told
