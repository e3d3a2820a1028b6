"""The lifecycle files of Claude Code: the same rows everywhere, a source beside each, nothing that nobody reads."""

from __future__ import annotations

import re

import claude_facts as facts
import pytest
from claude_bench import ROOT
from claude_fake.lifecycle import CHOICES, LifecycleError, read

from hookproof.catalogue.lifecycle import TABLES, lifecycle_files, read_lifecycle, resolve_lifecycle

ALL = {path.stem: read_lifecycle(path) for path in lifecycle_files() if path.parents[1].name == "claude"}
ORIGIN = re.compile(r"(measured|documented|assumed|changelog|issue #345|without effect here|`claude --version`)")
INHERITED = re.compile(r"as in [\w.-]+ \([^)]*\): ")


def changed(name: str, other: str) -> list[str]:
    """The rows of both tables in which one lifecycle differs from another."""
    tables = [(getattr(ALL[name], table), getattr(ALL[other], table)) for table in TABLES]
    return [row for one, two in tables for row in one if one[row]["is"] != two[row]["is"]]


def test_which_lifecycles_there_are() -> None:
    assert sorted(ALL) == sorted(facts.LIFECYCLES)


def test_all_have_the_same_rows() -> None:
    assert len({(frozenset(each.rows), frozenset(each.events)) for each in ALL.values()}) == 1


@pytest.mark.parametrize("name", ALL)
def test_every_row_says_where_it_comes_from(name: str) -> None:
    for table in TABLES:
        for row, entry in getattr(ALL[name], table).items():
            assert ORIGIN.match(INHERITED.sub("", entry["source"])), (row, entry["source"])


def test_the_switches_of_the_reported_lifecycle() -> None:
    assert set(ALL["as-reported-345"].switches) == {"parent-id", "subagent-marker"}
    rows = ("parent_id_variable", "subagent_marker_variable")
    off, both = (resolve_lifecycle(f"as-reported-345{on}").rows for on in ("", "+parent-id+subagent-marker"))
    assert [off[row] for row in rows] == ["", ""]
    assert [both[row] for row in rows] == ["CLAUDE_PARENT_SESSION_ID", "CLAUDE_CODE_SUBAGENT"]


def test_every_row_is_read_by_the_program() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "claude_fake").glob("*.py"))
    rows = ALL["claude-2.1.91"].rows
    for row in rows:
        prefix = row.replace("_background_", "_{where}_").replace("_foreground_", "_{where}_")
        assert f'"{row}"' in code or f'"{prefix}"' in code, row
    for row in rows["texts"]["is"]:
        assert f'"{row}"' in code, row


def test_every_choice_is_a_row_and_is_kept_to() -> None:
    for row, choices in CHOICES.items():
        for name, lifecycle in ALL.items():
            assert lifecycle.rows[row]["is"] in choices, (name, row)


def test_what_windows_changes() -> None:
    assert changed("claude-2.1.91-windows", "claude-2.1.91") == ["env_file_exports"]


def test_what_the_issue_changes() -> None:
    sessions = ["subagent_session", "subagent's session starts", "subagent's session ends"]
    assert changed("as-reported-345", "claude-2.1.91") == sessions


def test_no_behaviour_is_the_usual_one() -> None:
    with pytest.raises(LifecycleError, match="HOOKPROOF_LIFECYCLE is not set: expected the file of a lifecycle"):
        read(None)
