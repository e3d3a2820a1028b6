"""The early Pattern D: what the reporter of #345 saw where the host ends the shell, and a job where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookproof import places, processes
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.play import Case, PlayOptions
from hookproof.report.results import Result
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges


def played(tmp_path: Path, lifecycle: str, policy: str = "as-reported", **rows: object) -> Result:
    processes.become_subreaper()
    resolved = resolve_lifecycle(lifecycle)
    changed = resolved.model_copy(update={"rows": {**resolved.rows, **rows}})
    scenario = read_scenario(places.SCENARIOS / "jobs" / "pattern-d-early.toml")
    case = Case(scenario, resolve_plugin(f"reference:{policy}"), changed)
    return run_case(case, tmp_path, PlayOptions(), Judges.read())


@pytest.mark.parametrize("lifecycle", ["as-reported-345", "claude-2.1.91", "claude-2.1.91-windows", "claude-2.1.329"])
def test_a_shell_that_the_host_ends_before_the_launch_leaves_what_the_reporter_saw(
    tmp_path: Path, lifecycle: str
) -> None:
    result = played(tmp_path, lifecycle)
    assert (result.signature, result.checks[0].seen, result.errors) == ("H3", "never begun", [])
    assert "before the row was written: no row of it is anywhere" in result.reasons
    assert "status in main lists no job" in result.reasons
    assert "its output file holds 0 bytes" in result.reasons
    assert result.culprit is not None
    assert result.culprit.who.value == "the host itself, at subagent end"


def test_a_host_that_leaves_the_shell_alone_lets_the_launch_go_on(tmp_path: Path) -> None:
    result = played(tmp_path, "claude-2.1.329", "correct", subagent_shells_of_foreground_agents="keep")
    assert (result.signature, result.checks[0].seen, result.errors) == (None, "has output", [])
