"""The gate and what no case tests, really played: told, recorded with a reason, red when new and red when stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_gate import PATTERN_C, Repository, hookproof, repository

from hookproof import places
from hookproof.report.results import NOTHING_TESTED

__all__ = ["repository"]

REFUSES = "fix-1-refuse"
"""Refuses what a subagent launches: of pattern C's two requirements JOB-03 accepts that, and JOB-04 has no job."""
REFUSES_ALL = f"{REFUSES}+young-session"


def test_the_life_of_an_untested_requirement(repository: Repository, tmp_path: Path) -> None:
    repository.behave(REFUSES)
    plugin = repository.plugin
    told = hookproof(*PATTERN_C, plugin, cwd=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "tested nowhere: there was no job: its launch was refused" in told.stdout
    assert "\n  JOB-04 on as-reported-345\n" in told.stdout

    repository.baseline.write_text("", encoding="utf-8")
    files = ("--json", "red.json", "--junit", "red.xml", "--markdown", "red.md", "--html", "red.html")
    red = hookproof(*PATTERN_C, plugin, *files, cwd=tmp_path, HOOKPROOF_ANNOTATE="github")
    sentence = "no case tests JOB-04 on as-reported-345, and no [[untested]] entry names it"
    assert red.returncode == 1
    assert f"unexpected {sentence}" in red.stdout
    assert f"::error title=not tested::{sentence}" in red.stdout
    written = json.loads((tmp_path / "red.json").read_text(encoding="utf-8"))
    assert [(each["requirement"], each["baseline"]) for each in written["untested"]] == [("JOB-04", "new")]
    assert (written["summary"]["unexpected"], written["results"][0]["verdict"]) == (1, "conforms")
    failure = ElementTree.parse(tmp_path / "red.xml").find(".//testcase[@name='JOB-04 is tested']/failure")  # noqa: S314
    assert failure is not None
    assert "1 unexpected" in (tmp_path / "red.md").read_text(encoding="utf-8")
    assert sentence in (tmp_path / "red.html").read_text(encoding="utf-8")

    recorded = hookproof(*PATTERN_C, plugin, "--update-baseline", cwd=tmp_path)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert "1 recorded, 0 taken out" in recorded.stdout
    (entry,) = tomllib.loads(repository.baseline.read_text(encoding="utf-8"))["untested"]
    assert (entry["requirement"], entry["lifecycles"]) == ("JOB-04", ["as-reported-345"])

    green = hookproof(*PATTERN_C, plugin, cwd=tmp_path)
    assert green.returncode == 0, green.stdout + green.stderr
    assert f"JOB-04 on as-reported-345, as known: {entry['reason']}" in green.stdout

    repository.behave("correct")
    stale = hookproof(*PATTERN_C, plugin, cwd=tmp_path)
    assert stale.returncode == 1
    assert (
        "JOB-04 is tested on as-reported-345 (by jobs/pattern-c), but [[untested]] names it: remove it" in stale.stdout
    )
    cleared = hookproof(*PATTERN_C, plugin, "--update-baseline", cwd=tmp_path)
    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    assert "0 recorded, 1 taken out" in cleared.stdout
    assert "untested]]" not in repository.baseline.read_text(encoding="utf-8")


def test_a_run_that_tested_nothing_fails_and_a_journal_of_it_does(tmp_path: Path) -> None:
    words = ("run", "session-is-told", "--plugin", f"reference:{REFUSES_ALL}", "--runs", tmp_path / "runs")
    done = hookproof(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert f"unexpected {NOTHING_TESTED}" in done.stdout
    assert "0 conform, 0 violate, 0 unknown, 1 not tested; 0 unexpected" in done.stdout
    again = hookproof("recheck", tmp_path / "runs", cwd=tmp_path)
    assert (again.returncode, NOTHING_TESTED in again.stdout) == (1, True)


def pytest_of(*names: str, plugin: Path | str, workers: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    files = [str(places.SCENARIOS / "jobs" / f"{name}.toml") for name in names]
    options = [
        "-p",
        "no:cacheprovider",
        "--hookproof-lifecycle",
        "as-reported-345",
        "--hookproof-plugin",
        str(plugin),
        "-rs",
        *workers,
    ]
    env = {**os.environ, "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", *files, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_pytest_skips_with_the_reason_and_fails_a_session_that_leaves_it_untested(
    repository: Repository, workers: tuple[str, ...]
) -> None:
    repository.behave(REFUSES_ALL)
    done = pytest_of("session-is-told", plugin=repository.plugin, workers=workers)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 skipped" in done.stdout
    skip = next(line for line in done.stdout.splitlines() if line.startswith("SKIPPED"))
    assert "session-is-told.toml" in skip
    assert "not tested: JOB-27: there was no job: its launch was refused" in skip
    assert "journal.jsonl" in skip
    for sentence in (
        NOTHING_TESTED,
        "no case tests JOB-27 on as-reported-345, and no [[untested]] entry names it",
        f"name each in {repository.baseline} under [[untested]] with its reason",
    ):
        assert f"\n{sentence}" in done.stdout


def test_pytest_passes_where_the_baseline_names_it_and_says_when_it_is_stale(repository: Repository) -> None:
    repository.behave(REFUSES)
    entry = '[[untested]]\nrequirement = "JOB-04"\nlifecycles = ["as-reported-345"]\nreason = "refuses"\n'
    repository.baseline.write_text(entry, encoding="utf-8")
    done = pytest_of("pattern-c", plugin=repository.plugin)
    assert done.returncode == 0, done.stdout + done.stderr
    repository.behave("correct")
    done = pytest_of("pattern-c", plugin=repository.plugin)
    assert done.returncode == 1
    assert "\nJOB-04 is tested on as-reported-345 (by jobs/pattern-c), but [[untested]] names it" in done.stdout
    assert "1 passed" in done.stdout


def test_pytest_of_a_reference_policy_has_the_table_instead_of_a_baseline() -> None:
    done = pytest_of("pattern-c", plugin=f"reference:{REFUSES}")
    assert done.returncode == 0, done.stdout + done.stderr
