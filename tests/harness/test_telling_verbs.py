"""A verb that only tells enters no isolation, and does not even import what would: it starts at once, everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

JOURNAL = Path(__file__).parents[1] / "fuzz" / "inputs" / "pattern-c.jsonl"
WORDS = {"hookproof.isolation", "hookproof.isolation.level"}
"""The names of the levels, which records and reports have."""


def imported(*words: str) -> set[str]:
    """The modules that `hookproof WORDS` imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hookproof", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in {0, 1}, done.stderr[-500:]
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def entering(modules: set[str]) -> set[str]:
    return {each for each in modules if each.startswith("hookproof.isolation")} - WORDS | (
        modules & {"hookproof.commands.isolated", "multiprocessing"}
    )


@pytest.mark.parametrize(
    "words", [("--help",), ("list",), ("list", "--requirements"), ("explain", "JOB-03")], ids=" ".join
)
def test_what_is_only_told_needs_no_isolation(words: tuple[str, ...]) -> None:
    found = imported(*words)
    assert "hookproof.cli" in found
    assert entering(found) == set()


def test_old_results_need_none_either(tmp_path: Path) -> None:
    results = tmp_path / "r.json"
    assert entering(imported("recheck", str(JOURNAL), "--json", str(results))) == set()
    assert entering(imported("report", str(results), "--html", str(tmp_path / "r.html"))) == set()
    assert entering(imported("compare", str(results), str(results))) == set()


def test_what_plays_would_be_noticed() -> None:
    assert "hookproof.isolation.entry" in entering(imported("run", "--help"))
