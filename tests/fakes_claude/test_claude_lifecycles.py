"""The lifecycle files themselves: the same rows everywhere, a source beside each, nothing that nobody reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import claude_facts as facts
import pytest
from claude_bench import LIFECYCLES, ROOT
from claude_fake.lifecycle import CHOICES, LifecycleError, read, read_file, resolve

from hookproof.catalogue.lifecycle import resolve_lifecycle

ALL = {path.stem: read_file(str(path)) for path in LIFECYCLES.glob("*.toml")}
ORIGIN = re.compile(r"(measured|documented|assumed|changelog|issue #345|without effect here|`claude --version`)")


def test_which_lifecycles_there_are() -> None:
    assert sorted(ALL) == sorted(facts.LIFECYCLES)


def test_all_have_the_same_rows() -> None:
    rows = {name: set(document["rows"]) for name, document in ALL.items()}
    assert len(set(map(frozenset, rows.values()))) == 1


@pytest.mark.parametrize("name", ALL)
def test_every_row_says_what_is_and_where_that_comes_from(name: str) -> None:
    document = ALL[name]
    assert (document["name"], document["host"]) == (name, "claude")
    assert document["title"]
    assert "\n" not in document["title"]
    for row, entry in document["rows"].items():
        assert set(entry) == {"is", "source"}, row
        assert ORIGIN.match(entry["source"]), (row, entry["source"])


@pytest.mark.parametrize("name", ALL)
def test_a_switch_changes_rows_that_there_are(name: str) -> None:
    for switch in ALL[name].get("switches", {}).values():
        assert switch["title"]
        assert set(switch["rows"]) <= set(ALL[name]["rows"])
        assert all(set(entry) == {"is", "source"} for entry in switch["rows"].values())


def test_the_switches_of_the_reported_lifecycle() -> None:
    assert set(ALL["as-reported-345"]["switches"]) == {"parent-id", "subagent-marker"}
    both = resolve(ALL["as-reported-345"], ["parent-id", "subagent-marker"])
    assert both.name == "as-reported-345+parent-id+subagent-marker"
    assert (both["parent_id_variable"], both["subagent_marker_variable"]) == (
        "CLAUDE_PARENT_SESSION_ID",
        "CLAUDE_CODE_SUBAGENT",
    )
    off = resolve(ALL["as-reported-345"], [])
    assert (off["parent_id_variable"], off["subagent_marker_variable"]) == ("", "")


def test_every_row_is_read_by_the_program() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "claude_fake").glob("*.py"))
    for row in ALL["claude-2.1.91"]["rows"]:
        prefix = row.replace("_background_", "_{where}_").replace("_foreground_", "_{where}_")
        assert f'"{row}"' in code or f'"{prefix}"' in code, row
    for row in ALL["claude-2.1.91"]["rows"]["texts"]["is"]:
        assert f'"{row}"' in code, row


def test_every_choice_is_a_row_and_is_kept_to() -> None:
    for row, choices in CHOICES.items():
        for name, document in ALL.items():
            assert document["rows"][row]["is"] in choices, (name, row)


def test_what_windows_changes() -> None:
    def values(name: str) -> dict[str, Any]:
        return {row: entry["is"] for row, entry in ALL[name]["rows"].items()}

    linux, windows = values("claude-2.1.91"), values("claude-2.1.91-windows")
    assert {row for row in linux if linux[row] != windows[row]} == {"env_file_exports"}


def test_what_the_issue_changes() -> None:
    reported, measured = ALL["as-reported-345"], ALL["claude-2.1.91"]
    assert [
        row
        for table in ("rows", "events")
        for row in measured[table]
        if measured[table][row]["is"] != reported[table][row]["is"]
    ] == ["subagent_session", "subagent's session starts", "subagent's session ends"]


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(LifecycleError, match=r"no switch 'nosuch' \(it has: parent-id, subagent-marker\)"):
        read(f"{LIFECYCLES / 'as-reported-345.toml'}+nosuch")


@pytest.mark.parametrize("spec", [*ALL, "as-reported-345+parent-id+subagent-marker"])
def test_a_file_is_read_here_as_the_harness_resolves_it(spec: str) -> None:
    name, plus, switches = spec.partition("+")
    wanted = resolve_lifecycle(spec).rows
    found = read(f"{LIFECYCLES / name}.toml{plus}{switches}")
    assert found.name == spec
    assert {row: found[row] for row in wanted} == wanted


def test_a_circle_is_refused(tmp_path: Path) -> None:
    for name, other in ("ab", "ba"):
        (tmp_path / f"{name}.toml").write_text(f'name = "{name}"\nextends = "{other}"\n[rows]\n', encoding="utf-8")
    with pytest.raises(LifecycleError, match=r"extends goes in a circle: \S+a\.toml -> \S+b\.toml -> \S+a\.toml"):
        read(str(tmp_path / "a.toml"))


def test_the_default_is_the_reporters_version() -> None:
    assert read(None).name == "claude-2.1.91"
