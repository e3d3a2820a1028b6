"""A slow SessionEnd hook is judged by the host's budget only where the scenario is about that.

The host's own budget is one millisecond here, less than any program takes to start: whatever the machine, a hook has
more time only where it was given more.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hookproof import journal as journals
from hookproof import places, processes
from hookproof.catalogue.lifecycle import Resolved, resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.judge.verdict import Verdict
from hookproof.play import Case, PlayOptions, session_end
from hookproof.records.faults import HookStopped
from hookproof.records.parts import BUSY
from hookproof.report.results import Result
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges

VARIABLE = "CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"
ANOTHER_ENDS, SILENT_SERVER = "jobs/another-session-ends", "jobs/silent-server"


def hasty(name: str) -> Resolved:
    """A lifecycle whose host by itself gives SessionEnd hooks next to no time."""
    found = resolve_lifecycle(name)
    return found.model_copy(update={"rows": {**found.rows, "session_end_budget_ms": 1}})


def played(folder: Path, scenario: str, plugin: Plugin, lifecycle: Resolved) -> Result:
    processes.become_subreaper()
    case = Case(read_scenario(places.SCENARIOS / f"{scenario}.toml"), plugin, lifecycle)
    options = PlayOptions(main_launches={(plugin.name, lifecycle.name): "started"})
    result = run_case(case, folder, options, Judges.read())
    assert result.errors == []
    return result


def seen(result: Result, requirement: str) -> tuple[Verdict, str]:
    check = result.check(requirement)
    assert check is not None
    return check.verdict, check.detail


@pytest.mark.parametrize(
    ("policy", "verdict"), [("correct", Verdict.CONFORMS), ("as-reported", Verdict.VIOLATES)], ids=["right", "wrong"]
)
def test_a_hook_has_the_time_that_it_needs_where_the_host_allows_it(
    policy: str, verdict: Verdict, tmp_path: Path
) -> None:
    result = played(tmp_path, ANOTHER_ENDS, resolve_plugin(f"reference:{policy}"), hasty("claude-2.1.91"))
    assert seen(result, "JOB-05")[0] is verdict
    assert result.cut_hooks == []
    budget = result.session_end["claude"]
    assert (budget.raised_by, budget.ms) == (VARIABLE, 30_000)


@pytest.mark.parametrize("policy", ["correct", "as-reported"])
def test_what_leans_on_a_hook_that_the_host_cuts_whatever_one_does_is_not_tested(policy: str, tmp_path: Path) -> None:
    result = played(tmp_path, ANOTHER_ENDS, resolve_plugin(f"reference:{policy}"), hasty("claude-2.1.91+fixed-budget"))
    for requirement in ("JOB-04", "JOB-05"):
        verdict, detail = seen(result, requirement)
        assert verdict is Verdict.NOT_TESTED, detail
        assert "was ended by the host after" in detail
        assert "at the host's own budget of 0.001 s" in detail
    assert result.verdict is Verdict.NOT_TESTED
    assert {cut.limit for cut in result.cut_short} == {"host's budget"}
    assert result.session_end["claude"].raised_by is None


def test_a_timeout_that_the_plugin_declares_stays_as_it_is(tmp_path: Path) -> None:
    plugin = resolve_plugin("reference:correct")
    root = tmp_path / "plugin"
    shutil.copytree(plugin.root, root)
    hooks = root / "hooks" / "hooks.json"
    declared = json.loads(hooks.read_text(encoding="utf-8"))
    declared["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"] = 0.001
    hooks.write_text(json.dumps(declared), encoding="utf-8")
    result = played(tmp_path / "run", ANOTHER_ENDS, replace(plugin, root=root), resolve_lifecycle("claude-2.1.91"))
    verdict, detail = seen(result, "JOB-05")
    assert verdict is Verdict.NOT_TESTED
    assert "at the timeout of 0.001 s that it declares" in detail
    assert result.session_end["claude"].raised_by == VARIABLE


@pytest.mark.skipif(sys.platform == "win32", reason="a server that is stopped")
def test_a_scenario_about_the_budget_has_the_hosts_own(tmp_path: Path) -> None:
    result = played(tmp_path, SILENT_SERVER, resolve_plugin("reference:correct"), hasty("claude-2.1.91"))
    budget = result.session_end["claude"]
    assert 1 <= budget.ms < 100, "the host's own, or in proportion to what the machine does besides"
    assert [cut.limit_ms for cut in result.cut_short] == [budget.ms]
    verdict, detail = seen(result, "JOB-11")
    assert verdict is Verdict.NOT_TESTED, "no hook at all does anything in that time"
    assert "cannot be told" in detail


@pytest.mark.skipif(sys.platform == "win32", reason="a server that is stopped")
def test_a_hook_that_waits_for_a_silent_server_is_cut_however_much_longer_it_is_given(tmp_path: Path) -> None:
    plugin, lifecycle = resolve_plugin("reference:as-reported"), resolve_lifecycle("claude-2.1.91")
    result = played(tmp_path, SILENT_SERVER, plugin, lifecycle)
    assert seen(result, "JOB-11")[0] is Verdict.VIOLATES
    assert [cut.limit_ms for cut in result.cut_short] == [result.session_end["claude"].ms]
    assert result.session_end["claude"].ms % 1500 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="a hook is held on Linux alone")
@pytest.mark.parametrize("lifecycle", ["claude-2.1.91", "claude-2.1.329"])
def test_a_held_hook_is_cut_at_the_change_that_the_scenario_names(lifecycle: str, tmp_path: Path) -> None:
    result = played(tmp_path, "jobs/own-end-cut", resolve_plugin("reference:as-reported"), resolve_lifecycle(lifecycle))
    records = journals.read(Path(result.journal))
    held = [each for each in records if isinstance(each, HookStopped)]
    # that it is exactly there tests/sandbox/test_changes.py shows; who is seen among the hook's too late goes on
    assert [(each.after, each.over, each.records >= each.after) for each in held] == [
        (1, False, True),
        (2, False, True),
    ]
    # the host's own budget, or on a machine that is busy as many times that
    limit = "host's budget" if result.session_end["claude"].raised_by is None else "raised budget"
    assert [(cut.asked, cut.limit) for cut in result.cut_hooks] == [(True, limit)] * 2
    assert result.cut_short == []


@pytest.mark.parametrize("slowdown", [1.0, 1.94, 1.96, 2.0, 7.3])
def test_what_is_called_busy_is_what_was_given_more_time(slowdown: float) -> None:
    """The judge goes by the number that is recorded, so that must be the one by which the budget was raised."""
    case = Case(
        read_scenario(places.SCENARIOS / f"{SILENT_SERVER}.toml"),
        resolve_plugin("reference"),
        resolve_lifecycle("claude-2.1.91"),
    )
    budget = session_end.budgets(case, PlayOptions(slowdown=slowdown))["claude"]
    assert budget.slowdown is not None
    assert budget.own_ms is not None
    assert (budget.raised_by is not None) == (budget.slowdown >= BUSY)
    assert budget.ms >= (budget.own_ms * budget.slowdown if budget.slowdown >= BUSY else budget.own_ms)
