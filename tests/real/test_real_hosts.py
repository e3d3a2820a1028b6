"""The real hosts, where they can be had: the stories on them, and the stand-ins held against them.

They are hundreds of megabytes, so they are asked for (`tox run -e real`, or HOOKPROOF_REAL_HOSTS=1); without npm, its
registry or a namespace the tests are skipped, and say why.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from user_tree import plant, reference, snapshot

from hookproof.isolation import alone

CALIBRATED = ["claude@2.1.91", "codex@0.130.0", "codex@0.169.0"]
ASKED_FOR = os.environ.get("HOOKPROOF_REAL_HOSTS")
INSTALL_SECONDS, PLAY_SECONDS = 900, 600


def hookproof(*arguments: str, seconds: int = PLAY_SECONDS) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hookproof", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


@functools.cache
def missing() -> str | None:
    """Why real hosts cannot be played here, or None."""
    if not ASKED_FOR:
        return "real hosts are not asked for: tox run -e real"
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not on PATH"
    if sys.platform != "linux":
        return "only Linux can keep a real host off the network"
    registry = subprocess.run(
        [npm, "view", "@openai/codex@0.130.0", "version"], capture_output=True, text=True, timeout=120, check=False
    )
    if registry.returncode != 0:
        return f"no npm registry: {' '.join(registry.stderr.split())[:200]}"
    return alone.refused()


def installed(spec: str) -> None:
    """Bring a real host, or skip."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    if spec.startswith("claude@2.1.91") and shutil.which("node") is None:
        pytest.skip("node is not on PATH: Claude Code 2.1.91 is JavaScript")
    brought = hookproof("hosts", "install", spec, seconds=INSTALL_SECONDS)
    assert brought.returncode in {0, 1}, brought.stderr
    if brought.returncode == 1:
        # a registry that cannot be used (certificate, network, disk) is none; the sentence says what it is
        pytest.skip(f"{spec} cannot be had here: {' '.join(brought.stderr.split())[-300:]}")


pytestmark = [pytest.mark.timeout(INSTALL_SECONDS + PLAY_SECONDS), pytest.mark.xdist_group("real")]


@pytest.mark.parametrize("spec", CALIBRATED)
def test_the_stand_in_does_what_the_real_one_does(spec: str) -> None:
    installed(spec)
    host, _, version = spec.partition("@")
    told = hookproof("calibrate", f"--{host}", f"npm:{version}")
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_reference_conforms_on_real_claude_code(tmp_path: Path) -> None:
    installed("claude@2.1.91")
    results = played(tmp_path, "jobs/pattern-[abcd]", "reference:correct", "--claude", "npm:2.1.91")
    assert {each["scenario"]: each["verdict"] for each in results} == dict.fromkeys(
        (f"jobs/pattern-{letter}" for letter in "abcd"), "conforms"
    )
    assert {each["host"]["version"] for each in results} == {"2.1.91"}


def test_issue_345_on_real_claude_code_and_what_its_reporter_saw(tmp_path: Path) -> None:
    installed("claude@2.1.91")
    results = played(tmp_path, "jobs/pattern-[cd]*", "reference:as-reported", "--claude", "npm:2.1.91")
    seen = {each["scenario"]: (each["checks"][0]["seen"], each["signature"]) for each in results}
    # no SessionEnd fires for a subagent: what the issue describes does not happen, and two other things do
    assert seen["jobs/pattern-c"] == ("survives", None)
    assert seen["jobs/pattern-c-root-ends-early"] == ("not listed", "H1")
    assert seen["jobs/pattern-d"] == ("listed as running", "H3")
    (early,) = (each for each in results if each["scenario"] == "jobs/pattern-d-early")
    assert early["signature"] == "H3"
    assert any("before the row was written" in reason for reason in early["reasons"])
    assert any("lists no job" in reason for reason in early["reasons"])
    assert "its output file holds 0 bytes" in early["reasons"]


def test_a_session_of_real_claude_code_is_resumed_while_the_job_runs(tmp_path: Path) -> None:
    installed("claude@2.1.91")
    for policy, verdict in (("correct", "conforms"), ("as-reported", "violates")):
        (result,) = played(tmp_path, "jobs/resumed-while-running", f"reference:{policy}", "--claude", "npm:2.1.91")
        assert result["verdict"] == verdict


def test_pytest_plays_real_claude_code() -> None:
    installed("claude@2.1.91")
    scenario = Path(__file__).parents[2] / "scenarios" / "jobs" / "pattern-c.toml"
    words = ["-n", "2", "-v", "-p", "no:cacheprovider"]
    words += ["--hookproof-plugin", "reference:correct", "--hookproof-claude", "npm:2.1.91"]
    command = [sys.executable, "-m", "pytest", str(scenario), *words]
    told = subprocess.run(command, capture_output=True, text=True, timeout=PLAY_SECONDS, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "pattern-c[reference:correct-claude@2.1.91]" in told.stdout


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("place", ["hooks", "hooks/hooks.json"])
def test_a_run_on_real_claude_code_leaves_the_checkout_as_it_was(tmp_path: Path, place: str, absolute: bool) -> None:
    """Its hooks are tapped, which once rewrote the user's file where `hooks` was a link."""
    installed("claude@2.1.91")
    for outside in (False, True):
        folder = tmp_path / ("outside" if outside else "inside")
        folder.mkdir()
        root = reference(folder)
        plant(root, place, outside=outside, absolute=absolute)
        before = snapshot(folder)
        words = ["run", "jobs/pattern-a", "--plugin", str(root), "--claude", "npm:2.1.91"]
        told = hookproof(*words, "--runs", str(tmp_path / "runs"))
        assert told.returncode == (2 if outside else 0), told.stdout + told.stderr
        assert ("leads out of the plugin" in told.stderr) == outside
        assert snapshot(folder) == before


@pytest.mark.parametrize(("version", "seen"), [("0.130.0", "block reaches the child"), ("0.169.0", "no block")])
def test_issue_146_on_real_codex(tmp_path: Path, version: str, seen: str) -> None:
    installed(f"codex@{version}")
    (result,) = played(tmp_path, "context/known-agent", "reference-workflow:fix-146", "--codex", f"npm:{version}")
    assert next(check["seen"] for check in result["checks"] if check["id"] == "CTX-02") == seen


@pytest.mark.parametrize("version", ["0.130.0", "0.169.0"])
def test_a_form_of_a_manifest_is_taken_by_both_codexes_alike(tmp_path: Path, version: str) -> None:
    """A list of one document: 0.130 takes it for something else, and runs no hook of it."""
    installed(f"codex@{version}")
    root = reference(tmp_path, "workflow")
    manifest = root / ".codex-plugin" / "plugin.json"
    declared = json.loads(manifest.read_text())
    declared["hooks"] = [json.loads((root / "hooks" / "hooks.codex.json").read_text())]
    manifest.write_text(json.dumps(declared))
    stand_in = f"codex-{version.rpartition('.')[0]}"
    seen = []
    for host in (("--codex", f"npm:{version}"), ("--lifecycle", stand_in)):
        (result,) = played(tmp_path, "context/main-session", str(root), *host)
        seen += [check["seen"] for check in result["checks"] if check["id"] == "CTX-01"]
    assert seen == ["no policy", "no policy"] if version == "0.130.0" else seen[0] == seen[1] != "no policy"


def played(tmp_path: Path, glob: str, plugin: str, *host: str) -> list[dict[str, Any]]:
    """Every result of a run; none may be unknown."""
    file = tmp_path / "results.json"
    told = hookproof("run", glob, "--plugin", plugin, *host, "--json", str(file), "--runs", str(tmp_path / "runs"))
    assert told.returncode in {0, 1}, told.stdout + told.stderr
    results: list[dict[str, Any]] = json.loads(file.read_text())["results"]
    assert results
    assert all(each["verdict"] != "unknown" for each in results), told.stdout
    return results
