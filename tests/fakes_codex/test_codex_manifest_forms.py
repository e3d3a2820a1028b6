"""What a plugin's manifest can have under `hooks`, and what a hooks file can be, as measured on real Codex.

Each row was played on real 0.130.0, 0.133.0 and 0.169.0 with a plugin that has three hooks files, each of which says
its own name. 0.133.0 took every form as 0.130.0 did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_hooks_bench import VERSIONS, Bench, Json, opened, plugins


def events(word: str, **more: Any) -> Json:
    """The events of a document whose one hook is called `word`."""
    return {"SessionStart": [{"hooks": [{"type": "command", "command": word, **more}]}]}


ABSENT = object()
MANIFESTS: dict[str, tuple[Any, list[str], list[str]]] = {
    # what it has under `hooks`; which hooks there are on 0.130 and 0.133, and on 0.169
    "absent": (ABSENT, ["hooks"], ["hooks"]),
    "null": (None, ["hooks"], ["hooks"]),
    "false": (False, ["hooks"], ["hooks"]),
    "a number": (3, ["hooks"], ["hooks"]),
    "a path": ("./hooks/other.json", ["other"], ["other"]),
    "the default's path": ("./hooks/hooks.json", ["hooks"], ["hooks"]),
    "a path without ./": ("hooks/other.json", ["hooks"], ["hooks"]),
    "a path that leads out": ("../other.json", ["hooks"], ["hooks"]),
    "no path": ("", ["hooks"], ["hooks"]),
    "a path to nothing": ("./hooks/gone.json", [], []),
    "a path to a folder": ("./hooks", [], []),
    "paths": (["./hooks/other.json", "./hooks/third.json"], ["other", "third"], ["other", "third"]),
    "a path twice": (["./hooks/other.json", "./hooks/other.json"], ["other", "other"], ["other", "other"]),
    "paths, one to nothing": (["./hooks/gone.json", "./hooks/other.json"], ["other"], ["other"]),
    "paths, one without ./": (["./hooks/other.json", "hooks/third.json"], ["other"], ["other"]),
    "paths, none with ./": (["hooks/other.json"], ["hooks"], ["hooks"]),
    "an empty list": ([], ["hooks"], ["hooks"]),
    "numbers": ([3], ["hooks"], ["hooks"]),
    "a path and a number": (["./hooks/other.json", 3], ["hooks"], ["hooks"]),
    "an empty object": ({}, [], []),
    "no events": ({"hooks": {}}, [], []),
    "events": ({"hooks": events("inline")}, ["inline"], ["inline"]),
    "events and a description": ({"hooks": events("inline"), "description": "d"}, ["inline"], ["inline"]),
    "events and another field": ({"hooks": events("inline"), "foo": 1}, ["inline"], ["hooks"]),
    "an event nobody knows": ({"hooks": {"Nonsense": events("x")["SessionStart"]}}, [], []),
    "hooks of a number": ({"hooks": 3}, ["hooks"], ["hooks"]),
    "hooks of null": ({"hooks": None}, ["hooks"], ["hooks"]),
    "an event of a number": ({"hooks": {"SessionStart": 3}}, ["hooks"], ["hooks"]),
    "a description": ({"description": "d"}, [], []),
    "events at the top": (events("inline"), [], ["hooks"]),
    "no events at the top": ({"Nonsense": []}, [], ["hooks"]),
    "events at the top, of a number": ({"SessionStart": 3}, [], ["hooks"]),
    "a list of an empty object": ([{}], [], []),
    "a list of one": ([{"hooks": events("inline")}], [], ["inline"]),
    "a list of one, events at the top": ([events("inline")], ["inline"], ["hooks"]),
    "a list of two": ([{"hooks": events("one")}, {"hooks": events("two")}], ["one", "two"], ["one", "two"]),
    "a list of two, events at the top": ([events("one"), events("two")], [], ["hooks"]),
    "a path and events": (["./hooks/other.json", {"hooks": events("one")}], ["hooks"], []),
    "events and a path": ([{"hooks": events("one")}, "./hooks/other.json"], ["hooks"], ["hooks"]),
    "a path and events at the top": (["./hooks/other.json", events("one")], ["hooks"], ["one"]),
    "a text and an empty object": (["x", {}], ["hooks"], []),
}
FILES: dict[str, tuple[Any, list[str], list[str]]] = {
    "events": ({"hooks": events("one")}, ["one"], ["one"]),
    "nothing": ({}, [], []),
    "a description": ({"hooks": events("one"), "description": "d"}, ["one"], ["one"]),
    "an entry with keys nobody knows": ({"hooks": events("one", foo=1, once=True)}, ["one"], ["one"]),
    "no type": ({"hooks": {"Stop": [{"hooks": [{"command": "x"}]}], **events("one")}}, [], []),
    "a type that is none": ({"hooks": {"Stop": [{"hooks": [{"type": "http"}]}], **events("one")}}, [], []),
    "another field": ({"hooks": events("one"), "$schema": "s"}, ["one"], []),
    "async that is no truth value": ({"hooks": events("one", **{"async": "yes"})}, [], []),
}


@pytest.fixture(params=VERSIONS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with opened(tmp_path, monkeypatch, request.param) as (bench, _):
        yield bench


def test_what_a_plugin_declares_and_is_not_played_is_told(world: Bench, tmp_path: Path) -> None:
    entries = [
        {"type": "command", "command": "true", "timeout": 5, "statusMessage": "x", "async": False, "if": "Bash(git *)"},
        {"type": "prompt", "prompt": "no release runs it"},
        {"type": "command", "command": "true", "if": None},
    ]
    declared = {"SessionStart": [{"hooks": entries}], "PermissionRequest": [{"hooks": entries}], "Nonsense": []}
    listed(world, tmp_path / "market", ABSENT, {"hooks": declared})
    engine = world.engine()
    for _ in range(2):
        engine.matching("SessionStart", "startup")
    file = "hooks/hooks.json"
    assert [
        (each["plugin"], each["what"], each["name"], each["event"], each["file"], each["times"])
        for each in world.told("plugin.not_played")
    ] == [
        ("forms", "event", "PermissionRequest", None, file, 2),
        ("forms", "hook key", "if", "SessionStart", file, 1),
    ]


def test_the_mcp_servers_of_a_plugin_are_told(world: Bench, tmp_path: Path) -> None:
    root = tmp_path / "market" / "plugins" / "forms"
    root.mkdir(parents=True)
    (root / ".mcp.json").write_text(json.dumps({"mcpServers": {"db": {"command": "true"}}}))
    listed(world, tmp_path / "market", ABSENT, {})
    world.engine().matching("SessionStart", "startup")
    assert [(each["plugin"], each["what"], each["name"], each["file"]) for each in world.told("plugin.not_played")] == [
        ("forms", "MCP server", "db", ".mcp.json")
    ]


def listed(world: Bench, folder: Path, declared: Any, default: Any) -> list[str]:
    """The commands that `hooks/list` shows of an installed plugin with this manifest and this hooks/hooks.json."""
    root = folder / "plugins" / "forms"
    manifest = {"name": "forms"} if declared is ABSENT else {"name": "forms", "hooks": declared}
    offered = {"name": "mk", "plugins": [{"name": "forms", "source": {"source": "local", "path": "./plugins/forms"}}]}
    files = {
        folder / ".agents" / "plugins" / "marketplace.json": offered,
        root / ".codex-plugin" / "plugin.json": manifest,
        root / "hooks" / "hooks.json": default,
        root / "hooks" / "other.json": {"hooks": events("other")},
        root / "hooks" / "third.json": {"hooks": events("third")},
    }
    for path, document in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    world.write("features.plugin_hooks", True)
    market = str(folder / ".agents" / "plugins" / "marketplace.json")
    plugins.METHODS["plugin/install"]({"marketplacePath": market, "pluginName": "forms"}, None)
    world.reload()
    return [hook["command"] for hook in world.listed()]


@pytest.mark.parametrize("form", MANIFESTS)
def test_a_manifest_says_where_hooks_are(world: Bench, tmp_path: Path, form: str) -> None:
    declared, old, new = MANIFESTS[form]
    wanted = new if world.rows.name == "codex-0.169" else old
    assert listed(world, tmp_path / "market", declared, {"hooks": events("hooks")}) == wanted


@pytest.mark.parametrize("form", FILES)
def test_a_hooks_file_is_read_whole_or_not_at_all(world: Bench, tmp_path: Path, form: str) -> None:
    document, old, new = FILES[form]
    wanted = new if world.rows.name == "codex-0.169" else old
    assert listed(world, tmp_path / "market", ABSENT, document) == wanted
