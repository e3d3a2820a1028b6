"""`hookproof run --update-expected` as a contributor meets it, on a copy of the checkout whose table can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import places

ROOT = places.SCENARIOS.parent
IGNORED = shutil.ignore_patterns("__pycache__")
PLAYED = ("--plugin", "reference:as-reported", "--lifecycle", "as-reported-345", "--replays", "0")


class Checkout:
    """A copy of what hookproof is at work with."""

    def __init__(self, root: Path, *, installed: bool = False) -> None:
        self.root = root
        data = root / "hookproof" / "_data" if installed else root
        shutil.copytree(ROOT / "hookproof", root / "hookproof", ignore=IGNORED)
        for name in ("fakes", "reference", "scenarios"):
            shutil.copytree(ROOT / name, data / name, ignore=IGNORED)
        self.table = data / "scenarios" / "expected.toml"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`hookproof run` of the copy."""
        env = {**os.environ, "HOOKPROOF_CACHE": str(self.root / "cache")}
        command = [sys.executable, "-m", "hookproof", "run", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=self.root, env=env)
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path.resolve() / "checkout")


def test_what_was_played_is_written_in_both_directions_and_then_the_run_is_green(checkout: Checkout) -> None:
    right = checkout.table.read_text(encoding="utf-8")
    # of the first entry, which is the one that is played: two violations are missing, one never comes
    there = '  "jobs/pattern-c:JOB-03",\n  "jobs/pattern-c:JOB-04",\n'
    wrong = right.replace(there, '  "jobs/pattern-c:JOB-05",\n', 1)
    checkout.table.write_text(wrong, encoding="utf-8")

    red = checkout.run("pattern-c", *PLAYED)
    assert red.returncode == 1
    assert checkout.table.read_text(encoding="utf-8") == wrong

    written = checkout.run("pattern-c", *PLAYED, "--update-expected")
    assert written.returncode == 0, written.stdout + written.stderr
    assert f"{checkout.table}: 2 recorded, 1 taken out" in written.stdout
    assert checkout.table.read_text(encoding="utf-8") == right

    again = checkout.run("pattern-c", *PLAYED, "--update-expected")
    assert again.returncode == 0
    assert f"{checkout.table}: nothing to change" in again.stdout
    assert checkout.run("pattern-c", *PLAYED).returncode == 0


def test_without_a_plugin_every_policy_of_the_table_is_played_where_it_stands(checkout: Checkout) -> None:
    text = '[[policy."reference:keep-background"]]\nlifecycles = ["as-reported-345"]\nviolates = []\n\n'
    text += '[[policy."reference:correct"]]\nlifecycles = ["claude-2.1.91", "as-reported-345"]\nviolates = []\n'
    checkout.table.write_text(text, encoding="utf-8")
    done = checkout.run("pattern-c", "--update-expected", "--replays", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 cases" in done.stdout
    left = 'violates = [\n  "jobs/pattern-c:JOB-04",\n  "jobs/pattern-c:JOB-07",\n]'
    changed = text.replace("violates = []", left, 1)
    assert checkout.table.read_text(encoding="utf-8") == changed


def test_a_policy_that_is_known_to_refuse_every_launch_does_not_stop_the_table(checkout: Checkout) -> None:
    """Nothing of it launches, whatever is chosen; that is what the policy is, and no fault of this machine."""
    text = '[[policy."reference:fix-1-refuse+young-session"]]\nlifecycles = ["as-reported-345"]\nviolates = []\n\n'
    text += '[[policy."reference:correct"]]\nlifecycles = ["as-reported-345"]\nviolates = []\n'
    checkout.table.write_text(text, encoding="utf-8")
    done = checkout.run("pattern-a", "pattern-c", "--update-expected", "--replays", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every launch failed" not in done.stdout
    changed = text.replace("violates = []", 'violates = [\n  "jobs/pattern-a:JOB-01",\n]', 1)
    assert checkout.table.read_text(encoding="utf-8") == changed


def test_what_is_unknown_is_told_and_not_recorded(checkout: Checkout) -> None:
    before = checkout.table.read_text(encoding="utf-8")
    done = checkout.run("pattern-c", *PLAYED, "--update-expected", "--patience", "0.001")
    assert done.returncode == 1
    told = "not recorded, for it was unknown or not always the same: jobs/pattern-c:JOB-03 of reference:as-reported on"
    assert told in done.stdout
    assert checkout.table.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plugin", "reference/companion"), "--update-expected: the table is of the reference plugins"),
        (("--codex", "npm:0.130.0"), "--update-expected: the table is of the stand-ins; leave out --codex"),
        ((*PLAYED[:2], "--update-baseline"), "--update-baseline: reference:as-reported has the committed table"),
    ],
)
def test_where_there_is_nothing_to_write_one_sentence_says_so(
    checkout: Checkout, words: tuple[str, ...], message: str
) -> None:
    done = checkout.run("pattern-c", "--update-expected", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"hookproof: {message}")
    assert done.stderr.count("\n") == 1


def test_an_installed_hookproof_writes_no_table(tmp_path: Path) -> None:
    installed = Checkout(tmp_path.resolve() / "site", installed=True)
    done = installed.run("pattern-c", "--update-expected")
    assert done.returncode == 2
    assert f"writes the table of a checkout; this hookproof is installed ({installed.table})" in done.stderr
