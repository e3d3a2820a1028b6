"""pytest plays real hosts: found and brought once, played off the network by every process, explained where not."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.isolation import alone

from .conftest import Plan, javascript

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep a real host off the network")


TELL = """\
import pathlib, socket, sys
met = socket.socket(socket.AF_UNIX)
met.connect(sys.argv[1])
met.sendall(pathlib.Path("/proc/net/dev").read_bytes())
"""


@dataclass
class Disguised:
    """The stand-in as a program that says it is Claude Code 2.1.91, and tells the test what it could have reached."""

    program: Path
    _told: list[str] = field(default_factory=list)

    def interfaces(self) -> set[str]:
        """Those that had been used when it was started, each time."""
        assert self._told
        lines = [line.split(":") for text in self._told for line in text.splitlines() if ":" in line]
        assert "lo" in {name.strip() for name, _ in lines}
        return {name.strip() for name, counted in lines if counted.split()[0] != "0"}

    def listen(self, server: socket.socket) -> None:
        """Take down what is told, until nobody can tell any more."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, connection.makefile() as text:
                    self._told.append(text.read())


@pytest.fixture
def disguised(tmp_path: Path) -> Iterator[Disguised]:
    # the folder of a program can be seen in a case, although temporary files cannot
    folder = tmp_path / "host"
    folder.mkdir()
    made = Disguised(folder / "claude")
    fake, behaviour, tell, meet = (
        places.FAKES / "claude" / "claude.py",
        folder / "b.json",
        folder / "tell",
        folder / "m",
    )
    behaviour.write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    tell.write_text(TELL, encoding="utf-8")
    start = f'HOOKPROOF_LIFECYCLE={behaviour} exec {sys.executable} -I -S {fake} "$@"'
    made.program.write_text(f"#!/bin/sh\n{sys.executable} -I -S {tell} {meet}\n{start}\n", encoding="utf-8")
    made.program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(meet))
        server.listen()
        listening = threading.Thread(target=made.listen, args=(server,))
        listening.start()
        try:
            yield made
        finally:
            server.shutdown(socket.SHUT_RDWR)
            listening.join()


def run(*words: str | Path, scenario: str = "jobs/pattern-a") -> subprocess.CompletedProcess[str]:
    file = places.SCENARIOS / f"{scenario}.toml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file), *map(str, words)]
    env = {**os.environ, "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_program_is_played_off_the_network(disguised: Disguised, workers: tuple[str, ...]) -> None:
    if (reason := alone.refused()) is not None:
        pytest.skip(reason)
    done = run("--hookproof-claude", disguised.program, "--hookproof-plugin", "reference:correct", "-v", *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hookproof: isolation full" in done.stdout
    assert "hookproof: plays claude 2.1.91 (network namespace)" in done.stdout
    assert "pattern-a[reference:correct-claude@2.1.91]" in done.stdout
    assert disguised.interfaces() <= {"lo"}


def test_where_isolation_is_not_to_be_had_nothing_is_collected(disguised: Disguised) -> None:
    done = run("--hookproof-claude", disguised.program, "--hookproof-isolation", "none")
    assert done.returncode == 4, done.stdout + done.stderr
    assert (
        "ERROR: real hosts are played off the network alone: as --isolation says; --allow-network plays without"
        in done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr


def test_without_isolation_only_if_told_so(disguised: Disguised) -> None:
    done = run("--hookproof-claude", disguised.program, "--hookproof-allow-network")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not prevented: a plugin can reach the network" in done.stdout
    assert "hookproof: plays claude 2.1.91 (none)" in done.stdout
    assert "hookproof: warning: real hosts run with the machine's network" in done.stdout
    assert "  Claude Code: api.anthropic.com" in done.stdout


def test_npm_brings_what_is_asked_for_before_anything_is_collected(npm: Plan, cache: Path) -> None:
    calls = npm(javascript("2.1.91"))
    done = run("--hookproof-claude", "npm:2.1.91", "--hookproof-allow-network", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pattern-a[reference:correct-claude@2.1.91]" in done.stdout
    assert len(calls.read_text().splitlines()) == 1
    assert list(cache.iterdir())


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--hookproof-claude", "nowhere"), 4, "--claude nowhere: no such file; expected fake, a path, or npm:VERSION"),
        (("--hookproof-codex", "2.1.91"), 4, "(did you mean npm:2.1.91?)"),
        (
            ("--hookproof-claude", "{claude}", "--hookproof-lifecycle", "claude-2.1.91"),
            4,
            "--lifecycle says what a stand-in does",
        ),
    ],
)
def test_what_cannot_be_played_is_explained(
    disguised: Disguised, words: tuple[str, ...], status: int, said: str
) -> None:
    filled = [word.format(claude=disguised.program) for word in words]
    done = run(*filled, "--hookproof-allow-network")
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
