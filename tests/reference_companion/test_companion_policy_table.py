"""The table of policies: what a line may say, and what it is told when it says something else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from companion_world import PLUGIN, policy


def test_the_committed_plugin_is_correct() -> None:
    assert (PLUGIN / "policy").read_text() == "correct\n"


@pytest.mark.parametrize("name", policy.POLICIES)
def test_a_row_names_switches_that_exist_with_values_of_their_type(name: str) -> None:
    for switch, value in policy.POLICIES[name].items():
        assert switch in policy.SWITCH_NAMES
        assert type(value) is type(getattr(policy.Policy, switch))


def test_each_fix_changes_exactly_one_switch() -> None:
    assert [len(row) for name, row in policy.POLICIES.items() if name.startswith("fix-")] == [1, 1, 1]


def test_every_switch_is_turned_by_some_policy_or_has_a_name_of_its_own() -> None:
    turned = {switch for row in [*policy.POLICIES.values(), *policy.SWITCHES.values()] for switch in row}
    assert turned == set(policy.SWITCH_NAMES)


def test_correct_refuses_nothing_and_turns_everything_else() -> None:
    left_alone = set(policy.SWITCH_NAMES) - set(policy.CORRECT)
    assert left_alone == {"refuses_in_subagent", "refuses_younger_than", "cancel_ends_job", "dead_row_blocks"}


def test_a_line_may_add_named_switches_and_values() -> None:
    rules = policy.parse("fix-1-refuse+young-session+server=own+locks_state=yes\n")
    assert rules.refuses_in_subagent
    assert (rules.refuses_younger_than, rules.server, rules.locks_state) == (60.0, "own", True)
    assert policy.parse("correct+refuses_younger_than=5").refuses_younger_than == 5.0
    assert policy.parse("correct+locks_state=no").locks_state is False


@pytest.mark.parametrize(
    ("line", "what_it_is_told"),
    [
        ("corect", r"no policy is called 'corect'; there are: as-reported, fix-1-refuse"),
        ("", r"no policy is called ''"),
        ("correct+young", r"no switch is called 'young'; there are: young-session, cancel-marks-only, .*, texts"),
        ("correct+server=shraed", r"server takes shared or own, not 'shraed'"),
        ("correct+locks_state=maybe", r"locks_state takes yes or no, not 'maybe'"),
        ("correct+refuses_younger_than=soon", r"refuses_younger_than takes a number of seconds, not 'soon'"),
    ],
)
def test_a_line_that_names_what_there_is_not(line: str, what_it_is_told: str) -> None:
    with pytest.raises(policy.UnknownPolicyError, match=what_it_is_told):
        policy.parse(line)


@pytest.mark.parametrize(("line", "documented"), [("as-reported", False), ("fix-3-document", True), ("correct", True)])
def test_use_policy_writes_the_line_and_lays_the_texts(tmp_path: Path, line: str, documented: bool) -> None:
    copy = tmp_path / "plugin"
    shutil.copytree(PLUGIN, copy)
    subprocess.run([sys.executable, "-I", "-S", copy / "scripts" / "use_policy.py", line], check=True, timeout=60)
    assert (copy / "policy").read_text() == f"{line}\n"
    for text in ("commands/rescue.md", "agents/codex-rescue.md"):
        chosen = PLUGIN / text if documented else PLUGIN / "texts" / "as-reported" / text
        assert (copy / text).read_text() == chosen.read_text()


def test_use_policy_knows_what_there_is(tmp_path: Path) -> None:
    copy = tmp_path / "plugin"
    shutil.copytree(PLUGIN, copy)
    argv = [sys.executable, "-I", "-S", str(copy / "scripts" / "use_policy.py"), "best"]
    done = subprocess.run(argv, check=False, timeout=20, capture_output=True, text=True)
    assert (done.returncode, done.stderr[:42]) == (2, "use_policy: no policy is called 'best'; th")
    assert (copy / "policy").read_text() == "correct\n"
