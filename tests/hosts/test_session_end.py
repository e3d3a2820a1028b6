"""What each host gives SessionEnd hooks, and by what it is given more.

Of real hosts as it was measured, in print mode and at a terminal, on every release that is named here.
"""

from __future__ import annotations

import asyncio

import pytest

from hookproof import places
from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import real, resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import Claude, Scenario, read_scenario
from hookproof.hosts.host import SessionEnd
from hookproof.hosts.registry import HOSTS
from hookproof.play import Case, PlayOptions
from hookproof.play.patience import slowdown
from hookproof.play.session_end import budgets, variables
from hookproof.records.parts import SessionEndBudget

VARIABLE = "CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"
SCENARIO = read_scenario(places.SCENARIOS / "jobs" / "another-session-ends.toml")
ABOUT_IT = SCENARIO.model_copy(update={"claude": Claude(session_end_budget="host")})
OF_BOTH_HOSTS = read_scenario(places.SCENARIOS / "context" / "same-as-claude.toml")
CALIBRATION = read_scenario(places.SCENARIOS / "calibration" / "claude" / "main.toml")


@pytest.mark.parametrize(
    ("version", "raised", "undeclared"),
    [
        ("2.1.72", False, False),
        ("2.1.91", True, True),
        ("2.1.150", True, False),
        ("2.1.220", True, False),
        ("2.1.267", True, False),
        ("2.1.329", True, True),
        ("2.1.332", True, True),
    ],
)
def test_a_real_claude_code(version: str, raised: bool, undeclared: bool) -> None:
    found = told("claude", version)
    assert found.variable == (VARIABLE if raised else None)
    assert found.raises_undeclared == undeclared or not raised
    assert found.ms in {1490, 1500}


@pytest.mark.parametrize("version", ["0.169.0", "0.171.0"])
def test_a_real_codex_is_given_more_by_nothing(version: str) -> None:
    assert told("codex", version) == SessionEnd(ms=3000, undeclared_ms=1000)


def told(host: HostName, version: str) -> SessionEnd:
    return HOSTS[host].session_end(resolve_lifecycle(real(host, version).like).rows, version)


def in_force(
    scenario: Scenario,
    lifecycle: str,
    *,
    seconds: float = 60.0,
    program: Program | None = None,
    slowdown: float = 1.0,
) -> dict[str, SessionEndBudget]:
    resolved = real(scenario.host or "claude", program.version) if program is not None else resolve_lifecycle(lifecycle)
    plugin = resolve_plugin("reference" if scenario.kind == "companion" else "reference-workflow")
    return budgets(Case(scenario, plugin, resolved, program=program), PlayOptions(seconds=seconds, slowdown=slowdown))


@pytest.mark.parametrize(
    ("scenario", "lifecycle", "seconds", "ms", "raised_by"),
    [
        (SCENARIO, "claude-2.1.91", 60.0, 30_000, VARIABLE),
        (SCENARIO, "claude-2.1.91", 8.0, 4000, VARIABLE),
        # never less than the host gives by itself
        (SCENARIO, "claude-2.1.91", 2.0, 1500, None),
        (SCENARIO, "claude-2.1.91+fixed-budget", 60.0, 1500, None),
        (ABOUT_IT, "claude-2.1.91", 60.0, 1500, None),
        (CALIBRATION, "claude-2.1.329", 60.0, 1490, None),
    ],
    ids=["half of the patience", "of a short one", "of one that is too short", "fixed", "about it", "calibration"],
)
def test_the_budget_in_force(
    scenario: Scenario, lifecycle: str, seconds: float, ms: int, raised_by: str | None
) -> None:
    found = in_force(scenario, lifecycle, seconds=seconds)["claude"]
    assert (found.ms, found.undeclared_ms, found.raised_by) == (ms, ms, raised_by)
    assert variables(found) == ({VARIABLE: str(ms)} if raised_by else {})


@pytest.mark.parametrize(
    ("slowdown", "lifecycle", "seconds", "ms", "raised_by"),
    [
        (1.0, "claude-2.1.91", 60.0, 1500, None),
        (1.9, "claude-2.1.91", 60.0, 1500, None),
        (2.0, "claude-2.1.91", 60.0, 3000, VARIABLE),
        (4.2, "claude-2.1.91", 60.0, 7500, VARIABLE),
        (40.0, "claude-2.1.91", 60.0, 30_000, VARIABLE),
        (4.2, "claude-2.1.91+fixed-budget", 60.0, 1500, None),
    ],
)
def test_where_the_scenario_is_about_it_a_busy_machine_has_it_in_proportion(
    slowdown: float, lifecycle: str, seconds: float, ms: int, raised_by: str | None
) -> None:
    found = in_force(ABOUT_IT, lifecycle, seconds=seconds, slowdown=slowdown)["claude"]
    assert found == SessionEndBudget(ms=ms, undeclared_ms=ms, raised_by=raised_by, slowdown=slowdown, own_ms=1500)


def test_a_bare_hook_takes_as_long_as_it_works_at_the_least() -> None:
    assert asyncio.run(slowdown()) >= 1.0


def test_a_real_host_that_spares_who_declares_nothing() -> None:
    found = in_force(SCENARIO, "", program=Program(("claude",), "2.1.150"))["claude"]
    assert found == SessionEndBudget(ms=30_000, undeclared_ms=1500, raised_by=VARIABLE)


def test_each_host_of_a_scenario_has_its_own() -> None:
    found = in_force(OF_BOTH_HOSTS, "codex-0.169")
    assert set(found) == {"claude", "codex"}
    assert found["codex"].raised_by is None
    assert found["claude"].raised_by == VARIABLE
