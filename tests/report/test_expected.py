"""The table of expected outcomes as `--update-expected` writes it: exactly what was played changes."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_reports import a_check, a_result

from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.judge.expected import EXPECTED, ExpectedTable, read_expected
from hookproof.report.expected import Outcomes, outcomes, undecided, update

TABLE = """\
# What each policy violates.

[[policy."toy:wrong"]]
lifecycles = ["a", "b"] # the old hosts
violates = [
  "jobs/one:JOB-01",
  "jobs/three:JOB-03", # why
]

# What follows is of the new host.
[[policy."toy:wrong"]]
lifecycles = ["c"]
violates = [
  "jobs/three:JOB-03",
]

# Right in every way.

[[policy."toy:right"]]
lifecycles = ["a", "b", "c"]
violates = []
"""
WRONG = "toy:wrong"
NOW = read_expected()


def read(tmp_path: Path, text: str) -> ExpectedTable:
    path = tmp_path / "expected.toml"
    path.write_text(text, encoding="utf-8")
    return read_expected(path)


def changed(before: str, after: str) -> list[str]:
    """The lines that went and came."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def whole() -> dict[tuple[str, str], dict[str, bool | None]]:
    """What a run would bring in which every policy does what the committed table says, on all that it names."""
    scenarios = [read_scenario(path) for path in scenario_files()]
    standing = [name for name, each in read_requirements().items() if each.standing]
    checks = [(each.kind, f"{each.id}:{name}") for each in scenarios for name in {*each.requires, *standing}]
    kinds = {"reference": "companion", "reference-workflow": "context", "reference-hooks": "hooks"}
    return {
        (policy, lifecycle): {
            key: key in NOW.violations(policy, lifecycle)
            for kind, key in checks
            if kind == kinds[policy.partition(":")[0]]
        }
        for policy in sorted(NOW.policies)
        for lifecycle in NOW.lifecycles(policy)
    }


WHOLE = whole()


def test_outcomes_as_the_committed_table_has_them_leave_it_as_it_is() -> None:
    text = EXPECTED.read_text(encoding="utf-8")
    done = update(text, WHOLE)
    assert (done.text, done.added, done.removed) == (text, 0, 0)


@pytest.mark.parametrize(
    ("cell", "key", "lines"),
    [
        (("reference:as-reported", "claude-2.1.91"), "jobs/torn-state:JOB-22", ['-  "jobs/torn-state:JOB-22",']),
        (("reference:as-reported", "claude-2.1.91"), "jobs/pattern-a:JOB-07", ['+  "jobs/pattern-a:JOB-07",']),
        (("reference:correct+cap-drops-active", "claude-2.1.91"), "jobs/a:JOB-01", ['+  "jobs/a:JOB-01",']),
    ],
)
def test_in_the_committed_table_a_changed_outcome_changes_its_line(
    cell: tuple[str, str], key: str, lines: list[str]
) -> None:
    played = {**WHOLE, cell: {**WHOLE[cell], key: not WHOLE[cell].get(key, False)}}
    text = EXPECTED.read_text(encoding="utf-8")
    assert changed(text, update(text, played).text) == lines


def test_every_change_of_one_outcome_of_the_committed_table_is_read_back(tmp_path: Path) -> None:
    text = EXPECTED.read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    for cell in [("reference:correct", "claude-2.1.329"), ("reference:fix-2-retag", "as-reported-345+parent-id")]:
        for key in ("jobs/pattern-c:JOB-03", "jobs/worker-dies:JOB-17"):
            before = NOW.violations(*cell)
            done = update(text, {cell: {**WHOLE[cell], key: key not in before}})
            found = read(tmp_path, done.text)
            assert found.violations(*cell) == before ^ {key}
            assert all(found.violations(*each) == NOW.violations(*each) for each in WHOLE if each != cell)
            assert [line for line in done.text.splitlines() if line.startswith("#")] == comments
            # and back again, in as many entries as before
            assert update(done.text, {cell: WHOLE[cell]}).text.count("[[") == text.count("[[")


@pytest.mark.parametrize(
    ("played", "lines"),
    [
        ({}, []),
        ({(WRONG, "c"): {"jobs/three:JOB-03": True, "jobs/two:JOB-02": False}}, []),
        ({(WRONG, "c"): {"jobs/two:JOB-02": True}}, ['+  "jobs/two:JOB-02",']),
        (
            {(WRONG, "c"): {"jobs/three:JOB-03": False, "jobs/three:JOB-04": True}},
            ['-  "jobs/three:JOB-03",', '+  "jobs/three:JOB-04",'],
        ),
        # what is violated on all lifecycles of an entry changes in place, and keeps its comments
        ({(WRONG, each): {"jobs/two:JOB-02": True} for each in "ab"}, ['+  "jobs/two:JOB-02",']),
        # undecided: as it was
        ({(WRONG, "c"): {"jobs/three:JOB-03": None, "jobs/two:JOB-02": None}}, []),
        # a check that the scenario no longer asks for
        (
            {(WRONG, "c"): {"jobs/three:JOB-30": False}},
            ["-violates = [", '-  "jobs/three:JOB-03",', "-]", "+violates = []"],
        ),
        ({("toy:right", each): {"jobs/two:JOB-02": False} for each in "abc"}, []),
        (
            {("toy:right", each): {"jobs/two:JOB-02": True} for each in "abc"},
            ["-violates = []", "+violates = [", '+  "jobs/two:JOB-02",', "+]"],
        ),
        # a lifecycle that the table does not name, and nothing is violated there
        ({(WRONG, "d"): {"jobs/two:JOB-02": False}}, []),
    ],
)
def test_a_changed_outcome_changes_exactly_its_lines(played: Outcomes, lines: list[str]) -> None:
    assert changed(TABLE, update(TABLE, played).text) == lines


def test_a_lifecycle_that_differs_from_those_it_stood_with_gets_an_entry_behind_theirs() -> None:
    done = update(TABLE, {(WRONG, "b"): {"jobs/two:JOB-02": True}})
    assert done.text == TABLE.replace('["a", "b"]', '["a"]').replace(
        "# What follows is",
        """\
[[policy."toy:wrong"]]
lifecycles = ["b"]
violates = [
  "jobs/one:JOB-01",
  "jobs/three:JOB-03",
  "jobs/two:JOB-02",
]

# What follows is""",
    )
    assert (done.added, done.removed) == (1, 0)
    # and when it is as before, it joins them again
    assert update(done.text, {(WRONG, "b"): {"jobs/two:JOB-02": False}}).text == TABLE


def test_a_lifecycle_joins_the_entry_that_says_the_same() -> None:
    done = update(TABLE, {(WRONG, "b"): {"jobs/one:JOB-01": False}})
    assert done.text == TABLE.replace('["a", "b"]', '["a"]').replace('["c"]', '["c", "b"]')
    # an entry that comes to say the same as an earlier one goes into it; what was said of it stays
    done = update(TABLE, {(WRONG, "c"): {"jobs/one:JOB-01": True}})
    assert done.text == TABLE.replace('["a", "b"]', '["a", "b", "c"]').replace(
        '[[policy."toy:wrong"]]\nlifecycles = ["c"]\nviolates = [\n  "jobs/three:JOB-03",\n]\n\n', ""
    )


def test_a_new_lifecycle_and_a_new_policy_get_entries_of_their_own(tmp_path: Path) -> None:
    played: Outcomes = {
        (WRONG, "d"): {"jobs/four:JOB-04": True},
        (WRONG, "e"): {"jobs/three:JOB-03": True},
        ("toy:new", "a"): {"jobs/one:JOB-01": False},
        ("toy:new", "b"): {"jobs/one:JOB-01": True},
        ("toy:new", "c"): {"jobs/one:JOB-01": True},
    }
    text = update(TABLE, played).text
    assert 'lifecycles = ["c", "e"]' in text
    assert text.index('lifecycles = ["d"]') < text.index("# Right in every way.") < text.index('[[policy."toy:new"]]')
    assert text.endswith(
        """\

[[policy."toy:new"]]
lifecycles = ["a"]
violates = []

[[policy."toy:new"]]
lifecycles = ["b", "c"]
violates = [
  "jobs/one:JOB-01",
]
"""
    )
    found = read(tmp_path, text)
    assert found.violations(WRONG, "d") == {"jobs/four:JOB-04"}
    assert found.lifecycles("toy:new") == ["a", "b", "c"]
    assert update(text, played).text == text


def test_outcomes_are_those_of_all_repeats_and_replays_and_an_unknown_is_none() -> None:
    where = {"scenario": "jobs/one", "plugin": WRONG, "lifecycle": "a"}
    checks = [a_check("JOB-01", "violates"), a_check("JOB-02"), a_check("JOB-03", "unknown"), a_check("JOB-04")]
    first = a_result(*checks, **where)
    again = a_result(*checks[:3], a_check("JOB-04", "violates"), **where)
    elsewhere = a_result(a_check("JOB-04", "violates"), **where | {"lifecycle": "b"})
    found = outcomes([first, again, elsewhere])
    assert found == {
        (WRONG, "a"): {
            "jobs/one:JOB-01": True,
            "jobs/one:JOB-02": False,
            "jobs/one:JOB-03": None,
            "jobs/one:JOB-04": None,
        },
        (WRONG, "b"): {"jobs/one:JOB-04": True},
    }
    assert undecided(found) == ["jobs/one:JOB-03 of toy:wrong on a", "jobs/one:JOB-04 of toy:wrong on a"]


def test_what_is_not_tested_is_not_violated_and_beside_a_violation_it_is_undecided() -> None:
    where = {"scenario": "jobs/one", "plugin": WRONG, "lifecycle": "a"}
    silent = a_check("JOB-01", "not tested"), a_check("JOB-02", "not tested"), a_check("JOB-03", "not tested")
    again = a_check("JOB-01", "not tested"), a_check("JOB-02"), a_check("JOB-03", "violates")
    found = outcomes([a_result(*silent, **where), a_result(*again, **where)])
    assert found[WRONG, "a"] == {"jobs/one:JOB-01": False, "jobs/one:JOB-02": False, "jobs/one:JOB-03": None}


KEYS = st.sampled_from([f"jobs/{name}:JOB-0{number}" for name in ("one", "two", "three") for number in (1, 2, 3)])
CELLS = st.tuples(st.sampled_from([WRONG, "toy:right", "toy:new"]), st.sampled_from("abcd"))


@settings(max_examples=300, derandomize=True)
@given(played=st.dictionaries(CELLS, st.dictionaries(KEYS, st.sampled_from([True, False, None])), max_size=6))
def test_whatever_was_played_is_what_the_table_says_and_all_else_is_as_it_was(played: Outcomes) -> None:
    text = update(TABLE, played).text
    before, after = violations(TABLE), violations(text)
    for cell in {*before, *after, *played}:
        checks = played.get(cell, {})
        scenarios = {key.partition(":")[0] for key in checks}
        others = {key for key in before.get(cell, set()) if key.partition(":")[0] not in scenarios}
        undecided_ = {key for key, violated in checks.items() if violated is None} & before.get(cell, set())
        assert after.get(cell, set()) == others | undecided_ | {key for key, violated in checks.items() if violated}
    assert update(text, played).text == text
    assert [line for line in text.splitlines() if "#" in line and "lifecycles" not in line and "why" not in line] == [
        "# What each policy violates.",
        "# What follows is of the new host.",
        "# Right in every way.",
    ]
    for policy, entries in tomllib.loads(text)["policy"].items():
        lists = [entry["violates"] for entry in entries]
        assert all(each == sorted(each) for each in lists), policy
        assert len({tuple(each) for each in lists}) == len(lists), policy


def violations(text: str) -> dict[tuple[str, str], set[str]]:
    """Policy and lifecycle -> what is violated, of a table."""
    return {
        (policy, lifecycle): set(entry["violates"])
        for policy, entries in tomllib.loads(text)["policy"].items()
        for entry in entries
        for lifecycle in entry["lifecycles"]
    }
