"""pytest asked to end while it plays scenarios: the cases are cleared away first, and nobody plays on alone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from staying_hook import SECONDS, is_gone, is_gone_already, met

from hookproof import places

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither signal")

FILES = [str(places.SCENARIOS / "jobs" / f"{name}.toml") for name in ("pattern-a", "pattern-b")]
PLAIN = ["-p", "no:cacheprovider", "--hookproof-lifecycle", "as-reported-345"]


@contextlib.contextmanager
def playing(plugin: Path, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A pytest of its own that plays two cases."""
    (folder / "temporary").mkdir()
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *FILES, *PLAIN, "--hookproof-plugin", str(plugin), *words],
            env={
                **os.environ,
                "TMPDIR": str(folder / "temporary"),
                "HOOKPROOF_CACHE": str(folder / "cache"),
                "PYTEST_ADDOPTS": "",
            },
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def sandboxes(folder: Path) -> list[Path]:
    return list((folder / "temporary").glob("hp-*"))


def said(folder: Path) -> str:
    return (folder / "said").read_text(encoding="utf-8")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 2)])
def test_alone_it_clears_away_and_ends_with_a_summary(
    number: signal.Signals, status: int, plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    with playing(plugin, tmp_path) as process:
        connections = met(meeting, 2)
        process.send_signal(number)
        assert process.wait(SECONDS) == status, said(tmp_path)
    assert all(map(is_gone_already, connections))
    assert sandboxes(tmp_path) == []
    assert ("hookproof: SIGTERM" if number is signal.SIGTERM else "KeyboardInterrupt") in said(tmp_path)
    assert "no tests ran" in said(tmp_path)


@pytest.mark.parametrize(("number", "status"), [("SIGHUP", 129), ("SIGINT", 2)])
def test_the_controller_of_xdist_ends_when_its_workers_have(
    number: str, status: int, plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    with playing(plugin, tmp_path, "-n", "2") as process:
        connections = met(meeting, 4)
        process.send_signal(getattr(signal, number))
        assert process.wait(SECONDS) == status, said(tmp_path)
    assert all(map(is_gone_already, connections))
    assert sandboxes(tmp_path) == []
    assert "Traceback" not in said(tmp_path)


def test_workers_do_not_play_on_when_their_controller_is_killed(
    plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    with playing(plugin, tmp_path, "-n", "2") as process:
        connections = met(meeting, 4)
        workers = psutil.Process(process.pid).children()
        process.kill()
        assert all(map(is_gone, connections))
        _, alive = psutil.wait_procs(workers, timeout=SECONDS)
    assert alive == []
    assert sandboxes(tmp_path) == []


def test_a_worker_that_is_asked_to_end_leaves_nothing_and_counts_as_crashed(
    plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    with playing(plugin, tmp_path, "-n", "1", "--max-worker-restart", "0") as process:
        connections = met(meeting, 2)
        psutil.Process(process.pid).children()[0].send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 1, said(tmp_path)
    assert all(map(is_gone_already, connections))
    assert sandboxes(tmp_path) == []
    assert "crashed while running" in said(tmp_path)


def test_a_run_without_scenarios_has_the_signals_as_they_were(tmp_path: Path) -> None:
    """Someone else's tests in an environment that has hookproof."""
    (tmp_path / "test_theirs.py").write_text(
        "import signal\n"
        "def test_signals():\n"
        "    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
        "    assert signal.set_wakeup_fd(-1) == -1\n",
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS, env={**os.environ, "PYTEST_ADDOPTS": ""}
    )
    assert done.returncode == 0, done.stdout
