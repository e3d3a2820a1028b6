"""A plugin that nobody has described: its hooks are played, and what cannot be is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from miniature import played

from hookproof import places


def undescribed(folder: Path) -> Path:
    """The reference of kind hooks as somebody else's, of whom hookproof does not know."""
    plugin = folder / "mine"
    shutil.copytree(places.REFERENCE / "hooks", plugin)
    for file in (".claude-plugin/plugin.json", ".codex-plugin/plugin.json"):
        manifest = json.loads((plugin / file).read_text(encoding="utf-8"))
        del manifest["author"]
        (plugin / file).write_text(json.dumps({**manifest, "name": "mine"}), encoding="utf-8")
    return plugin


def test_its_hooks_are_played_on_both_hosts_and_what_does_not_apply_is_said(tmp_path: Path) -> None:
    code, said, document = played(
        undescribed(tmp_path),
        tmp_path,
        "hooks/conversation",
        "jobs/pattern-a",
        "context/main-session",
        "--replays",
        "0",
    )
    assert code == 0, said
    hosts = {each["host"]["name"] for each in document["results"]}
    assert hosts == {"claude", "codex"}
    assert {each["verdict"] for each in document["results"]} == {"conforms"}
    assert "mine 0.1.0: 1 scenarios of kind companion do not apply: nothing is known of how the plugin starts" in said
    assert "mine 0.1.0: 1 scenarios of kind context do not apply: nothing is known of what the plugin tells" in said


def test_a_plugin_of_which_no_path_with_a_space_was_thought_is_red_with_the_words_of_its_shell(tmp_path: Path) -> None:
    plugin = undescribed(tmp_path)
    shutil.copytree(plugin / "texts" / "unquoted", plugin, dirs_exist_ok=True)
    code, said, document = played(
        plugin, tmp_path, "hooks/spaced-path", "--lifecycle", "claude-2.1.329", "--replays", "0"
    )
    (result,) = document["results"]
    found = {each["id"]: each for each in result["checks"]}
    assert (code, found["HOOK-05"]["verdict"], found["HOOK-05"]["seen"]) == (1, "violates", "fails there"), said
    # cut at the space
    assert "can't open file" in found["HOOK-05"]["detail"]
    assert "/one'" in found["HOOK-05"]["detail"]
    assert found["HOOK-01"]["verdict"] == "violates"
