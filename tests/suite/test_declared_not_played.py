"""A plugin with a prompt hook, an `if` and an MCP server, played by hookproof: no plain `conforms`, and no failure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from miniature import played

from hookproof.catalogue.plugin import resolve_plugin


def test_a_case_of_a_plugin_that_declares_more_is_marked_and_fails_nothing(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    shutil.copytree(resolve_plugin("reference-workflow").root, plugin)
    hooks_file = plugin / "hooks" / "hooks.json"
    document = json.loads(hooks_file.read_text(encoding="utf-8"))
    (start,) = document["hooks"]["SessionStart"]
    start["hooks"][0]["if"] = "Bash(git *)"
    document["hooks"]["Stop"] = [{"hooks": [{"type": "prompt", "prompt": "Is it fine?"}]}]
    hooks_file.write_text(json.dumps(document), encoding="utf-8")
    (plugin / ".mcp.json").write_text(json.dumps({"db": {"command": "true"}}), encoding="utf-8")
    words = ["context/main-session", "--lifecycle", "claude-2.1.91", "--lifecycle", "codex-0.169"]
    status, said, report = played(plugin, tmp_path, *words)
    assert status == 0, said
    on_claude, on_codex = report["results"]
    assert [each["verdict"] for each in (on_claude, on_codex)] == ["conforms", "conforms"]
    assert {(each["what"], each["name"], each["event"]) for each in on_claude["not_played"]} == {
        ("hook type", "prompt", "Stop"),
        ("hook key", "if", "SessionStart"),
        ("MCP server", "db", None),
    }
    # its hooks on Codex stand in another file
    assert [(each["what"], each["name"]) for each in on_codex["not_played"]] == [("MCP server", "db")]
    assert (report["summary"]["conforms"], report["summary"]["partly_played"]) == (2, 2)
    assert "2 conform (2 partly played)" in said
