"""pytest plays real hosts: found and brought once, off the network in every process that plays, explained where not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.sandbox import isolation

from .conftest import Plan, javascript

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep a real host off the network")


@pytest.fixture
def disguised(tmp_path: Path) -> Path:
    """The stand-in, as a program that says it is Claude Code 2.1.91; it shows what it could have reached."""
    program = tmp_path / "claude"
    fake, seen = places.FAKES / "claude" / "claude.py", tmp_path / "interfaces"
    behaviour = tmp_path / "lifecycle.json"
    behaviour.write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    start = f'HOOKPROOF_LIFECYCLE={behaviour} exec {sys.executable} -I -S {fake} "$@"'
    program.write_text(f"#!/bin/sh\ncat /proc/net/dev >> {seen}\n{start}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def run(*words: str | Path, scenario: str = "jobs/pattern-a") -> subprocess.CompletedProcess[str]:
    file = places.SCENARIOS / f"{scenario}.toml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file), *map(str, words)]
    env = {**os.environ, "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_program_is_played_off_the_network(tmp_path: Path, disguised: Path, workers: tuple[str, ...]) -> None:
    if (reason := isolation.refused()) is not None:
        pytest.skip(reason)
    done = run("--claude", disguised, "--plugin", "reference:correct", "-v", *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hookproof: plays claude 2.1.91 (network namespace)" in done.stdout
    assert "pattern-a[claude@2.1.91]" in done.stdout
    lines = (tmp_path / "interfaces").read_text(encoding="utf-8").splitlines()
    assert {line.split(":")[0].strip() for line in lines if ":" in line and line.split(":")[1].split()[0] != "0"} <= {
        "lo"
    }


def test_without_isolation_only_if_told_so(disguised: Path) -> None:
    done = run("--claude", disguised, "--allow-network")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hookproof: plays claude 2.1.91 (none)" in done.stdout
    assert "hookproof: warning: real hosts run with the machine's network" in done.stdout
    assert "  Claude Code: api.anthropic.com" in done.stdout


def test_npm_brings_what_is_asked_for_before_anything_is_collected(npm: Plan, cache: Path) -> None:
    calls = npm(javascript("2.1.91"))
    done = run("--claude", "npm:2.1.91", "--allow-network", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pattern-a[claude@2.1.91]" in done.stdout
    assert len(calls.read_text().splitlines()) == 1
    assert list(cache.iterdir())


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--claude", "nowhere"), 4, "--claude nowhere: no such file; expected fake, a path, or npm:VERSION"),
        (("--codex", "2.1.91"), 4, "(did you mean npm:2.1.91?)"),
        (("--claude", "{claude}", "--lifecycle", "claude-2.1.91"), 2, "--lifecycle says what a stand-in does"),
    ],
)
def test_what_cannot_be_played_is_explained(disguised: Path, words: tuple[str, ...], status: int, said: str) -> None:
    filled = [word.format(claude=disguised) for word in words]
    done = run(*filled, "--allow-network")
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_worker_elsewhere_plays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookproof.sandbox import isolation_linux

    def open_way() -> list[str]:
        raise isolation_linux.NamespaceError("the isolated network still has the interface eth0")

    monkeypatch.setattr(isolation_linux, "prove", open_way)
    with pytest.raises(isolation.IsolationError, match=r"started outside of the isolation: .* interface eth0; --allow"):
        isolation.inherited(allow_network=False)
    assert isolation.inherited(allow_network=True).kind == "none"
