"""Tapping a plugin's copy: which commands are wrapped, what stays as it was, what cannot be tapped and why."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from hookproof import places
from hookproof.catalogue.host import HostName
from hookproof.hosts.claude.host import CLAUDE
from hookproof.hosts.codex.host import CODEX
from hookproof.hosts.registry import HOSTS
from hookproof.sandbox.tap import TapError, install

Json = dict[str, Any]


def entry(command: str, **more: Any) -> Json:
    return {"type": "command", "command": command, **more}


def hooks(*entries: Json, event: str = "SessionStart", **group: Any) -> Json:
    return {"hooks": {event: [{**group, "hooks": list(entries)}]}}


def plugin(tmp_path: Path, files: Json) -> Path:
    root = tmp_path / "plugin"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    root.mkdir(exist_ok=True)
    return root


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def commands(document: Json) -> list[str]:
    return [each["command"] for groups in document["hooks"].values() for group in groups for each in group["hooks"]]


def test_only_the_commands_change(tmp_path: Path) -> None:
    http = {"type": "http", "url": "http://127.0.0.1", "command": "not one"}
    before = hooks(entry("one", timeout=5, statusMessage="ü"), http, entry(" "), matcher="a|b") | {"description": "d"}
    root = plugin(tmp_path, {"hooks/hooks.json": before})
    (tapped,) = install(root, CLAUDE, "/the/python")
    after = read(root / "hooks" / "hooks.json")
    wrapped = after["hooks"]["SessionStart"][0]["hooks"][0].pop("command")
    before["hooks"]["SessionStart"][0]["hooks"][0].pop("command")
    assert after == before
    beside = tmp_path / "plugin.tap-claude.json"
    program = str(places.FAKES / "tap" / "tap.py")
    assert shlex.split(wrapped) == [
        *(["exec"] if sys.platform != "win32" else []),
        *("/the/python", "-I", "-S", program, str(beside), "0", "$0", "one"),
    ]
    assert (tapped.event, tapped.command, tapped.index) == ("SessionStart", "one", 0)
    told = {"commands": ["one"], "timeouts": [{"SessionStart": 5}], "asynchronous": [{"SessionStart": False}]}
    assert read(beside) == {"host": "claude", "plugin": "plugin", **told}


def test_of_entries_that_share_a_command_no_timeout_is_told_where_they_differ(tmp_path: Path) -> None:
    entries = [entry("one", timeout=5), entry("one"), entry("two", timeout=1), entry("two", timeout=1)]
    install(plugin(tmp_path, {"hooks/hooks.json": hooks(*entries)}), CLAUDE, "python")
    assert read(tmp_path / "plugin.tap-claude.json")["timeouts"] == [{}, {"SessionStart": 1}]


def test_of_each_command_it_is_told_whether_its_host_goes_on_beside_it(tmp_path: Path) -> None:
    entries = [entry("one", **{"async": True}), entry("two", **{"async": True}), entry("two"), entry("three")]
    files = {"hooks/hooks.json": hooks(*entries)}
    install(plugin(tmp_path / "claude", files), CLAUDE, "python")
    told = read(tmp_path / "claude" / "plugin.tap-claude.json")["asynchronous"]
    assert told == [{"SessionStart": True}, {}, {"SessionStart": False}]
    install(plugin(tmp_path / "codex", files), CODEX, "python")
    told = read(tmp_path / "codex" / "plugin.tap-codex.json")["asynchronous"]
    assert told == [{"SessionStart": False}] * 3


def test_equal_commands_stay_equal_for_a_host_may_run_them_once(tmp_path: Path) -> None:
    root = plugin(tmp_path, {"hooks/hooks.json": hooks(entry("one"), entry("two"), entry("one"))})
    assert [each.index for each in install(root, CLAUDE, "python")] == [0, 1, 0]
    first, second, third = commands(read(root / "hooks" / "hooks.json"))
    assert first == third != second


def test_claude_reads_the_default_file_and_what_the_manifest_names(tmp_path: Path) -> None:
    files = {
        ".claude-plugin/plugin.json": {"name": "toy", "hooks": "./more.json"},
        "hooks/hooks.json": hooks(entry("one")),
        "more.json": hooks(entry("two")),
    }
    root = plugin(tmp_path, files)
    assert sorted(each.command for each in install(root, CLAUDE, "python")) == ["one", "two"]
    assert read(tmp_path / "plugin.tap-claude.json")["plugin"] == "toy"
    for name in ("hooks/hooks.json", "more.json"):
        assert all("tap.py" in command for command in commands(read(root / name)))


@pytest.mark.parametrize("inline", [hooks(entry("one")), hooks(entry("one"))["hooks"]], ids=["wrapped", "bare"])
def test_hooks_in_the_manifest_itself_are_wrapped_there(inline: Json, tmp_path: Path) -> None:
    root = plugin(tmp_path, {".claude-plugin/plugin.json": {"name": "toy", "hooks": inline, "version": "1"}})
    assert [each.command for each in install(root, CLAUDE, "python")] == ["one"]
    manifest = read(root / ".claude-plugin" / "plugin.json")
    assert manifest["version"] == "1"
    assert "tap.py" in json.dumps(manifest["hooks"])


@pytest.mark.parametrize(
    ("named", "found"),
    [("./codex.json", ["two"]), (None, ["one"]), ("codex.json", ["one"]), (hooks(entry("three")), ["three"])],
    ids=["the named file alone", "the default", "a name that Codex ignores", "inline"],
)
def test_codex_reads_one_place(named: Any, found: list[str], tmp_path: Path) -> None:
    files = {
        ".codex-plugin/plugin.json": {"name": "toy", **({"hooks": named} if named else {})},
        "hooks/hooks.json": hooks(entry("one")),
        "codex.json": hooks(entry("two")),
    }
    root = plugin(tmp_path, files)
    assert [each.command for each in install(root, CODEX, "python")] == found


@pytest.mark.parametrize("host", ["claude", "codex"])
def test_a_file_that_is_not_there_is_passed_over_as_hosts_do(host: HostName, tmp_path: Path) -> None:
    manifest = {"name": "toy", "hooks": ["./gone.json", "./two.json", "./hooks"]}
    files = {f".{host}-plugin/plugin.json": manifest, "two.json": hooks(entry("two")), "hooks/readme": "x"}
    assert [each.command for each in install(plugin(tmp_path, files), HOSTS[host], "python")] == ["two"]


@pytest.mark.parametrize("declared", [{}, hooks(entry("three"))["hooks"], "./two.json"])
def test_what_only_some_releases_of_codex_read_is_wrapped_too(declared: Any, tmp_path: Path) -> None:
    files = {
        ".codex-plugin/plugin.json": {"name": "toy", "hooks": declared},
        "hooks/hooks.json": hooks(entry("one")),
        "two.json": hooks(entry("two")),
    }
    root = plugin(tmp_path, files)
    assert "one" not in [each.command for each in install(root, CODEX, "python")]
    assert all("tap.py" in command for command in commands(read(root / "hooks" / "hooks.json")))


@pytest.mark.parametrize("hosts", [("claude", "codex"), ("codex", "claude")])
def test_a_file_that_both_hosts_read_is_wrapped_once(hosts: Any, tmp_path: Path) -> None:
    root = plugin(tmp_path, {"hooks/hooks.json": hooks(entry("one"))})
    first = install(root, HOSTS[hosts[0]], "python")
    wrapped = commands(read(root / "hooks" / "hooks.json"))
    assert install(root, HOSTS[hosts[1]], "python") == first
    assert commands(read(root / "hooks" / "hooks.json")) == wrapped
    # which host it is, the tap sees from the environment
    assert read(tmp_path / f"plugin.tap-{hosts[0]}.json")["host"] is None


def test_files_of_their_own_are_tapped_for_each(tmp_path: Path) -> None:
    files = {
        ".codex-plugin/plugin.json": {"name": "toy", "hooks": "./codex.json"},
        "hooks/hooks.json": hooks(entry("one")),
        "codex.json": hooks(entry("two")),
    }
    root = plugin(tmp_path, files)
    assert [each.command for each in install(root, CLAUDE, "python")] == ["one"]
    assert [each.command for each in install(root, CODEX, "python")] == ["two"]
    assert [read(tmp_path / f"plugin.tap-{host}.json")["host"] for host in ("claude", "codex")] == [None, "codex"]


def test_a_plugin_without_hooks_has_none_to_tap(tmp_path: Path) -> None:
    assert install(plugin(tmp_path, {}), CLAUDE, "python") == []


def test_a_command_with_quotes_goes_along_whole(tmp_path: Path) -> None:
    command = """sh -c 'echo "it'"'"'s" $HOME `x` \\n' # all of it"""
    root = plugin(tmp_path, {"hooks/hooks.json": hooks(entry(command))})
    install(root, CLAUDE, "/py thon")
    assert shlex.split(commands(read(root / "hooks" / "hooks.json"))[0])[-1] == command


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"hooks/hooks.json": "{"}, "hooks.json: is not JSON"),
        ({"hooks/hooks.json": "[]"}, "hooks.json: the whole: expected an object, found list"),
        ({"hooks/hooks.json": {"hooks": []}}, "hooks.json: hooks: expected an object, found list"),
        ({"hooks/hooks.json": {"hooks": {"Stop": {}}}}, "hooks.Stop: expected a list, found dict"),
        ({"hooks/hooks.json": {"hooks": {"Stop": [1]}}}, r"hooks.Stop\[0\]: expected an object, found int"),
        ({"hooks/hooks.json": hooks(entry("x", args=["y"]))}, "a hook with 'args' is not run by the host's shell"),
        (
            {"hooks/hooks.json": hooks({**entry("x"), "shell": "powershell"})},
            "a hook with 'shell' is not run by the host's",
        ),
        ({".claude-plugin/plugin.json": {"hooks": "../x.json"}}, "'../x.json' lies outside the plugin"),
    ],
)
def test_what_cannot_be_tapped_is_told_in_a_sentence(files: Json, says: str, tmp_path: Path) -> None:
    with pytest.raises(TapError, match=says) as caught:
        install(plugin(tmp_path, files), CLAUDE, "python")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="there the host's own shell may be another")
def test_a_hook_that_asks_for_bash_is_wrapped_as_a_line_for_it(tmp_path: Path) -> None:
    """Measured with superpowers on Claude Code 2.1.91 and 2.1.329."""
    root = plugin(tmp_path, {"hooks/hooks.json": hooks({**entry("one"), "shell": "bash"})})
    (tapped,) = install(root, CLAUDE, "python")
    assert tapped.command == "one"
    (wrapped,) = read(root / "hooks" / "hooks.json")["hooks"]["SessionStart"][0]["hooks"]
    assert wrapped["shell"] == "bash"


def test_tapping_twice_is_told(tmp_path: Path) -> None:
    root = plugin(tmp_path, {"hooks/hooks.json": hooks(entry("one"))})
    install(root, CLAUDE, "python")
    with pytest.raises(TapError, match="its claude hooks are tapped already"):
        install(root, CLAUDE, "python")
