"""The plugin's files: policies and their overlays, manifests, the promised launcher, the configuration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_world import PLUGIN, World, policy, project

MAIN = "You are the main session"


def test_the_committed_plugin_is_correct() -> None:
    assert (PLUGIN / "policy").read_text() == "correct\n"


@pytest.mark.parametrize("name", policy.POLICIES)
def test_a_row_names_switches_that_exist_with_values_of_their_type(name: str) -> None:
    for switch, value in policy.POLICIES[name].items():
        assert switch in policy.SWITCH_NAMES
        assert type(value) is type(getattr(policy.Policy, switch))


def test_every_switch_is_turned_by_some_policy() -> None:
    rows = [*policy.POLICIES.values(), *policy.SWITCHES.values()]
    assert {switch for row in rows for switch in row} == set(policy.SWITCH_NAMES)


def test_the_fix_changes_one_switch_and_the_texts() -> None:
    assert set(policy.POLICIES["fix-146"]) == {"texts", "block_at_session_start"}


@pytest.mark.parametrize(
    ("line", "what_it_is_told"),
    [
        ("corect", r"no policy is called 'corect'; there are: before-146, fix-146"),
        (
            "correct+once",
            r"no switch is called 'once'; there are: deaf-to-clear, deaf-to-compaction, repeats-itself, ",
        ),
        ("correct+block_once=maybe", r"block_once takes yes or no, not 'maybe'"),
        ("correct+subagent_start=yes", r"subagent_start takes undeclared or payload or rollout, not 'yes'"),
    ],
)
def test_a_line_that_names_what_there_is_not(line: str, what_it_is_told: str) -> None:
    with pytest.raises(policy.UnknownPolicyError, match=what_it_is_told):
        policy.parse(line)


def test_a_line_may_turn_switches() -> None:
    rules = policy.parse("correct+block_once=no+subagent_start=payload\n")
    assert (rules.block_once, rules.subagent_start, rules.wants_proof) == (False, "payload", True)


@pytest.mark.parametrize("name", policy.POLICIES)
def test_a_policys_files_are_laid_over_the_documented_ones(tmp_path: Path, name: str) -> None:
    world = World(tmp_path, name)
    assert (world.plugin / "policy").read_text() == f"{name}\n"
    overlay = PLUGIN / "texts" / policy.parse(name).texts
    laid = [path.relative_to(overlay) for path in overlay.rglob("*") if path.is_file()]
    assert bool(laid) is (name != "correct")
    for path in laid:
        assert (PLUGIN / path).is_file(), "an overlay only replaces"
        assert (world.plugin / path).read_text() == (overlay / path).read_text()
    hears_children = policy.parse(name).subagent_start != "undeclared"
    assert world.declared == {"SessionStart", *(["SubagentStart"] if hears_children else [])}


def test_use_policy_knows_what_there_is(tmp_path: Path) -> None:
    world = World(tmp_path)
    argv = [sys.executable, "-I", "-S", str(world.plugin / "scripts" / "use_policy.py"), "best"]
    done = subprocess.run(argv, check=False, timeout=20, capture_output=True, text=True)
    assert (done.returncode, done.stderr[:42]) == (2, "use_policy: no policy is called 'best'; th")
    assert (world.plugin / "policy").read_text() == "correct\n"


def test_manifests_run_the_hooks_that_there_are() -> None:
    for manifest, variable in (("hooks.json", "CLAUDE_PLUGIN_ROOT"), ("hooks.codex.json", "PLUGIN_ROOT")):
        hooks = json.loads((PLUGIN / "hooks" / manifest).read_text())["hooks"]
        for (entry,) in hooks.values():
            (hook,) = entry["hooks"]
            start, _, script = hook["command"].partition(f'"${{{variable}}}/')
            assert start == "python3 -I -S "
            assert (PLUGIN / script.rstrip('"')).is_file()
        assert set(hooks) == {"SessionStart", "SubagentStart"}
    names = {
        json.loads((PLUGIN / host / "plugin.json").read_text())["name"] for host in (".claude-plugin", ".codex-plugin")
    }
    assert names == {"hookproof-workflow"}


def test_every_agent_with_a_template_is_an_agent_and_no_template_has_the_main_policy() -> None:
    templates = {path.name for path in (PLUGIN / "hooks/context/subagent/agents").iterdir()}
    assert templates == {path.name for path in (PLUGIN / "agents").iterdir()}
    lines = (
        (PLUGIN / "hooks/context/main/session-start.md").read_text().partition("</authoring-policy>")[0].splitlines()
    )
    for path in (PLUGIN / "hooks/context/subagent").rglob("*.md"):
        assert not set(filter(None, lines)) & set(path.read_text().splitlines()), path


@pytest.mark.parametrize("claude_name", ["issue-implementer", "hookproof-workflow:issue-implementer"])
def test_claude_code_gives_a_subagent_its_block_and_records_it(tmp_path: Path, claude_name: str) -> None:
    world = World(tmp_path)
    payload = {"session_id": "root", "agent_id": "agent", "cwd": str(world.project), "agent_type": claude_name}
    run = world.hook(
        {**payload, "hook_event_name": "SubagentStart"}, "hook_claude.py", CLAUDE_PLUGIN_DATA=str(world.data)
    )
    assert "You build one planned issue" in run.context
    assert MAIN not in run.context
    assert world.subagents()["agent"]["agent_type"] == "issue-implementer"
    other = {**payload, "agent_id": "other", "agent_type": "else:issue-planner", "hook_event_name": "SubagentStart"}
    assert world.hook(other, "hook_claude.py").is_silent


@pytest.mark.parametrize(
    ("policy_line", "expected"),
    [
        ("correct", [True, True, True, True]),
        ("before-146", [True, False, True, True]),
        ("correct+deaf-to-clear", [True, True, True, False]),
    ],
)
def test_claude_code_tells_a_main_session_at_each_start(tmp_path: Path, policy_line: str, expected: list[bool]) -> None:
    world = World(tmp_path, policy_line)
    payload = {"session_id": "root", "cwd": str(world.project), "hook_event_name": "SessionStart"}
    sources = ("startup", "resume", "compact", "clear")
    told = [MAIN in world.hook({**payload, "source": source}, "hook_claude.py").context for source in sources]
    assert told == expected


def launcher(world: World, *argv: str) -> subprocess.CompletedProcess[str]:
    context = world.main().context
    command = next(line for line in context.splitlines() if "workflow.py" in line).partition("launcher is: ")[2]
    assert command == f'python3 -I -S "{world.plugin}/scripts/workflow.py"'
    whole = [sys.executable, "-I", "-S", str(world.plugin / "scripts" / "workflow.py"), *argv]
    return subprocess.run(whole, cwd=world.project, check=False, timeout=20, capture_output=True, text=True)


def test_the_launcher_prints_the_page_that_the_texts_promise(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert launcher(world, "authoring", "issue").stdout == f"{Path(world.plugin, 'authoring', 'issue.md')}\n"
    own = world.project / ".workflow" / "authoring" / "issue.md"
    own.parent.mkdir(parents=True)
    own.write_text("ours")
    assert launcher(world, "authoring", "issue").stdout == f"{own}\n"
    wrong = launcher(world, "authoring", "../policy")
    assert (wrong.returncode, wrong.stderr) == (2, "usage: workflow.py authoring comment|issue\n")


@pytest.mark.parametrize(
    ("settings", "tracker"),
    [
        (None, project.TRACKER),
        ("{}", project.TRACKER),
        ('{"enabled": true}', project.TRACKER),
        ('{"enabled": false}', None),
        ('{"tracker": "the wiki"}', "the wiki"),
        ('{"tracker": 5}', None),
        ("{enabled: false}", None),
    ],
)
def test_a_configuration_may_switch_the_plugin_off_and_nothing_else_is_guessed(
    tmp_path: Path, settings: str | None, tracker: str | None
) -> None:
    world = World(tmp_path)
    if settings is not None:
        (world.project / ".workflow").mkdir()
        (world.project / ".workflow" / "config.json").write_text(settings)
    below = world.project / "deep" / "down"
    below.mkdir(parents=True)
    config = project.config_for(str(below))
    assert (config and config.tracker) == tracker
    context = world.main().context
    assert (f"issues in {tracker}." in context) if tracker else (context == "")
