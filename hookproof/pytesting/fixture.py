"""pytest: the fixture `hookproof` of one test, made for it when it asks."""

from __future__ import annotations

import pytest

from hookproof.catalogue.scenario import read_scenario
from hookproof.errors import HookproofError
from hookproof.pytesting.items import properties
from hookproof.pytesting.session import Ours, scenario_at
from hookproof.report.results import Result
from hookproof.testing import Hookproof


def of_test(ours: Ours, request: pytest.FixtureRequest) -> Hookproof:
    """The fixture for the test that `request` is of."""
    node = request.node

    def plays(name: str, on: str | None, plugin: str | None, once: bool) -> list[Result]:
        try:
            return _played(ours, request, name, on, plugin, once=once)
        except HookproofError as error:
            pytest.fail(str(error), pytrace=False)

    def remembering(name: str, on: str | None, plugin: str | None, once: bool) -> list[Result]:
        results = plays(name, on, plugin, once)
        for each in results:
            node.add_report_section("call", "hookproof", f"{each.scenario} on {each.lifecycle}: {each.journal}\n")
            node.user_properties += [pair for pair in properties(each) if pair[0] == "journal"]
        return results

    return Hookproof(remembering)


def _played(
    ours: Ours, request: pytest.FixtureRequest, name: str, on: str | None, plugin: str | None, *, once: bool
) -> list[Result]:
    shared = ours.shared if plugin is None else ours.with_plugin(plugin)
    scenario = read_scenario(scenario_at(name, near=request.path.parent, config=request.config))
    cases = shared.cases(scenario, on)
    if not cases:
        pytest.skip(f"{scenario.id}: {shared.why_none(scenario)}")
    results = []
    for case in cases[:1] if once else cases:
        why_not = ours.why_not(case)
        if why_not is not None:
            pytest.skip(f"{scenario.id} on {case.lifecycle.name}: {why_not}")
        results.append(ours.play(case, shared))
    return results
