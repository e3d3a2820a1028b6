"""What a plugin declares and this program does not play is told; what a release does not understand is lost as there.

What types of hooks and misfits come to was measured on the real 2.1.91 and 2.1.329, beside a SessionStart hook.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from claude_hooks import NEW, play
from conftest import MakeBench, MakeModel
from scripted_model import text

OLD = "claude-2.1.91"
HOOKS = "hooks/hooks.json"
COMMAND = {"type": "command", "command": "true"}
TYPES: dict[str, dict[str, Any]] = {
    "prompt": {"type": "prompt", "prompt": "Is it fine?", "timeout": 5},
    "agent": {"type": "agent", "prompt": "Is it fine?"},
    "http": {"type": "http", "url": "http://127.0.0.1:9/x"},
}
MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "a type that nobody knows": ({"type": "banana", "command": "true"}, "\"type\" is 'banana', which it does not know"),
    "no type": ({"command": "true"}, '"type" is None, which it does not know'),
    "no command": ({"type": "command"}, '"command" is None, and no command'),
    "a timeout that is a text": ({**COMMAND, "timeout": "5"}, "\"timeout\" is '5', and no number of seconds"),
}
MCP_TOOL = {"type": "mcp_tool", "server": "x", "tool": "y"}
RAN = ["SessionStart"]


def played(
    make_model: MakeModel, make_bench: MakeBench, lifecycle: str, event: str, *groups: dict[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]], list[dict[str, Any]]]:
    """The events whose hooks ran, what was told as not played, and the records of dropped hooks."""
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "true")
    bench.hooks.setdefault(event, []).extend(groups)
    play(bench, lifecycle)
    told = [
        (each["what"], each["name"], each["event"], each["file"], each["times"])
        for each in bench.journal.of("plugin.not_played")
    ]
    return bench.journal.events(), told, bench.journal.of("hooks.dropped")


@pytest.mark.parametrize("lifecycle", [OLD, NEW])
@pytest.mark.parametrize("kind", TYPES)
def test_a_hook_that_is_no_command_is_told_and_the_others_run(
    kind: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    ran, told, dropped = played(
        make_model, make_bench, lifecycle, "Stop", {"hooks": [TYPES[kind], COMMAND, TYPES[kind]]}
    )
    assert (ran, dropped) == (["SessionStart", "Stop"], [])
    assert told == [("hook type", kind, "Stop", HOOKS, 2)]


def test_a_type_that_is_not_known_yet_costs_all_hooks(make_model: MakeModel, make_bench: MakeBench) -> None:
    ran, told, dropped = played(make_model, make_bench, OLD, "Stop", {"hooks": [MCP_TOOL]})
    assert (ran, told) == ([], [])
    assert dropped[0]["misfit"] == f"{HOOKS}: hooks.Stop[].hooks[]: \"type\" is 'mcp_tool', which it does not know"


def test_a_type_that_a_later_release_knows(make_model: MakeModel, make_bench: MakeBench) -> None:
    ran, told, dropped = played(make_model, make_bench, NEW, "Stop", {"hooks": [MCP_TOOL]})
    assert (ran, told, dropped) == (RAN, [("hook type", "mcp_tool", "Stop", HOOKS, 1)], [])


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("lifecycle", [OLD, NEW])
def test_what_a_release_does_not_understand_costs_all_hooks_or_that_one(
    lifecycle: str, misfit: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    entry, said = MISFITS[misfit]
    ran, told, dropped = played(make_model, make_bench, lifecycle, "Stop", {"hooks": [entry, TYPES["prompt"]]})
    if lifecycle == NEW:
        assert (ran, told, dropped) == (RAN, [("hook type", "prompt", "Stop", HOOKS, 1)], [])
    else:
        whole = f"{HOOKS}: hooks.Stop[].hooks[]: {said}"
        assert (ran, told, [(each["misfit"], each["events"]) for each in dropped]) == ([], [], [(whole, [])])


@pytest.mark.parametrize("lifecycle", [OLD, NEW])
def test_keys_that_are_not_played_are_told(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    played_keys = {**COMMAND, "timeout": 5, "async": False, "statusMessage": "x", "asyncRewake": False, "once": None}
    group = {"matcher": "", "order": 3, "hooks": [played_keys, {**COMMAND, "if": "Bash(git *)", "shell": "bash"}]}
    ran, told, _ = played(make_model, make_bench, lifecycle, "Stop", group)
    assert ran == ["SessionStart", "Stop"]
    assert told == [
        ("hook key", "order", "Stop", HOOKS, 1),
        ("hook key", "if", "Stop", HOOKS, 1),
        ("hook key", "shell", "Stop", HOOKS, 1),
    ]


@pytest.mark.parametrize("entry", [COMMAND, TYPES["http"]], ids=["command", "http"])
def test_an_event_that_is_known_and_never_fires_is_told(
    entry: dict[str, Any], make_model: MakeModel, make_bench: MakeBench
) -> None:
    assert played(make_model, make_bench, OLD, "ConfigChange", {"hooks": [entry, entry]}) == (
        RAN,
        [("event", "ConfigChange", None, HOOKS, 2)],
        [],
    )


@pytest.mark.parametrize("entry", [COMMAND, TYPES["http"], {"type": "banana"}], ids=["command", "http", "misfit"])
@pytest.mark.parametrize("lifecycle", [OLD, NEW])
def test_what_the_real_host_does_not_play_either_is_not_told(
    lifecycle: str, entry: dict[str, Any], make_model: MakeModel, make_bench: MakeBench
) -> None:
    ran, told, dropped = played(make_model, make_bench, lifecycle, "NeverHeardOf", {"hooks": [entry]})
    events = [each["events"] for each in dropped]
    assert (ran, told, events) == ((RAN, [], []) if lifecycle == NEW else ([], [], [["NeverHeardOf"]]))


SERVER = {"command": "true"}


@pytest.mark.parametrize(
    ("declared", "file", "found"),
    [
        (None, {"mcpServers": {"db": SERVER}}, [("db", ".mcp.json")]),
        (None, {"db": SERVER, "web": {"type": "http", "url": "x"}}, [("db", ".mcp.json"), ("web", ".mcp.json")]),
        ({"db": SERVER}, {}, [("db", ".claude-plugin/plugin.json")]),
        ("./more.json", {"db": SERVER}, [("db", ".mcp.json"), ("more", "more.json")]),
        (["./more.json", {"db": SERVER}], [], [("db", ".claude-plugin/plugin.json"), ("more", "more.json")]),
        ("./.mcp.json", {"db": SERVER}, [("db", ".mcp.json")]),
        ("./nothing.json", "{", []),
    ],
)
def test_mcp_servers_are_told(
    declared: Any, file: Any, found: list[tuple[str, str]], make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    manifest = {"name": "codex"} | ({} if declared is None else {"mcpServers": declared})
    (bench.plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    (bench.plugin / ".mcp.json").write_text(file if isinstance(file, str) else json.dumps(file))
    (bench.plugin / "more.json").write_text(json.dumps({"mcpServers": {"more": SERVER}}))
    bench.hook("NeverHeardOf", "true")
    play(bench, OLD)
    told = bench.journal.of("plugin.not_played")
    assert [(each["name"], each["file"]) for each in told] == found
    assert {(each["what"], each["event"]) for each in told} <= {("MCP server", None)}
    assert bench.journal.of("hooks.dropped")


def test_the_file_is_named_where_it_stands(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    manifest = '{"name": "codex", "hooks": {"Stop": [{"hooks": [{"type": "prompt", "prompt": "x"}]}]}}'
    (bench.plugin / ".claude-plugin" / "plugin.json").write_text(manifest)
    play(bench, OLD)
    assert [each["file"] for each in bench.journal.of("plugin.not_played")] == [".claude-plugin/plugin.json"]
