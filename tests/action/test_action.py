"""The GitHub Action's own steps, run as the runner's shell would, on a plugin's repository in a scratch place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name"): step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")


def play(repository: Path, runner: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The step `Play` with these inputs. Returns what came, and the directory of the report."""
    step = STEPS["Play"]
    values = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
    values |= {name.replace("_", "-"): value for name, value in inputs.items()}
    given = {
        name: values[text.removeprefix("${{ inputs.").removesuffix(" }}")] if "inputs." in text else text
        for name, text in step["env"].items()
    }
    output = runner / "output"
    env = {
        **os.environ,
        **given,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
        "HOOKPROOF_CACHE": str(runner / "cache"),
    }
    # as the runner does: https://docs.github.com/actions, "shell: bash"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, timeout=110, check=False)
    return done, Path(output.read_text().strip().partition("=")[2])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A plugin's repository: the reference companion under a wrong policy."""
    root = tmp_path / "repository"
    shutil.copytree(ROOT / "reference" / "companion", root)
    (root / "policy").write_text("keep-background\n")
    return root


def test_a_conforming_plugin_is_green_and_leaves_its_report(repository: Path, tmp_path: Path) -> None:
    (repository / "policy").write_text("correct\n")
    done, report = play(repository, tmp_path, scenarios="pattern-a pattern-c", lifecycles="claude-2.1.91")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::error" not in done.stdout
    assert {path.name for path in report.iterdir()} >= {"report.html", "results.json", "junit.xml", "summary.md"}
    assert "<testsuite" in (report / "junit.xml").read_text()
    assert "jobs/pattern-a" in (tmp_path / "summary").read_text()


def test_the_project_file_is_enough(repository: Path, tmp_path: Path) -> None:
    """A scenario of its own, on the host that the file names; hookproof's own are not played beside it here."""
    (repository / "tests").mkdir()
    shutil.copy(ROOT / "scenarios" / "jobs" / "pattern-a.toml", repository / "tests" / "mine.toml")
    project = 'plugin = "."\nscenarios = "tests"\nhosts = ["claude-2.1.91"]\n'
    (repository / "hookproof.toml").write_text(project, encoding="utf-8")
    done, report = play(repository, tmp_path, scenarios="mine")
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("::error"))
    assert line.startswith("::error title=tests/mine on claude-2.1.91::tests/mine:JOB-07 is violated")
    assert "tests/mine" in (report / "junit.xml").read_text()


def test_a_violation_is_red_with_an_annotation_and_a_baseline_makes_it_green(repository: Path, tmp_path: Path) -> None:
    wanted = {"scenarios": "pattern-a", "lifecycles": "claude-2.1.91"}
    done, _ = play(repository, tmp_path, **wanted)
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("::error"))
    assert line.startswith("::error title=jobs/pattern-a on claude-2.1.91::jobs/pattern-a:JOB-07 is violated")
    command = ["run", "pattern-a", "--plugin", str(repository), "--lifecycle", "claude-2.1.91", "--update-baseline"]
    updated = subprocess.run(
        [sys.executable, "-m", "hookproof", *command, "--runs", str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert updated.returncode == 0, updated.stdout + updated.stderr
    done, _ = play(repository, tmp_path, **wanted)
    assert done.returncode == 0, done.stdout + done.stderr
    (repository / "policy").write_text("correct\n")
    done, _ = play(repository, tmp_path, **wanted)
    assert done.returncode == 1
    assert "stale" in done.stdout


def test_every_input_is_used_and_every_step_has_a_shell() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name in ACTION["inputs"]:
        assert f"inputs.{name} }}}}" in text, name
    for step in ACTION["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
