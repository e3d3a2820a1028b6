"""The Windows lane under Wine: the process suite and the patterns on Windows' Python, where the lane can be built.

It needs root, two gigabytes and some minutes, so it is asked for (`tox run -e wine`, or HOOKPROOF_WINE_LANE=1); where
it cannot be had the tests are skipped with the lane's own reason. docs/windows.md says what else has been through it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LANE = Path(__file__).resolve().parents[2] / ".ci" / "wine" / "lane"
ASKED_FOR = os.environ.get("HOOKPROOF_WINE_LANE")
SKIPPED = 77
BUILD_SECONDS, CHECK_SECONDS, SUITE_SECONDS = 2700, 150, 1000  # building may wait for another lane, half an hour
HOSTILE_SECONDS = 1300
SCENARIOS = [f"jobs/{name}" for name in ("pattern-a", "pattern-b", "pattern-c", "pattern-d", "another-session-ends")]
LIFECYCLES = ["as-reported-345", "claude-2.1.91-windows"]

pytestmark = [pytest.mark.timeout(BUILD_SECONDS + SUITE_SECONDS), pytest.mark.xdist_group("wine")]


def lane(*words: str | Path, seconds: float) -> str:
    """Run it; what it said. A lane that cannot be had skips the test; one that takes too long ends with all it has."""
    done = subprocess.run(
        [LANE, *words],
        env={**os.environ, "HOOKPROOF_WINE_MUST": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The lane, built once and kept in the user's cache."""
    if not ASKED_FOR:
        pytest.skip("the Wine lane is not asked for: tox run -e wine")
    if sys.platform != "linux":
        pytest.skip("the Wine lane needs Linux")
    lane("build", seconds=BUILD_SECONDS)


def test_this_wine_ends_process_trees_as_windows_does() -> None:
    assert "NO " not in lane("check", seconds=CHECK_SECONDS)


def test_processes_and_interrupts() -> None:
    lane("processes", seconds=SUITE_SECONDS)


@pytest.mark.skipif(
    not os.environ.get("HOOKPROOF_WINE_HOSTILE"), reason="asked for by HOOKPROOF_WINE_HOSTILE=1: it is long"
)
@pytest.mark.timeout(BUILD_SECONDS + HOSTILE_SECONDS)
def test_bad_manners_and_known_bad_inputs() -> None:
    lane("hostile", seconds=HOSTILE_SECONDS)


@pytest.mark.parametrize("policy", ["correct", "as-reported"])
def test_patterns_come_out_as_expected(policy: str, tmp_path: Path) -> None:
    lifecycles = [word for name in LIFECYCLES for word in ("--lifecycle", name)]
    words = [*SCENARIOS, "--plugin", f"reference:{policy}", *lifecycles, "-j", "2", "--replays", "1"]
    to = ["--runs", r"Z:\out\runs", "--json", r"Z:\out\results.json"]
    lane("run", tmp_path, "-m", "hookproof", "run", *words, *to, seconds=SUITE_SECONDS)
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["results"]
    assert len(results) == len(SCENARIOS) * len(LIFECYCLES)
    assert {result["platform"].partition("-")[0] for result in results} == {"wine"}
