"""Which hosts a plugin is played on: those that a scenario names, that it has hooks for, and that were asked for."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.descriptor import Context
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import lifecycle_files, real, resolve_lifecycle
from hookproof.catalogue.model_step import Agent
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.commands import UsageError, select
from hookproof.hosts.claude.host import CLAUDE as CLAUDE_HOST
from hookproof.hosts.codex.host import CODEX as CODEX_HOST
from hookproof.sandbox import tap
from hookproof.suite.matrix import left_out, matrix, why_not

EVENTS = {"SessionStart": [{"hooks": [{"type": "command", "command": "true"}]}]}
CLAUDE, CODEX = ".claude-plugin/plugin.json", ".codex-plugin/plugin.json"
SCENARIOS = {each.id: each for each in map(read_scenario, scenario_files())}
REAL = Program(("claude",), "2.1.91")


def plugin_of(root: Path, files: dict[str, Any], **descriptor: Any) -> Plugin:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    known = {"agents": {"known": "planner"}, "says": {"policy": ["rules"], "known": ["plan"]}, **descriptor}
    whole = {"name": "x", "title": "x", "kind": "context", "recognise": {"name": "x"}, **known}
    return Plugin("x", root, Context.model_validate(whole), None, None)


@pytest.mark.parametrize(
    ("files", "claude", "codex"),
    [
        ({CLAUDE: {}, "hooks/hooks.json": {"hooks": EVENTS}}, None, "there is no .codex-plugin"),
        ({CLAUDE: {}, CODEX: {}, "hooks/hooks.json": {"hooks": EVENTS}}, None, None),
        ({CLAUDE: {}, CODEX: {"hooks": {}}, "hooks/hooks.json": {"hooks": EVENTS}}, None, "declares none"),
        ({CLAUDE: {"hooks": "./x.json"}, CODEX: {}, "x.json": {"hooks": EVENTS}}, None, "declares none"),
        ({CLAUDE: {"hooks": EVENTS}, CODEX: {"hooks": ["./x.json"]}, "x.json": {"hooks": EVENTS}}, None, None),
        ({CLAUDE: {}, CODEX: {"hooks": {"hooks": EVENTS}}}, "declares none", None),
        ({CLAUDE: {}, CODEX: {}}, "declares none", "declares none"),
        ({CLAUDE: {}, CODEX: {}, "hooks/hooks.json": {"hooks": {"Stop": []}}}, "declares none", "declares none"),
        ({CODEX: {}, "hooks/hooks.json": {"hooks": EVENTS}}, "there is no .claude-plugin", None),
        # a file that is not there has no hooks; what is wrong with others is told when they are to be run
        ({CLAUDE: {"hooks": "./missing.json"}, CODEX: {"hooks": "../out.json"}}, "declares none", "declares none"),
        ({CLAUDE: {"hooks": {"Stop": "x"}}, CODEX: {"hooks": "./../out.json"}}, None, None),
    ],
)
def test_the_manifests_say_which_hosts_a_plugin_has_hooks_for(
    tmp_path: Path, files: dict[str, Any], claude: str | None, codex: str | None
) -> None:
    plugin = plugin_of(tmp_path, files)
    for host, expected in ((CLAUDE_HOST, claude), (CODEX_HOST, codex)):
        why = tap.without_hooks(plugin.root, host)
        assert (why is None) == (expected is None), why
        assert expected is None or expected in str(why)


def test_a_scenario_is_played_on_each_host_that_it_names_and_the_plugin_has_hooks_for(tmp_path: Path) -> None:
    lifecycles = [resolve_lifecycle(path.stem) for path in lifecycle_files()]
    both = [SCENARIOS["context/known-agent"]]
    one = plugin_of(tmp_path, {CLAUDE: {}, "hooks/hooks.json": {"hooks": EVENTS}})
    played = {case.lifecycle.name: case.host for case in matrix(both, [one], lifecycles)}
    assert set(played.values()) == {"claude"}
    assert {"claude-2.1.91", "claude-2.1.329", "claude-2.1.91-windows"} <= set(played)
    reasons = {each.lifecycle: each.reason for each in left_out(both, one, lifecycles)}
    assert reasons["codex-0.169"].startswith("the plugin has no hooks for Codex: there is no .codex-plugin")
    whole = resolve_plugin("reference-workflow")
    assert {case.host for case in matrix(both, [whole], lifecycles)} == {"claude", "codex"}


@pytest.mark.parametrize(
    ("name", "host", "reason"),
    [
        ("context/told-once", "claude", "given another turn by its parent"),
        ("context/compacted-session", "claude", None),
        ("context/forked-session", "claude", "only a client of Codex can"),
        ("context/forked-agent", "claude", "begin with all that its parent has heard"),
        ("context/resumed-session", "codex", "expected one of Claude Code in print mode"),
        ("context/known-agent", "claude", None),
        ("context/cleared-session", "claude", None),
        ("context/cleared-session", "codex", None),
    ],
)
def test_a_step_that_a_host_lacks_leaves_the_scenario_out_there(name: str, host: Any, reason: str | None) -> None:
    scenario = SCENARIOS[name].model_copy(update={"hosts": ["claude", "codex"], "host": None})
    lifecycle = resolve_lifecycle("claude-2.1.329" if host == "claude" else "codex-0.169")
    why = why_not(scenario, resolve_plugin("reference-workflow").descriptor, lifecycle, real=False)
    assert (why is None) == (reason is None), why
    assert reason is None or reason in str(why)


def test_a_subagent_that_starts_another_needs_a_version_that_lets_it() -> None:
    scenario = SCENARIOS["context/nested-agent"].model_copy(update={"hosts": ["claude"], "host": None})
    descriptor = resolve_plugin("reference-workflow").descriptor
    told = {
        name: why_not(scenario, descriptor, resolve_lifecycle(name), real=False)
        for name in ("claude-2.1.91", "claude-2.1.329")
    }
    assert told["claude-2.1.329"] is None
    assert "which only main can on this host" in str(told["claude-2.1.91"])
    assert why_not(scenario, descriptor, real("claude", "2.1.91"), real=True) == told["claude-2.1.91"]


@pytest.mark.parametrize(
    ("descriptor", "out", "reason"),
    [
        ({"agents": None, "says": {"policy": ["rules"]}}, "context/known-agent", "agents.known"),
        ({"agents": None, "says": {"policy": ["rules"]}}, "context/nested-agent", "agents.known"),
        ({}, "context/nested-agent", "agents.other"),
        ({}, "context/agent-name-order", "agents.other"),
    ],
)
def test_what_a_descriptor_does_not_have_leaves_the_scenarios_that_need_it_out(
    tmp_path: Path, descriptor: dict[str, Any], out: str, reason: str
) -> None:
    plugin = plugin_of(tmp_path, {CLAUDE: {}, CODEX: {}, "hooks/hooks.json": {"hooks": EVENTS}}, **descriptor)
    lifecycle = resolve_lifecycle("codex-0.130")
    reasons = {each.scenario: each.reason for each in left_out(SCENARIOS.values(), plugin, [lifecycle])}
    assert reason in reasons[out]
    assert "context/main-session" not in reasons


def parsed(**options: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{"lifecycle": None, "claude": "fake", "codex": "fake", "allow_network": False, **options}
    )


def test_a_script_for_several_hosts_is_said_in_the_words_of_each() -> None:
    script = SCENARIOS["context/known-agent"].model["main"]
    assert [getattr(step, "call", "text") for step in CODEX_HOST.steps(script)] == ["spawn_agent", "wait_agent", "text"]
    said = CLAUDE_HOST.steps(script)
    assert [getattr(step, "call", "text") for step in said] == ["Agent", "text"]
    assert isinstance(said[0], Agent)
    assert (said[0].subagent_type, said[0].name, said[0].prompt) == ("{known}", "child", "Plan the work.")
    nameless = CLAUDE_HOST.steps(SCENARIOS["context/role-less-agent"].model["main"])[0]
    assert isinstance(nameless, Agent)
    assert nameless.subagent_type == "general-purpose"


BOTH = {CLAUDE: {}, CODEX: {}, "hooks/hooks.json": {"hooks": EVENTS}}
DEFAULT = ["claude-2.1.91", "codex-0.169"]


def columns(plugin: Plugin, scenarios: list[Scenario] | None = None, **options: Any) -> list[str]:
    known = {"claude": [REAL], "codex": [Program(("codex",), "0.169.0")]}
    found = select.hosts(parsed(**options), plugin, DEFAULT, scenarios=scenarios or [], known=known)
    assert set(found.programs) == {each.name for each in found.lifecycles if "@" in each.name}
    return [each.name for each in found.lifecycles]


def test_a_real_host_takes_the_place_of_its_own_stand_ins_alone(tmp_path: Path) -> None:
    plugin = plugin_of(tmp_path, BOTH)
    assert columns(plugin) == DEFAULT
    assert columns(plugin, claude="npm:2.1.91") == ["claude@2.1.91"]
    assert columns(plugin, claude="npm:2.1.91", codex="npm:0.169.0") == ["claude@2.1.91", "codex@0.169.0"]
    named = columns(plugin, claude="npm:2.1.91", lifecycle=["codex-0.130", "codex-0.169"])
    assert named == ["claude@2.1.91", "codex-0.130", "codex-0.169"]
    every = columns(plugin, codex="npm:0.169.0", lifecycle=["all"])
    assert every[0] == "codex@0.169.0"
    assert {"claude-2.1.91", "claude-2.1.329"} <= set(every)
    assert not any(name.startswith("codex-") for name in every)


def test_of_a_plugin_with_hooks_for_one_host_only_that_one_is_played(tmp_path: Path) -> None:
    plugin = plugin_of(tmp_path, {CLAUDE: {}, "hooks/hooks.json": {"hooks": EVENTS}})
    assert columns(plugin) == ["claude-2.1.91"]


@pytest.mark.parametrize(
    ("files", "scenario", "options", "sentence"),
    [
        (BOTH, None, {"claude": "x", "lifecycle": ["claude-2.1.91"]}, "--lifecycle says what a stand-in does"),
        ({CLAUDE: {}, "hooks/hooks.json": {"hooks": EVENTS}}, None, {"codex": "x"}, "no hooks for Codex"),
        ({CODEX: {}, "hooks/hooks.json": {"hooks": EVENTS}}, None, {"claude": "x"}, "no hooks for Claude Code"),
        (BOTH, "context/told-once", {"claude": "x"}, "is played on Claude Code, but on Codex"),
        (BOTH, "context/resumed-session", {"codex": "x"}, "is played on Codex, but on Claude Code"),
        ({CLAUDE: {}, CODEX: {}}, None, {}, "the plugin has no hooks for Claude Code"),
    ],
)
def test_a_host_that_was_asked_for_is_never_passed_over(
    tmp_path: Path, files: dict[str, Any], scenario: str | None, options: dict[str, Any], sentence: str
) -> None:
    scenarios = [SCENARIOS[scenario]] if scenario is not None else None
    with pytest.raises(UsageError) as caught:
        columns(plugin_of(tmp_path, files), scenarios, **options)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
