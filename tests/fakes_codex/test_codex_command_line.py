"""What the program answers before it serves anything, and what that costs in imports."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from codex_world import DEADLINE, PROGRAM


def run(*arguments: str, flags: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return subprocess.run(
        [sys.executable, "-I", "-S", *flags, str(PROGRAM), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=system | environment,
        timeout=DEADLINE,
        check=False,
    )


def test_the_version_is_the_measured_one() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "codex-cli 0.130.0\n", "")


def test_the_version_can_be_another() -> None:
    assert run("--version", HOOKPROOF_CODEX_VERSION="0.169.0").stdout == "codex-cli 0.169.0\n"


@pytest.mark.parametrize("arguments", [["--version"], ["app-server", "--help"]])
def test_what_plugins_ask_before_every_job_imports_next_to_nothing(arguments: list[str]) -> None:
    imported = {
        line.rpartition("|")[2].strip() for line in run(*arguments, flags=("-X", "importtime")).stderr.splitlines()
    }
    assert "codex_fake.version" in imported, "the list of imports was not read"
    assert not imported & {"json", "re", "enum", "signal", "threading", "socket", "codex_fake.app_server"}


def test_app_server_has_a_help() -> None:
    done = run("app-server", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: codex app-server")


@pytest.mark.parametrize(
    "options",
    [
        ["-c", "model=x"],
        ["--config=a=b", "--enable", "hooks"],
        ["--listen", "stdio://"],
        ["--analytics-default-enabled"],
    ],
)
def test_options_of_the_real_one_are_passed_over(options: list[str]) -> None:
    done = run("app-server", *options)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["app-server", "--nonsense"], "--nonsense"),
        (["app-server", "--listen", "ws://127.0.0.1:1"], "ws://127.0.0.1:1"),
        (["app-server", "-c"], "-c"),
        (["nonsense"], "nonsense"),
        ([], "subcommand"),
    ],
)
def test_a_wrong_command_line_is_named_and_refused(arguments: list[str], names: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert names in done.stderr.splitlines()[0]


def test_an_unknown_kind_of_grandchild_is_refused_at_once() -> None:
    done = run("app-server", HOOKPROOF_CODEX_GRANDCHILD="sideways")
    assert done.returncode == 2
    assert "'sideways'" in done.stderr
    assert "same-group, detached" in done.stderr
