"""The manifest, the hooks and the texts, as a host reads them; and what the texts tell a model to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from companion_world import PLUGIN

EVENTS = {"SessionStart", "SessionEnd", "UserPromptSubmit", "SubagentStart", "PreToolUse", "PostToolUse"}
QUOTED = "If the request includes `--background`, run the `codex:codex-rescue` subagent in the background."


def frontmatter(path: Path) -> tuple[dict[str, str], str]:
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def test_the_manifest_makes_the_agent_codex_rescue_of_codex() -> None:
    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text())
    assert manifest["name"] == "codex"
    assert set(manifest) == {"name", "version", "description", "license", "author"}


def test_the_hooks_are_one_command_for_six_events() -> None:
    hooks = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]
    assert set(hooks) == EVENTS
    for event, (entry,) in hooks.items():
        assert entry.get("matcher") == ("Bash" if event.endswith("ToolUse") else None)
        command = 'python3 -I -S "${CLAUDE_PLUGIN_ROOT}/scripts/hook.py"'
        # at a session's end the host's own budget is to be the limit, on a slow machine too
        timeout = 60 if event == "SessionEnd" else 5
        assert entry["hooks"] == [{"type": "command", "command": command, "timeout": timeout}]


@pytest.mark.parametrize("path", sorted(PLUGIN.glob("**/commands/*.md")), ids=str)
def test_a_command_has_what_a_host_needs(path: Path) -> None:
    head, body = frontmatter(path)
    assert {"description", "argument-hint", "allowed-tools"} <= set(head)
    assert "$ARGUMENTS" in body
    if head.get("disable-model-invocation") == "true":
        assert re.search(
            rf'^!`python3 -I -S "\$\{{CLAUDE_PLUGIN_ROOT\}}/scripts/companion.py" {path.stem} ', body, re.MULTILINE
        )


@pytest.mark.parametrize("path", sorted(PLUGIN.glob("**/agents/*.md")), ids=str)
def test_an_agent_has_what_a_host_needs(path: Path) -> None:
    head, body = frontmatter(path)
    assert set(head) == {"name", "description", "tools"}
    assert (head["name"], head["tools"]) == ("codex-rescue", "Bash")
    assert 'python3 -I -S "${CLAUDE_PLUGIN_ROOT}/scripts/companion.py" task' in body


def test_the_reported_texts_are_as_ambiguous_as_the_issue_says() -> None:
    reported = PLUGIN / "texts" / "as-reported"
    assert QUOTED in (reported / "commands" / "rescue.md").read_text()
    for path in reported.glob("*/*.md"):
        assert "Pattern" not in path.read_text()
        assert "SessionEnd" not in path.read_text()


def test_the_documented_texts_say_which_pattern_works_and_which_does_not() -> None:
    command, agent = (PLUGIN / path for path in ("commands/rescue.md", "agents/codex-rescue.md"))
    assert QUOTED not in command.read_text()
    for sentence in (
        "call Bash yourself, here in the main session",
        "`run_in_background: true` and a prompt that begins with `--wait`",
        "Never pass `--background` on to a subagent",
        "Never let a subagent run the waiting call as a background Bash command",
        "SessionEnd",
    ):
        assert sentence in command.read_text()
    for sentence in ("task --wait", "Never use `--background` here", "SessionEnd may terminate the job"):
        assert sentence in agent.read_text()


def test_only_the_two_texts_of_fix_3_have_another_version() -> None:
    reported = PLUGIN / "texts" / "as-reported"
    paths = {path.relative_to(reported).as_posix() for path in reported.glob("**/*") if path.is_file()}
    assert paths == {"commands/rescue.md", "agents/codex-rescue.md"}
