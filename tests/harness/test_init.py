"""`hookproof init`: from a plugin to a project file and a scenario that holds, without a question or a play."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hookproof import places
from hookproof.catalogue.project import read_project
from hookproof.catalogue.scenario import read_scenario


def hookproof(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOOKPROOF_CACHE": str(cwd / ".cache")}
    command = [sys.executable, "-m", "hookproof", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110, cwd=cwd, env=env)
    assert "Traceback" not in done.stderr
    return done


def group(matcher: str | None = None) -> dict[str, Any]:
    hook = {"type": "command", "command": "echo Use tabs."}
    return {"hooks": [hook], **({"matcher": matcher} if matcher else {})}


def plugin(root: Path, events: dict[str, Any], *, manifest: str = ".claude-plugin") -> Path:
    (root / manifest).mkdir(parents=True)
    (root / manifest / "plugin.json").write_text('{"name": "small", "version": "1"}', encoding="utf-8")
    (root / "hooks").mkdir()
    (root / "hooks" / "hooks.json").write_text(json.dumps({"hooks": events}), encoding="utf-8")
    return root


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "repository"
    (root / ".git").mkdir(parents=True)
    return root


def test_its_scenario_holds_at_once(repository: Path) -> None:
    plugin(repository, {"SessionStart": [group()]})
    before = {path for path in repository.rglob("*") if path.is_file()}
    done = hookproof("init", cwd=repository)
    assert done.returncode == 0, done.stderr
    written = {path for path in repository.rglob("*") if path.is_file()} - before
    assert {path.relative_to(repository).as_posix() for path in written} == {
        "hookproof.toml",
        "tests/hookproof/first.toml",
    }
    assert done.stdout.count("\n  ") == 2
    assert "\n  hookproof run tests/hookproof " in done.stdout
    assert "\n  pytest tests/hookproof " in done.stdout
    played = hookproof("run", "tests/hookproof", "--lifecycle", "claude-2.1.91", "--json", "out.json", cwd=repository)
    assert played.returncode == 0, played.stdout + played.stderr
    (result,) = json.loads((repository / "out.json").read_text(encoding="utf-8"))["results"]
    assert [each["verdict"] for each in result["checks"] if each["id"] == "hook-runs"] == ["conforms"]


def test_it_writes_over_nothing(repository: Path) -> None:
    plugin(repository, {"SessionStart": [group()]})
    (repository / "tests" / "hookproof").mkdir(parents=True)
    mine = repository / "tests" / "hookproof" / "first.toml"
    mine.write_text("mine", encoding="utf-8")
    done = hookproof("init", cwd=repository)
    assert done.returncode == 2
    assert f"{mine}: is there already" in done.stderr
    assert not (repository / "hookproof.toml").exists()
    assert mine.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ({"SessionStart": [group("clear")], "Stop": [group()]}, "The Stop hook runs."),
        ({"SessionStart": [group("startup|clear")]}, "The SessionStart hook runs."),
        ({"PreToolUse": [group("Bash")]}, "The PreToolUse hook runs."),
        ({"PreToolUse": [group("Write")]}, "Nothing of the plugin runs when all sessions are over."),
    ],
)
def test_its_sentence_is_of_an_event_that_a_conversation_fires(
    events: dict[str, Any], sentence: str, repository: Path
) -> None:
    plugin(repository, events)
    assert hookproof("init", cwd=repository).returncode == 0
    (row,) = read_scenario(repository / "tests" / "hookproof" / "first.toml").expect
    assert row.must == sentence


def test_a_plugin_below_plugins_is_found(repository: Path) -> None:
    shutil.copytree(places.REFERENCE / "companion", repository / "plugins" / "mine")
    done = hookproof("init", cwd=repository)
    assert done.returncode == 0, done.stderr
    found = read_project(repository / "hookproof.toml")
    assert (found.plugin, found.descriptor) == ("plugins/mine", None)
    assert read_scenario(repository / "tests" / "hookproof" / "first.toml").kind == "hooks"


def test_a_marketplace_names_the_plugin(repository: Path) -> None:
    plugin(repository / "somewhere", {"SessionStart": [group()]})
    (repository / ".claude-plugin").mkdir()
    table = {"plugins": [{"name": "small", "source": "./somewhere"}, {"name": "far", "source": {"source": "github"}}]}
    (repository / ".claude-plugin" / "marketplace.json").write_text(json.dumps(table), encoding="utf-8")
    assert hookproof("init", cwd=repository).returncode == 0
    assert read_project(repository / "hookproof.toml").plugin == "somewhere"


def test_of_several_one_is_to_be_named(repository: Path) -> None:
    for name in ("one", "two"):
        plugin(repository / "plugins" / name, {"SessionStart": [group()]})
    done = hookproof("init", cwd=repository)
    assert done.returncode == 2
    assert "name one: hookproof init PLUGIN, which is one of: plugins/one, plugins/two" in done.stderr
    assert hookproof("init", "plugins/two", cwd=repository).returncode == 0
    assert read_project(repository / "hookproof.toml").plugin == "plugins/two"


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "no plugin was found: a directory with .claude-plugin/plugin.json"), (("nowhere",), "nowhere: there is no")],
)
def test_where_there_is_none_it_says_what_one_is(words: tuple[str, ...], said: str, repository: Path) -> None:
    done = hookproof("init", *words, cwd=repository)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_plugin_without_hooks_has_nothing_to_be_tested(repository: Path) -> None:
    plugin(repository, {})
    done = hookproof("init", cwd=repository)
    assert done.returncode == 2
    assert "has no hooks to be tested" in done.stderr


TRANSCRIPT = Path(__file__).parents[1] / "transcripts" / "pattern-d.jsonl"


def test_a_transcript_becomes_a_scenario_of_a_new_repository(repository: Path) -> None:
    plugin(repository, {"SessionStart": [group()]})
    done = hookproof("init", "--from-transcript", TRANSCRIPT, cwd=repository)
    assert done.returncode == 0, done.stderr
    made = read_scenario(repository / "tests" / "hookproof" / "conversation.toml")
    assert (made.kind, [row.id for row in made.expect]) == ("hooks", ["nothing-left"])
    assert read_project(repository / "hookproof.toml").plugin == "."


def test_a_transcript_becomes_a_further_scenario_of_a_project(repository: Path) -> None:
    (repository / "own").mkdir()
    (repository / "hookproof.toml").write_text(
        'plugin = "reference:as-reported"\nscenarios = "own"\n', encoding="utf-8"
    )
    for name in ("conversation", "conversation-2"):
        done = hookproof("init", "--from-transcript", TRANSCRIPT, cwd=repository)
        assert done.returncode == 0, done.stderr
        made = read_scenario(repository / "own" / f"{name}.toml")
        assert (made.kind, list(made.jobs)) == ("companion", ["review"])
    assert "hookproof run own/conversation-2.toml " in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--from-line", "3"], "expected --from-transcript FILE with it"),
        (["--from-transcript", "nope.jsonl"], "nope.jsonl: does not exist"),
        (["--from-transcript", TRANSCRIPT, "--from-line", "0"], "expected the number of a line, 1 or more"),
        (["--from-transcript", TRANSCRIPT, "--from-line", "999"], "expected a line up to there"),
    ],
)
def test_a_transcript_that_is_none_writes_nothing(words: list[str | Path], sentence: str, repository: Path) -> None:
    plugin(repository, {"SessionStart": [group()]})
    done = hookproof("init", *words, cwd=repository)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (repository / "hookproof.toml").exists()
