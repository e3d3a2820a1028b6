"""pytest as its users expect it: their own scenarios, options that clash with nobody's, marks, ids, the fixture."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hookproof import places

PROJECT = 'plugin = "plugins/mine"\nscenarios = "tests/hookproof"\nhosts = ["as-reported-345"]\n'
MINE = "tests/hookproof/mine.toml::mine[reference-as-reported-345]"
CLASHING = """\
def pytest_addoption(parser):
    for name in ("plugin", "lifecycle", "claude", "codex", "descriptor", "isolation", "allow-network", "runs"):
        parser.addoption(f"--{name}")
        parser.addini(name, "of this project")
"""
ASKS = """\
import pytest
from hookproof.testing import Hookproof, MissingEvidenceError

def test_what_a_run_tells(hookproof: Hookproof) -> None:
    run = hookproof.play("hookproof/mine.toml")
    assert "Have Codex review the branch" in run.told("main")
    assert "no such words" not in run.told()
    assert run.told("codex:codex-rescue")
    assert {hook.exit for hook in run.hooks("SessionEnd")} == {0}
    assert [hook.event for hook in run.hooks()][0] == "SessionStart"
    assert run.left == []
    assert run.cause == "H1"
    assert run.violated == ["JOB-03", "JOB-04"]
    assert run.lifecycle == "as-reported-345"
    assert run.journal.is_file()
    with pytest.raises(MissingEvidenceError, match="it judges: JOB-03, JOB-04"):
        run.outcome("JOB-01")
    with pytest.raises(MissingEvidenceError, match="was never asked"):
        run.told("nobody")
    assert run.outcome("JOB-03") == "lost"

def test_another_plugin_on_another_host(hookproof: Hookproof) -> None:
    run = hookproof.play("jobs/pattern-a", on="claude-2.1.91", plugin="reference:correct")
    assert (run.verdict, run.lifecycle) == ("conforms", "claude-2.1.91")

def test_red(hookproof: Hookproof) -> None:
    assert hookproof.play("hookproof/mine.toml").outcome("JOB-03") == "survives"

def test_nowhere(hookproof: Hookproof) -> None:
    hookproof.play("nowhere.toml")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With a plugin that loses the job of a subagent, and a scenario that shows it."""
    root = tmp_path.resolve() / "repository"
    shutil.copytree(places.REFERENCE / "companion", root / "plugins" / "mine")
    behave(root, "as-reported")
    (root / "tests" / "hookproof").mkdir(parents=True)
    shutil.copy(places.SCENARIOS / "jobs" / "pattern-c.toml", root / "tests" / "hookproof" / "mine.toml")
    (root / "hookproof.toml").write_text(PROJECT, encoding="utf-8")
    (root / ".git").mkdir()
    return root


def behave(root: Path, policy: str) -> None:
    (root / "plugins" / "mine" / "policy").write_text(f"{policy}\n", encoding="utf-8")


def pytest_in(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOOKPROOF_CACHE": str(folder / ".cache"), "PYTEST_ADDOPTS": "", "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:timeout", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110, cwd=folder, env=env)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def collected(folder: Path, *words: str | Path) -> list[str]:
    done = pytest_in(folder, "--collect-only", "-q", *words)
    assert done.returncode in {0, 5}, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


# what is collected, and how it is called


def test_the_users_scenarios_are_collected_with_short_ids_that_name_the_plugin(repository: Path) -> None:
    assert collected(repository) == [MINE]
    assert collected(repository, MINE) == [MINE]


def test_the_installed_ones_are_named_wherever_they_are(repository: Path) -> None:
    everything = collected(repository, "--pyargs", "hookproof", "--hookproof-lifecycle", "claude-2.1.91")
    assert "hookproof/jobs/pattern-c.toml::pattern-c[reference-claude-2.1.91]" in everything
    assert not any("calibration" in each or "preflight" in each for each in everything)
    (again,) = collected(repository, "hookproof/jobs/pattern-c.toml::pattern-c[reference-as-reported-345]")
    assert again == "hookproof/jobs/pattern-c.toml::pattern-c[reference-as-reported-345]"


def test_other_toml_files_and_a_folder_of_that_name_are_the_users(repository: Path) -> None:
    (repository / "pyproject.toml").write_text('[project]\nname = "mine"\n', encoding="utf-8")
    (repository / "hookproof" / "jobs").mkdir(parents=True)
    (repository / "hookproof" / "jobs" / "test_theirs.py").write_text("def test_it(): pass\n", encoding="utf-8")
    assert collected(repository, "hookproof/jobs") == ["hookproof/jobs/test_theirs.py::test_it"]


def test_a_scenario_that_is_played_nowhere_says_why(repository: Path) -> None:
    shutil.copy(places.SCENARIOS / "context" / "main-session.toml", repository / "tests" / "hookproof" / "told.toml")
    done = pytest_in(repository, "tests/hookproof/told.toml", "-rs")
    assert done.returncode == 0, done.stdout
    assert "is for a context plugin, and reference 0.1.0 is a companion plugin" in done.stdout


# what is asked for


def test_it_clashes_with_no_project_that_has_such_options(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CLASHING, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(
        "def test_it(pytestconfig): assert pytestconfig.option.plugin == 'theirs'\n", encoding="utf-8"
    )
    done = pytest_in(tmp_path, "--plugin", "theirs", "--lifecycle", "x", "--strict-config", "--strict-markers")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_short_names_are_not_hookproofs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    ours = done.stdout.partition("\nhookproof scenarios:\n")[2].partition("\n\n")[0]
    options = re.findall(r"^  (--?[\w-]+)", ours, re.MULTILINE)
    assert len(options) == 8
    assert all(each.startswith("--hookproof-") for each in options)


def test_an_option_wins_over_ini_and_ini_over_the_project(repository: Path) -> None:
    (repository / "pytest.ini").write_text(
        "[pytest]\nhookproof_plugin = plugins/mine\nhookproof_lifecycle = claude-2.1.91 claude-2.1.329\n",
        encoding="utf-8",
    )
    assert [each.partition("[")[2] for each in collected(repository)] == [
        "reference-claude-2.1.91]",
        "reference-claude-2.1.329]",
    ]
    named = collected(repository, "--hookproof-plugin", "reference", "--hookproof-lifecycle", "claude-2.1.91")
    assert [each.partition("[")[2] for each in named] == ["reference:correct-claude-2.1.91]"]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("words", "project", "said"),
    [
        (("--hookproof-plugin", "nope"), PROJECT, "hookproof: --plugin nope: no such directory"),
        (("--hookproof-lifecycle", "claude-2.1.9"), PROJECT, "did you mean 'claude-2.1.91'?"),
        ((), 'plugin = "nope"\n', "hookproof.toml: plugin: 'nope': there is no such folder"),
        ((), PROJECT + '[[known]]\ncheck = "tests/hookproof/mine:JOB-99"\n', "known[1].lifecycles: Field required"),
    ],
    ids=["plugin", "lifecycle", "project", "baseline"],
)
def test_what_is_wrong_with_it_is_told_once(
    words: tuple[str, ...], project: str, said: str, workers: tuple[str, ...], repository: Path
) -> None:
    (repository / "hookproof.toml").write_text(project, encoding="utf-8")
    for name in ("second", "third"):
        shutil.copy(
            repository / "tests" / "hookproof" / "mine.toml", repository / "tests" / "hookproof" / f"{name}.toml"
        )
    done = pytest_in(repository, *words, *workers)
    assert done.returncode == 4, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count(said) == 1
    assert "error" not in done.stdout.lower().replace("error:", "")


def test_a_mistake_in_a_scenario_is_that_files(repository: Path) -> None:
    (repository / "tests" / "hookproof" / "wrong.toml").write_text('kind = "companion"\nuser = "x"\n', encoding="utf-8")
    done = pytest_in(repository, "tests/hookproof/wrong.toml")
    assert done.returncode == 2, done.stdout
    assert "wrong.toml: title: Field required" in done.stdout


# what comes of it


def know(repository: Path, more: str = "") -> None:
    known = [
        f'[[known]]\ncheck = "tests/hookproof/mine:{check}"\nlifecycles = ["as-reported-345"]\nreason = "why {check}"\n'
        for check in ("JOB-03", "JOB-04")
    ]
    (repository / "hookproof.toml").write_text(PROJECT + "".join(f"{each}{more}" for each in known), encoding="utf-8")


def test_what_is_known_is_xfail_and_its_journal_is_kept(repository: Path) -> None:
    know(repository)
    xml = repository / "out.xml"
    done = pytest_in(repository, "-rx", f"--junitxml={xml}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"XFAIL {MINE} - JOB-03 'lost': why JOB-03; JOB-04 'not listed': why JOB-04" in done.stdout
    properties = {each.get("name"): each.get("value") for each in ElementTree.parse(xml).iter("property")}  # noqa: S314
    assert Path(str(properties["journal"])).is_file()
    (kept,) = (repository / ".cache" / "runs").glob("[0-9]*")
    assert json.loads((kept / "results.jsonl").read_text(encoding="utf-8"))["verdict"] == "violates"


def test_what_is_no_longer_so_is_strict(repository: Path) -> None:
    know(repository)
    behave(repository, "correct")
    done = pytest_in(repository)
    assert done.returncode == 1
    assert "[XPASS(strict)] tests/hookproof/mine:JOB-03 is satisfied" in done.stdout


def test_a_race_that_did_not_come_is_xpass(repository: Path) -> None:
    know(repository, "sometimes = true\n")
    behave(repository, "correct")
    done = pytest_in(repository, "-rX")
    assert done.returncode == 0, done.stdout
    assert f"XPASS {MINE} - sometimes violated: JOB-03: why JOB-03; JOB-04: why JOB-04" in done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_test_asks_a_run_what_the_plugin_did(workers: tuple[str, ...], repository: Path) -> None:
    (repository / "tests" / "test_mine.py").write_text(ASKS, encoding="utf-8")
    done = pytest_in(repository, "tests/test_mine.py", *workers)
    assert done.returncode == 1, done.stdout
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    assert "AssertionError: assert 'lost' == 'survives'" in done.stdout
    assert f"there is no scenario 'nowhere.toml' in {repository / 'tests'}" in done.stdout
    journals = re.findall(r"tests/hookproof/mine on as-reported-345: (\S+)", done.stdout)
    assert len(journals) == 1
    assert Path(journals[0]).is_file()
