"""The table of the reference policies and what is not tested: no violation; but who satisfies all, tests all."""

from __future__ import annotations

import pytest
from run_records import journal, launch, refused

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.expected import ExpectedTable, read_expected, unexpected
from hookproof.judge.judge import judge

KEY = "jobs/toy:JOB-04"
REQUIREMENTS = read_requirements()
REFUSED = judge(journal(launch(), refused(), requires=["JOB-04"]), REQUIREMENTS)


@pytest.mark.parametrize(
    ("wanted", "all_tested", "kinds"),
    [
        (None, False, []),
        (frozenset(), False, []),
        (frozenset({KEY}), False, ["satisfied against the table"]),
        (frozenset(), True, ["not tested against the table"]),
    ],
    ids=["another plugin", "a policy", "a policy that should violate it", "the policy that satisfies all"],
)
def test_a_check_that_is_not_tested(wanted: frozenset[str] | None, all_tested: bool, kinds: list[str]) -> None:
    found = unexpected(REFUSED, "jobs/toy", wanted, all_tested=all_tested)
    assert [each.kind for each in found] == kinds
    assert all(each.sentence.startswith(f"{KEY} is not tested (there was no job: ") for each in found), found


def test_only_who_has_a_row_and_no_violation_in_any_satisfies_all() -> None:
    rows = {
        ("toy:right", "a"): frozenset[str](),
        ("toy:wrong", "a"): frozenset[str](),
        ("toy:wrong", "b"): frozenset({KEY}),
    }
    table = ExpectedTable(rows, frozenset({"toy:right", "toy:wrong"}))
    assert [each for each in ("toy:right", "toy:wrong", "toy:new") if table.satisfies_all(each)] == ["toy:right"]


def test_of_the_references_these_do() -> None:
    table = read_expected()
    right = {each for each in table.policies if table.satisfies_all(each)}
    assert right == {"reference:correct", "reference-workflow:correct", "reference-hooks:correct"}
