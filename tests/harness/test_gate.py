"""The gate as a maintainer meets it: a baseline in the repository, red on what is new or fixed, files for CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hookproof import places

PATTERN_C = ("run", "pattern-c", "--plugin")


def hookproof(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOOKPROOF_CACHE": str(cwd / "cache"), **environment}
    if "GITHUB_STEP_SUMMARY" not in environment:
        env.pop("GITHUB_STEP_SUMMARY", None)
    command = [sys.executable, "-m", "hookproof", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=cwd, env=env)
    assert "Traceback" not in done.stderr
    return done


class Repository:
    """A plugin's repository: a copy of the reference, whose policy is what its maintainers wrote."""

    def __init__(self, root: Path) -> None:
        self.plugin = root / "plugins" / "codex"
        self.baseline = root / "hookproof.toml"
        shutil.copytree(places.REFERENCE / "companion", self.plugin)
        (root / ".git").mkdir()

    def behave(self, policy: str) -> None:
        (self.plugin / "policy").write_text(f"{policy}\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path.resolve() / "repository"
    root.mkdir()
    made = Repository(root)
    made.behave("as-reported")
    return made


def test_the_life_of_a_baseline(repository: Repository, tmp_path: Path) -> None:
    plugin = repository.plugin
    red = hookproof(*PATTERN_C, plugin, "--replays", "1", cwd=tmp_path)
    assert red.returncode == 1
    assert "jobs/pattern-c on as-reported-345 played again alone once: violates" in red.stdout

    recorded = hookproof(*PATTERN_C, plugin, "--update-baseline", "--replays", "0", cwd=tmp_path)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    entries = tomllib.loads(repository.baseline.read_text(encoding="utf-8"))["known"]
    assert {entry["check"] for entry in entries} >= {"jobs/pattern-c:JOB-03"}
    assert f"{len(entries)} recorded, 0 taken out" in recorded.stdout

    green = hookproof(*PATTERN_C, plugin, "--json", "green.json", cwd=tmp_path)
    assert green.returncode == 0, green.stdout + green.stderr
    written = json.loads((tmp_path / "green.json").read_text(encoding="utf-8"))
    assert written["baseline"] == str(repository.baseline)
    assert written["results"][0]["baseline"] == "known"
    assert written["results"][0]["replays"] == []

    repository.behave("correct")
    stale = hookproof(*PATTERN_C, plugin, "--junit", "stale.xml", cwd=tmp_path)
    assert stale.returncode == 1
    assert "jobs/pattern-c:JOB-03 is satisfied" in stale.stdout
    assert f"in {repository.baseline}: remove it" in stale.stdout
    failure = ElementTree.parse(tmp_path / "stale.xml").find(".//failure")  # noqa: S314 - it is our own
    assert failure is not None
    assert failure.get("type") == "stale"

    cleared = hookproof(*PATTERN_C, plugin, "--update-baseline", cwd=tmp_path)
    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    assert f"0 recorded, {len(entries)} taken out" in cleared.stdout

    repository.behave("as-reported")
    worse = hookproof(*PATTERN_C, plugin, "--replays", "0", "--json", "worse.json", cwd=tmp_path)
    assert worse.returncode == 1
    assert "jobs/pattern-c:JOB-03 is violated: seen 'lost'" in worse.stdout

    compared = hookproof("compare", "green.json", "worse.json", cwd=tmp_path)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    merged = hookproof("report", "green.json", "worse.json", "--markdown", "merged.md", cwd=tmp_path)
    assert merged.returncode == 1
    assert "❌ **JOB-03" in (tmp_path / "merged.md").read_text(encoding="utf-8")


def test_a_step_summary_is_written_in_ci_and_replays_are_kept_apart(repository: Repository, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    words = (*PATTERN_C, repository.plugin, "--replays", "2", "--runs", tmp_path / "runs")
    done = hookproof(*words, cwd=tmp_path, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1
    assert summary.read_text(encoding="utf-8").startswith("### ❌ hookproof: 1 unexpected")
    assert len(list((tmp_path / "runs").glob("[0-9]*/jobs_*/journal.jsonl"))) == 3
    run = next(each for each in (tmp_path / "runs").iterdir() if re.match(r"\d", each.name))
    again = hookproof("recheck", run, cwd=tmp_path)
    assert (again.returncode, "1 case in" in again.stdout) == (1, True)
    known = 'check = "jobs/pattern-c:{}"\nlifecycles = ["as-reported-345"]\nreason = "r"\n'
    text = "".join(f"[[known]]\n{known.format(check)}" for check in re.findall(r":(JOB-\d+) is violated", done.stdout))
    (tmp_path / "known.toml").write_text(text, encoding="utf-8")
    assert hookproof("recheck", run, "--baseline", "known.toml", cwd=tmp_path).returncode == 0
    same = hookproof("compare", run, run, "--json", "same.json", cwd=tmp_path)
    assert same.returncode == 0
    assert "1 case compared: nothing changed" in same.stdout
    assert json.loads((tmp_path / "same.json").read_text(encoding="utf-8"))["common"] == 1


def test_a_summary_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none" / "summary.md")
    done = hookproof("run", "pattern-a", "--plugin", "reference", cwd=tmp_path, GITHUB_STEP_SUMMARY=nowhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GITHUB_STEP_SUMMARY: " in done.stderr


def test_an_entry_without_a_reason_stops_a_run_before_it_is_played(repository: Repository, tmp_path: Path) -> None:
    repository.baseline.write_text(
        '\n[[known]]\ncheck = "jobs/pattern-c:JOB-03"\nlifecycles = ["as-reported-345"]\n', encoding="utf-8"
    )
    done = hookproof(*PATTERN_C, repository.plugin, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"hookproof: {repository.baseline}: line 2: known[1] (jobs/pattern-c:JOB-03): has no")


def test_pytest_heeds_the_baseline(repository: Repository, tmp_path: Path) -> None:
    hookproof(*PATTERN_C, repository.plugin, "--update-baseline", "--replays", "0", cwd=tmp_path)
    scenario = places.SCENARIOS / "jobs" / "pattern-c.toml"
    options = [
        "-p",
        "no:cacheprovider",
        "--hookproof-lifecycle",
        "as-reported-345",
        "--hookproof-plugin",
        str(repository.plugin),
    ]
    command = [sys.executable, "-m", "pytest", "-q", str(scenario), *options]
    env = {**os.environ, "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)
    assert done.returncode == 0, done.stdout
    assert "1 xfailed" in done.stdout
    strictly = subprocess.run(
        [*command, "--runxfail"], capture_output=True, text=True, check=False, timeout=100, env=env
    )
    assert strictly.returncode == 1
    repository.behave("correct")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)
    assert done.returncode == 1
    assert "[XPASS(strict)] jobs/pattern-c:JOB-03 is satisfied" in done.stdout
    assert "remove it" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--replays", "-1"], "--replays -1: expected a number from 0"),
        (["run", "--update-baseline"], "--update-baseline: reference:correct has the committed table"),
        (["run", "--plugin", "reference:as-reported", "--baseline", "x"], "--baseline: reference:as-reported has the"),
        (["run", "--plugin", "{plugin}", "--baseline", "x.toml"], "--baseline x.toml: does not exist (--update-base"),
        (["run", "--plugin", "{plugin}", "--baseline", "."], "--baseline .: is a directory; expected a file"),
        (["run", "--plugin", "{plugin}", "--baseline", "{text}"], "words.txt: is not TOML"),
        (
            ["run", "--plugin", "{plugin}", "--update-baseline", "--baseline", "no/x"],
            f"no{os.sep}x: cannot be written: No such",
        ),
        (["run", "--junit", "no/x.xml"], f"no{os.sep}x.xml: cannot be written: No such"),
        (["run", "--markdown", "."], ".: cannot be written: "),
        (["run", "--json", "x", "--junit", "x"], "--json and --junit both name x"),
        (["compare", "none.json", "{text}"], "none.json: does not exist"),
        (["compare", "{text}", "{text}"], "words.txt: is not JSON; expected what `hookproof run --json FILE` writes"),
        (["compare", "{plugin}", "{plugin}"], "there is no journal.jsonl in it"),
        (["compare", "{text}", "{text}", "--json", "no/x"], f"no{os.sep}x: cannot be written: No such"),
        (["compare", "x"], "the following arguments are required: AFTER"),
        (["report"], "the following arguments are required: FILE"),
        (["report", "none.json"], "none.json: does not exist"),
        (["report", "{text}"], "words.txt: is not JSON"),
        (["report", "{plugin}"], "is a directory; expected a regular file"),
    ],
)
def test_a_wrong_command_line_is_explained(
    words: list[str], message: str, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("no such thing", encoding="utf-8")
    filled = [word.format(plugin=repository.plugin, text=tmp_path / "words.txt") for word in words]
    done = hookproof(*filled, cwd=tmp_path)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"repository", "words.txt", "cache"}
