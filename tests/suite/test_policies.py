"""Every reference policy against the committed table: right is green, and each wrong way is red at exactly its checks.

That is the proof that the requirements can be met and that the checks can fail.
"""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest

from hookproof import processes
from hookproof.catalogue.fault import Fault
from hookproof.catalogue.lifecycle import Resolved, lifecycle_files, resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.judge.expected import read_expected
from hookproof.play import Case, PlayOptions
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges
from hookproof.suite.matrix import matrix

SCENARIOS = [read_scenario(path) for path in scenario_files()]
EXPECTED = read_expected()
# correct is played by the scenario files themselves, its wrong ways by a test of their own
POLICIES = sorted(name for name in EXPECTED.policies if not name.partition("+")[0].endswith(":correct"))
WRONG_WAYS = sorted(name for name in EXPECTED.policies if name.partition("+")[0].endswith(":correct") and "+" in name)
WRONG_CELLS = [(policy, lifecycle) for policy in WRONG_WAYS for lifecycle in EXPECTED.lifecycles(policy)]
"""A wrong way is played where the table says that it shows: one host is enough for most."""
FAULTS_ON = "claude-2.1.91"
HOSTS = {"reference": {"claude"}, "reference-workflow": {"claude", "codex"}, "reference-hooks": {"claude", "codex"}}
LIFECYCLES = {
    reference: [path.stem for path in lifecycle_files() if path.parent.parent.name in hosts]
    for reference, hosts in HOSTS.items()
}
"""By reference: every lifecycle of the hosts that it has hooks for."""
CELLS = [(policy, each) for policy in POLICIES for each in LIFECYCLES[policy.partition(":")[0]]]
CELLS.append(("reference:fix-2-retag", "as-reported-345+parent-id"))
CELLS.append(("reference:fix-1-refuse", "as-reported-345+subagent-marker"))
FAULTS = {each.id for each in SCENARIOS if any(isinstance(step.do, Fault) for step in each.then)}
# eight hundred cases are of a dozen plugins, seven lifecycles and one table: each file of these is read once
JUDGES = Judges.read()


@functools.cache
def the_plugin(policy: str) -> Plugin:
    return resolve_plugin(policy)


@functools.cache
def the_lifecycle(name: str) -> Resolved:
    return resolve_lifecycle(name)


CASES = [
    case
    for policy, lifecycle in CELLS
    for case in matrix(SCENARIOS, [the_plugin(policy)], [the_lifecycle(lifecycle)], requirements=JUDGES.requirements)
    # what faults come to depends little on the host: one policy plays them everywhere, the others on one
    if case.scenario.id not in FAULTS or policy == "reference:as-reported" or lifecycle == FAULTS_ON
]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda c: f"{c.plugin.policy}-{c.lifecycle.name}-{c.scenario.id.split('/')[1]}"
)
def test_policy(case: Case, tmp_path: Path) -> None:
    processes.become_subreaper()
    # that the main session may launch is what Pattern A of the same policy holds
    options = PlayOptions(main_launches={(case.plugin.name, case.lifecycle.name): "started"})
    result = run_case(case, tmp_path, options, JUDGES)
    assert result.unexpected == [], result.model_dump_json(indent=1)


def violating(policy: str, lifecycle: str) -> list[Case]:
    """The cases in which the table says that a wrong way shows."""
    violated = EXPECTED.violations(policy, lifecycle)
    told = [each for each in SCENARIOS if any(f"{each.id}:{name}" in violated for name in each.requires)]
    return matrix(told, [the_plugin(policy)], [the_lifecycle(lifecycle)])


@pytest.mark.parametrize(("policy", "lifecycle"), WRONG_CELLS)
def test_a_wrong_way_violates_what_it_is_named_for(policy: str, lifecycle: str, tmp_path: Path) -> None:
    """Each is `correct` but for one switch. What it violates is played, not everything that it satisfies."""
    processes.become_subreaper()
    results = [run_case(case, tmp_path, PlayOptions(), JUDGES) for case in violating(policy, lifecycle)]
    assert EXPECTED.violations(policy, lifecycle)
    assert [result.model_dump_json(indent=1) for result in results if result.unexpected] == []


def test_no_cell_is_played_twice_and_every_policy_is_played_on_every_lifecycle() -> None:
    """By the scenario files, which play `correct`, by the cells above and by the wrong ways together."""
    cells = Counter((case.plugin.name, case.lifecycle.name, case.scenario.id) for case in CASES)
    for reference in HOSTS:
        own = matrix(SCENARIOS, [the_plugin(reference)], [the_lifecycle(each) for each in LIFECYCLES[reference]])
        cells.update((case.plugin.name, case.lifecycle.name, case.scenario.id) for case in own)
    for cell in WRONG_CELLS:
        cells.update((case.plugin.name, case.lifecycle.name, case.scenario.id) for case in violating(*cell))
    assert [cell for cell, times in cells.items() if times > 1] == []
    played = {(policy, lifecycle) for policy, lifecycle, _ in cells}
    assert {policy for policy, _ in played} == EXPECTED.policies
    for policy in EXPECTED.policies - set(WRONG_WAYS):
        assert {each for name, each in played if name == policy} >= set(LIFECYCLES[policy.partition(":")[0]])


def test_the_table_names_only_what_there_is() -> None:
    standing = [name for name, each in read_requirements().items() if each.standing]
    known = {f"{scenario.id}:{name}" for scenario in SCENARIOS for name in [*scenario.requires, *standing]}
    for policy in EXPECTED.policies:
        resolve_plugin(policy)
        for lifecycle in EXPECTED.lifecycles(policy):
            assert EXPECTED.violations(policy, lifecycle) <= known


@pytest.mark.parametrize("reference", HOSTS)
def test_every_policy_is_in_the_table_and_correct_violates_nothing(reference: str) -> None:
    policies = {f"{reference}:{name}" for name in resolve_plugin(reference).descriptor.policies}
    assert policies <= EXPECTED.policies
    assert all(not EXPECTED.violations(f"{reference}:correct", each) for each in LIFECYCLES[reference])


def test_every_requirement_is_violated_by_some_policy() -> None:
    violated = {entry.partition(":")[2] for cell in [*CELLS, *WRONG_CELLS] for entry in EXPECTED.violations(*cell)}
    required = {name for scenario in SCENARIOS for name in scenario.requires}
    assert required - violated == MINIATURES


# violated by no policy: JOB-02 by literal journals in tests/judge, the others by a miniature of their own as well, in
# tests/reference_workflow/miniatures
MINIATURES = {"JOB-02", "CTX-01", "CTX-06"}
