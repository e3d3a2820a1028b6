"""The stand-ins, measured: each agrees with itself, and a lifecycle that is wrong shows where, and only there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hookproof import places, processes
from hookproof.calibration.compare import Difference
from hookproof.catalogue.lifecycle import Resolved, lifecycle_files, read_lifecycle, resolve_lifecycle
from hookproof.catalogue.scenario import Scenario, calibration_files, read_scenario, scenario_files
from hookproof.play import PlayOptions
from hookproof.suite import measure as measuring

SCENARIOS = {path.stem: path for path in (*calibration_files("codex"), *calibration_files("claude"))}


def scenario(host: str, name: str) -> Scenario:
    return read_scenario(places.SCENARIOS / "calibration" / host / f"{name}.toml")


def differences(tmp_path: Path, played: Scenario, fake: Resolved, real: Resolved) -> list[Difference]:
    """How one lifecycle differs from another, both played by the stand-in."""
    fakes, reals = measured(tmp_path / "fake", played, fake), measured(tmp_path / "real", played, real)
    return measuring.compare_measured([played], fakes, reals, []).unexplained


def measured(folder: Path, played: Scenario, lifecycle: Resolved) -> measuring.Measured:
    if sys.platform == "win32":
        pytest.skip("a calibration is measured on Linux: nobody has played the tap on Windows yet")
    processes.become_subreaper()
    probe = measuring.probe(lifecycle.host, folder.with_name(f"{folder.name}-probe"))
    return measuring.measure([played], lifecycle, folder, repeat=1, options=PlayOptions(), plugin=probe)


def changed(name: str, **rows: object) -> Resolved:
    """A lifecycle with other rows; a moment is a row of its table of events."""
    lifecycle = resolve_lifecycle(name)
    tables = {"rows": lifecycle.rows, "events": lifecycle.events}
    return lifecycle.model_copy(
        update={table: {**known, **{row: rows[row] for row in rows if row in known}} for table, known in tables.items()}
    )


@pytest.mark.parametrize("path", SCENARIOS.values(), ids=lambda path: path.stem)
def test_a_scenario_of_calibration_is_none_of_the_suite(path: Path) -> None:
    assert read_scenario(path).kind == "calibration"
    assert path not in scenario_files()


@pytest.mark.parametrize(
    ("lifecycle", "name"),
    [
        ("claude-2.1.91", "subagent-shell"),
        ("claude-2.1.329", "background-agent-shell"),
        ("claude-2.1.329", "resume"),
        ("as-reported-345", "foreground-agent"),
        ("codex-0.130", "ephemeral"),
        ("codex-0.133", "review"),
        ("codex-0.169", "nested-child"),
    ],
)
def test_a_stand_in_agrees_with_itself(tmp_path: Path, lifecycle: str, name: str) -> None:
    resolved = resolve_lifecycle(lifecycle)
    assert differences(tmp_path, scenario(resolved.host, name), resolved, resolved) == []


def test_what_the_issue_says_is_what_differs_from_the_measured_host(tmp_path: Path) -> None:
    reported, measured = resolve_lifecycle("as-reported-345"), resolve_lifecycle("claude-2.1.91")
    found = differences(tmp_path, scenario("claude", "foreground-agent"), reported, measured)
    assert {(each.facet, each.where.removeprefix("foreground-agent: ")) for each in found} == {
        ("events", "helper SessionStart(startup)"),
        ("events", "helper SessionEnd(other)"),
        ("identity", "helper PreToolUse(Bash): session_id"),
        ("identity", "helper PreToolUse(Bash): transcript_path"),
        ("identity", "helper PostToolUse(Bash): session_id"),
        ("identity", "helper PostToolUse(Bash): transcript_path"),
        ("identity", "helper SubagentStop: agent_transcript_path"),
        ("context", "PROBE SessionStart in request 1 of helper"),
    }


START = [{"event": "SessionStart", "whose": "main", "context": "next prompt"}]
WITHOUT_A_MODEL = ["session_id", "transcript_path", "cwd", "hook_event_name", "permission_mode", "source"]


@pytest.mark.parametrize(
    ("lifecycle", "name", "rows", "expected"),
    [
        ("claude-2.1.91", "main", {"hook_group": "own"}, {"hook processes"}),
        ("claude-2.1.91", "main", {"context_place": "system message"}, {"context"}),
        ("claude-2.1.91", "resume", {"resume_env_file": "of the session"}, {"shell environment"}),
        ("claude-2.1.91", "resume", {"resumed_history": "whole"}, {"context"}),
        ("claude-2.1.329", "resume", {"session resumes": START}, {"context"}),
        ("claude-2.1.91", "foreground-agent", {"subagent starts": []}, {"events", "context"}),
        ("claude-2.1.91", "subagent-shell", {"subagent_shell_kill": [["SIGTERM", 0]]}, {"deaths"}),
        (
            "codex-0.133",
            "main",
            {"payload_keys": {"SessionStart": WITHOUT_A_MODEL}},
            {"payload keys", "payload values"},
        ),
        ("codex-0.169", "main", {"thread ends": []}, {"events"}),
    ],
)
def test_one_wrong_row_shows_in_its_own_facet(
    tmp_path: Path, lifecycle: str, name: str, rows: dict[str, object], expected: set[str]
) -> None:
    right = resolve_lifecycle(lifecycle)
    if "payload_keys" in rows:
        rows = {"payload_keys": {**right.rows["payload_keys"], **rows["payload_keys"]}}  # type: ignore[dict-item]
    found = differences(tmp_path, scenario(right.host, name), changed(lifecycle, **rows), right)
    assert {each.facet for each in found} == expected


def test_an_excuse_names_a_scenario_that_there_is() -> None:
    for path in lifecycle_files():
        for excuse in read_lifecycle(path).differences:
            name = excuse.where.partition(":")[0]
            assert name in SCENARIOS or "*" in name, f"{path}: {excuse.where}"


@pytest.mark.parametrize(
    ("lifecycle", "name", "facet", "where", "found"),
    [
        ("codex-0.169", "main", "stream", "main item.completed/error", 2),
        ("codex-0.169", "review", "stream", "main item.completed/error", 4),
        ("codex-0.133", "main", "stream", "main item.completed/error", None),
        ("codex-0.130", "ephemeral", "identity", "child Stop: transcript_path", "a file of its own"),
        ("codex-0.169", "ephemeral", "identity", "child SubagentStart: transcript_path", [None]),
        ("claude-2.1.329", "background-agent-shell", "context", "PROBE SubagentStart in request 3 of helper", None),
        ("claude-2.1.329", "foreground-agent", "stream", "main assistant", 4),
    ],
)
def test_what_calibration_has_found_of_the_real_hosts(
    tmp_path: Path, lifecycle: str, name: str, facet: str, where: str, found: object
) -> None:
    resolved = resolve_lifecycle(lifecycle)
    (facets,) = measured(tmp_path / "run", scenario(resolved.host, name), resolved)[name]
    said = facets.tables[facet].get(where)
    if found == "a file of its own":
        assert said == ["$HOME/.codex/sessions/<day>/rollout-<time>-<child>.jsonl"]
    else:
        assert said == found
