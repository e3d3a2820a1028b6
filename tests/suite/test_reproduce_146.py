"""The story of issue #146 as a person asks for it: the table, the proof, the claims, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def hookproof(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOOKPROOF_CACHE": str(cache)}
    command = [sys.executable, "-m", "hookproof", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=110, check=False)


def test_the_story_is_told_and_holds(tmp_path: Path) -> None:
    told = hookproof(
        "reproduce", "146", "--lifecycle", "codex-0.130", "--json", str(tmp_path / "r.json"), cache=tmp_path
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("as claimed") == 6
    assert "differs" not in told.stdout
    assert "block reaches the child: model request" in told.stdout
    results = json.loads((tmp_path / "r.json").read_text())["results"]
    assert {each["lifecycle"] for each in results} == {"codex-0.130"}
    assert {each["plugin"].partition(":")[2] for each in results} == {
        "before-146",
        "fix-146",
        "native-subagent-start",
        "correct",
    }


def test_a_plugin_that_tells_the_subagent_is_not_as_the_issue_claims(tmp_path: Path) -> None:
    told = hookproof(
        "reproduce", "146", "--plugin", "reference-workflow:fix-146", "--lifecycle", "codex-0.130", cache=tmp_path
    )
    assert told.returncode == 1
    assert "differs     a subagent silently misses its block" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["146", "--plugin", "reference"], "issue 146 is about a plugin that injects context"),
        (["345", "--plugin", "reference-workflow"], "issue 345 is about a plugin that starts jobs"),
        (["146", "--lifecycle", "claude-2.1.91"], "issue 146 is about Codex"),
    ],
)
def test_a_story_about_another_kind_of_plugin_is_refused(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    told = hookproof("reproduce", *arguments, cache=tmp_path)
    assert told.returncode == 2
    assert sentence in told.stderr
