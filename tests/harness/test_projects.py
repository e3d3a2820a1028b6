"""A user's repository as its maintainers meet it: their own scenarios and their project file, in every verb."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import places
from hookproof.commands.projects import configure

PROJECT = 'plugin = "plugins/mine"\nscenarios = "tests/hookproof"\nhosts = ["as-reported-345"]\n'


def hookproof(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOOKPROOF_CACHE": str(cwd / ".cache")}
    command = [sys.executable, "-m", "hookproof", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=cwd, env=env)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With a plugin that loses the job of a subagent, and a scenario that shows it."""
    root = tmp_path.resolve() / "repository"
    shutil.copytree(places.REFERENCE / "companion", root / "plugins" / "mine")
    (root / "plugins" / "mine" / "policy").write_text("as-reported\n", encoding="utf-8")
    (root / "tests" / "hookproof").mkdir(parents=True)
    shutil.copy(places.SCENARIOS / "jobs" / "pattern-c.toml", root / "tests" / "hookproof" / "mine.toml")
    (root / "hookproof.toml").write_text(PROJECT, encoding="utf-8")
    (root / ".git").mkdir()
    return root


def test_the_project_file_says_what_the_options_do_not(repository: Path) -> None:
    below = repository / "tests"
    told = hookproof("run", "mine", "--replays", "0", "--json", "out.json", "--html", "out.html", cwd=below)
    assert told.returncode == 1, told.stdout + told.stderr
    document = json.loads((below / "out.json").read_text(encoding="utf-8"))
    (result,) = document["results"]
    assert (result["scenario"], result["lifecycle"], result["signature"]) == (
        "tests/hookproof/mine",
        "as-reported-345",
        "H1",
    )
    assert "tests/hookproof/mine" in (below / "out.html").read_text(encoding="utf-8")
    # no baseline: it has no entries, and says other things
    assert document["baseline"] is None


def test_an_option_wins(repository: Path) -> None:
    words = ["run", "mine", "--plugin", "reference:correct", "--lifecycle", "claude-2.1.91", "--json", "out.json"]
    done = hookproof(*words, cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = json.loads((repository / "out.json").read_text(encoding="utf-8"))["results"]
    assert (result["plugin"], result["lifecycle"]) == ("reference:correct", "claude-2.1.91")


def test_what_is_known_of_an_own_scenario_is_written_read_and_judged_again(repository: Path) -> None:
    written = hookproof("run", "tests/hookproof", "--update-baseline", "--replays", "0", cwd=repository)
    assert written.returncode == 0, written.stdout + written.stderr
    text = (repository / "hookproof.toml").read_text(encoding="utf-8")
    assert text.startswith(PROJECT)
    assert 'check = "tests/hookproof/mine:JOB-03"' in text

    green = hookproof("run", "../tests/hookproof/mine.toml", "--runs", "runs", cwd=repository / "plugins")
    assert green.returncode == 0, green.stdout + green.stderr
    again = hookproof("recheck", "runs/latest", "--baseline", "../hookproof.toml", cwd=repository / "plugins")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 known, 0 new, 0 stale" in again.stdout

    (repository / "plugins" / "mine" / "policy").write_text("correct\n", encoding="utf-8")
    stale = hookproof("run", "mine", cwd=repository)
    assert stale.returncode == 1
    assert "tests/hookproof/mine:JOB-03 is satisfied" in stale.stdout


def test_a_baseline_from_which_a_scenario_is_not_found_again_is_not_written(repository: Path, tmp_path: Path) -> None:
    done = hookproof("run", "mine", "--update-baseline", "--baseline", tmp_path / "other.toml", cwd=repository)
    assert done.returncode == 2
    assert "by which it is not found again from there" in done.stderr
    assert not (tmp_path / "other.toml").exists()


def test_list_and_explain_know_the_projects_scenarios(repository: Path) -> None:
    assert hookproof("list", cwd=repository).stdout.splitlines()[-1].startswith("tests/hookproof/mine ")
    for name in ("mine", "tests/hookproof/mine", "tests/hookproof/mine.toml"):
        told = hookproof("explain", name, cwd=repository)
        assert told.returncode == 0, told.stderr
        assert f"file: {repository / 'tests' / 'hookproof' / 'mine.toml'}" in told.stdout


@pytest.mark.parametrize("verb", [("run",), ("list",), ("explain", "mine")])
def test_a_broken_project_file_is_told_in_every_verb(verb: tuple[str, ...], repository: Path) -> None:
    (repository / "hookproof.toml").write_text("plugin = \n", encoding="utf-8")
    done = hookproof(*verb, cwd=repository)
    assert done.returncode == 2
    assert f"{repository / 'hookproof.toml'}" in done.stderr
    assert "is not TOML" in done.stderr


def test_a_real_host_is_taken_from_the_file_unless_the_options_name_a_host(repository: Path) -> None:
    (repository / "hookproof.toml").write_text('hosts = ["claude@2.1.91", "codex-0.169"]\n', encoding="utf-8")

    def asked(**options: object) -> dict[str, object]:
        none = {"plugin": None, "descriptor": None, "lifecycle": None, "claude": "fake", "codex": "fake"}
        parsed = argparse.Namespace(**{**none, **options})
        configure(parsed, repository)
        return vars(parsed)

    assert asked()["claude"] == "npm:2.1.91"
    assert asked()["lifecycle"] == ["codex-0.169"]
    named = asked(lifecycle=["claude-2.1.329"])
    assert (named["claude"], named["lifecycle"]) == ("fake", ["claude-2.1.329"])
    assert asked(codex="npm:0.130.0")["lifecycle"] is None
