"""Which hooks there are, how they are listed, what their matchers catch, and who trusts them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_hooks_bench import VERSIONS, Bench, opened

everywhere = pytest.mark.parametrize("world", VERSIONS, indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with opened(tmp_path, monkeypatch, getattr(request, "param", "0.169")) as (bench, _):
        yield bench


def group(*commands: str, **more: Any) -> dict[str, Any]:
    """One group of a hooks file."""
    return {"hooks": [{"type": "command", "command": command} for command in commands], **more}


@everywhere
def test_hooks_are_listed_with_their_keys_and_hashes(world: Bench) -> None:
    entry = {"type": "command", "command": "true", "timeout": 5, "statusMessage": "hi"}
    world.declare(SessionStart=[group("true")], Stop=[{"matcher": "abc", "hooks": [entry]}], Nonsense=[group("true")])
    path = str(world.home / "hooks.json")
    start, stop = world.listed()
    assert (start["key"], stop["key"]) == (f"{path}:session_start:0:0", f"{path}:stop:0:0")
    assert (start["eventName"], start["source"], start["sourcePath"]) == ("sessionStart", "user", path)
    assert (start["matcher"], stop["matcher"]) == (None, None)
    assert (start["timeoutSec"], stop["timeoutSec"]) == (600, 5)
    # measured, the same on all versions
    assert start["currentHash"] == "sha256:696abd07fc74736ff2d809abef82925e1ea697cd2e547d73317c677b0d407441"
    assert stop["currentHash"] == "sha256:9432bd7b4a8045b0bf417f7371951c00fb7f13f5bc7400a4838501bc4875ea24"
    assert ("async" in start) is (world.rows.name == "codex-0.169")
    assert world.warnings() == []


@everywhere
def test_only_later_versions_know_the_events_of_subagents_and_of_the_end(world: Bench) -> None:
    names = ["SubagentStart", "SubagentStop", "SessionEnd"]
    world.declare(None, **{name: [group("true")] for name in names})
    known = {"codex-0.130": [], "codex-0.133": names[:2], "codex-0.169": names}[world.rows.name]
    assert {hook["eventName"].lower() for hook in world.listed()} == {name.lower() for name in known}


def test_what_is_no_command_is_skipped_and_keeps_its_number(world: Bench) -> None:
    entries = [
        {"type": "prompt", "prompt": "x"},
        {"type": "command", "command": "  "},
        {"type": "command", "command": "true", "timeout": 0, "timeoutSec": 7},
    ]
    world.declare(SessionStart=[{"hooks": entries}, {}])
    (hook,) = world.listed()
    assert hook["key"].endswith(":session_start:0:2")
    assert hook["timeoutSec"] == 1
    assert [text.split(" in ")[0] for text in world.warnings()] == [
        "skipping prompt hook",
        "skipping empty hook command",
    ]


def test_a_session_end_hook_has_little_time(world: Bench) -> None:
    world.declare(SessionEnd=[group("a", "b")])
    document = json.loads((world.home / "hooks.json").read_text())
    document["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"] = 60
    (world.home / "hooks.json").write_text(json.dumps(document))
    assert [hook["timeoutSec"] for hook in world.listed()] == [3, 1]
    assert world.warnings() == [f"clamping SessionEnd hook timeout to 3s in {world.home / 'hooks.json'}"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"hooks": []}',
        '{"hooks": {"Stop": {}}}',
        '{"hooks": {"Stop": [1]}}',
        '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": 1.5}]}]}}',
        '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": -1}]}]}}',
    ],
)
def test_a_file_that_is_no_hooks_file_is_left_out_whole(world: Bench, text: str) -> None:
    (world.home / "hooks.json").write_text(text)
    assert world.listed() == []
    assert world.warnings()[0].startswith(f"failed to parse hooks config {world.home / 'hooks.json'}: ")


MATCHERS = {
    "startup|resume|clear": True,
    "": True,
    "*": True,
    ".*": True,
    "^start": True,
    "st.rt": True,
    "startup|": True,
    "a-b|startup": True,
    "start-x|start": True,
    "resume|startu.": True,
    "start": False,
    "resume|start": False,
    "Startup": False,
    "|": False,
    " startup": False,
    "startup,resume": False,
}


@pytest.mark.parametrize("matcher", MATCHERS)
def test_words_match_whole_and_anything_else_is_a_regular_expression(world: Bench, matcher: str) -> None:
    world.declare(SessionStart=[group("true", matcher=matcher)])
    world.trust()
    assert bool(world.engine().matching("SessionStart", "startup")) is MATCHERS[matcher]


def test_a_matcher_that_is_no_regular_expression_drops_its_group(world: Bench) -> None:
    world.declare(SessionStart=[group("true", matcher="(")], UserPromptSubmit=[group("true", matcher="(")])
    assert [hook["eventName"] for hook in world.listed()] == ["userPromptSubmit"]
    assert world.warnings()[0].startswith('invalid matcher "("')
    world.trust()
    assert len(world.engine().matching("UserPromptSubmit", "")) == 1


def test_the_spawning_tool_has_a_second_name(world: Bench) -> None:
    world.declare(PreToolUse=[group("true", matcher="Agent"), group("true", matcher="Task")])
    world.trust()
    assert [hook.order for hook in world.engine().matching("PreToolUse", "spawn_agent")] == [0]
    assert world.engine().matching("PreToolUse", "multi_agent_v1wait_agent") == []


def test_user_toml_project_in_this_order(world: Bench) -> None:
    world.declare(SessionStart=[group("user")])
    world.declare(world.project / ".codex" / "hooks.json", SessionStart=[group("project")])
    entry = '[[hooks.SessionStart]]\n[[hooks.SessionStart.hooks]]\ntype = "command"\ncommand = "toml"\n'
    trusted = f"[projects.{json.dumps(str(world.project))}]\ntrust_level = "
    (world.home / "config.toml").write_text(entry + trusted + '"trusted"\n')
    assert [(hook["command"], hook["source"]) for hook in world.listed()] == [
        ("user", "user"),
        ("toml", "user"),
        ("project", "project"),
    ]
    assert world.warnings()[0].endswith("prefer a single representation for this layer")
    (world.home / "config.toml").write_text(trusted + '"untrusted"\n')
    assert [hook["command"] for hook in world.listed()] == ["user"]


@everywhere
def test_only_what_is_trusted_and_unchanged_runs(world: Bench) -> None:
    def runs() -> list[str]:
        world.reload()
        return [hook.command for hook in world.engine().matching("SessionStart", "startup")]

    world.declare(SessionStart=[group("a", "b")])
    assert runs() == []
    world.trust()
    assert runs() == ["a", "b"]
    world.declare(SessionStart=[group("a", "changed")])
    assert runs() == ["a"]
    assert [hook["trustStatus"] for hook in world.listed()] == ["trusted", "modified"]
    world.write("hooks.state", {world.listed()[0]["key"]: {"enabled": False}})
    assert runs() == []
    assert [hook["trustStatus"] for hook in world.listed()] == ["trusted", "modified"]


def test_the_engine_notices_that_the_config_was_written(world: Bench) -> None:
    world.declare(SessionStart=[group("a")])
    engine = world.engine()
    assert engine.matching("SessionStart", "startup") == []
    world.trust()
    engine.config.reload()
    assert len(engine.matching("SessionStart", "startup")) == 1


def test_hooks_can_be_switched_off(world: Bench) -> None:
    world.declare(SessionStart=[group("a")])
    world.trust()
    world.write("features.hooks", False)
    assert world.listed() == []
    assert world.engine().matching("SessionStart", "startup") == []


def test_an_async_hook_is_listed_and_run_at_the_sessions_end_alone(world: Bench) -> None:
    """Measured on 0.169.0, which waits for the one of SessionEnd as for any other."""
    for event in ("SessionStart", "SessionEnd"):
        world.declare(**{event: [{"hooks": [{"type": "command", "command": "true", "async": True}]}]})
        world.trust()
        assert [hook["async"] for hook in world.listed()] == [True]
        assert len(world.engine().matching(event, "startup")) == (1 if event == "SessionEnd" else 0)
    assert world.warnings() == [f"running async SessionEnd hook synchronously in {world.home / 'hooks.json'}"]
