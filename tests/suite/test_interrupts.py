"""`hookproof run` interrupted: one sentence, exit status 130, and nothing left of what it had started."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hookproof import machine, places

SECONDS = 60.0
SENTENCE = "hookproof: interrupted; nothing of it is left running"
HOOK = """\
import socket, subprocess, sys
own = {"creationflags": 0x208} if sys.platform == "win32" else {"start_new_session": True}
if sys.argv[2:]:
    subprocess.Popen([sys.executable, "-I", "-S", *sys.argv[:2]], **own)
met = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
met.sendall(b"here")
met.recv(1)
"""
"""Comes to a port of the test and stays; one with a word more first starts another, detached, that does the same."""

CONSOLE = """\
import ctypes, subprocess, sys
event = int(sys.argv[1])
command = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, creationflags=0x200 if event else 0)
kernel32 = ctypes.WinDLL("kernel32")
kernel32.SetConsoleCtrlHandler(None, True)
sys.stdin.readline()
assert kernel32.GenerateConsoleCtrlEvent(event, command.pid if event else 0)
sys.exit(command.wait())
"""
"""Runs a command on a console of its own, and presses a key there as soon as it is told to.

Ctrl-C (0) is for all on a console, Ctrl-Break (1) may be for one process group alone.
"""


@dataclass
class Interrupted:
    """A `hookproof run` that plays, and how it is interrupted."""

    process: subprocess.Popen[str]
    interrupt: Callable[[], None]


def started(command: list[str], env: dict[str, str], *, flags: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        creationflags=flags,
        start_new_session=True,
    )


if sys.platform == "win32":

    def pressed(event: int, command: list[str], env: dict[str, str]) -> Interrupted:
        console = [sys.executable, "-c", CONSOLE, str(event)]
        process = started([*console, *command], env, flags=subprocess.CREATE_NO_WINDOW)

        def press() -> None:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

        return Interrupted(process, press)

    def by_ctrl_c(command: list[str], env: dict[str, str]) -> Interrupted:
        return pressed(0, command, env)

    def by_ctrl_break(command: list[str], env: dict[str, str]) -> Interrupted:
        return pressed(1, command, env)

    # Wine 10 hands no Ctrl-Break on: a handler is never called, and the process either dies or hears nothing (measured)
    windows = pytest.mark.skipif(machine.wine() is not None, reason="Wine hands no Ctrl-Break on")
    WAYS = [by_ctrl_c, pytest.param(by_ctrl_break, marks=windows)]

else:

    def by_terminal(command: list[str], env: dict[str, str]) -> Interrupted:
        process = started(command, env)
        return Interrupted(process, lambda: os.killpg(process.pid, signal.SIGINT))  # as Ctrl-C does: to the whole group

    WAYS = [by_terminal]


@pytest.fixture
def meeting() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(SECONDS)
        yield listening


@pytest.fixture
def plugin(tmp_path: Path, meeting: socket.socket) -> Path:
    """The reference, with a hook that never comes back."""
    copy = tmp_path / "plugin"
    shutil.copytree(places.REFERENCE / "companion", copy)
    (copy / "scripts" / "meet.py").write_text(HOOK, encoding="utf-8")
    command = f'python3 -I -S "${{CLAUDE_PLUGIN_ROOT}}/scripts/meet.py" {meeting.getsockname()[1]} first'
    hooks = {"SessionStart": [{"hooks": [{"type": "command", "command": command, "timeout": 600}]}]}
    (copy / "hooks" / "hooks.json").write_text(json.dumps({"hooks": hooks}), encoding="utf-8")
    return copy


def met(meeting: socket.socket, count: int) -> list[socket.socket]:
    """The connections of that many processes."""
    connections = []
    for _ in range(count):
        connection, _ = meeting.accept()
        connection.settimeout(SECONDS)
        assert connection.recv(4) == b"here"
        connections.append(connection)
    return connections


def is_gone(connection: socket.socket) -> bool:
    """Whether the process at the other end ends; raises TimeoutError when it does not."""
    with connection, contextlib.suppress(ConnectionError):
        return connection.recv(1) == b""
    return True


@pytest.mark.parametrize("start", WAYS)
def test_an_interrupted_run_says_so_and_leaves_nothing(
    start: Callable[[list[str], dict[str, str]], Interrupted], plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    runs, temporary = tmp_path / "runs", tmp_path / "temporary"
    temporary.mkdir()
    words = ["run", "pattern-a", "pattern-b", "pattern-c", "-j", "2", "--plugin", str(plugin), "--runs", str(runs)]
    env = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}
    run = start([sys.executable, "-m", "hookproof", *words], env)
    try:
        connections = met(meeting, 4)  # a hook and what it has started, of two cases side by side
        run.interrupt()
        out, err = run.process.communicate(timeout=SECONDS)
    finally:
        run.process.kill()

    assert (run.process.returncode, err.strip()) == (130, SENTENCE), out
    assert all(is_gone(connection) for connection in connections)
    assert list(temporary.glob("hp-*")) == []
    (journal, _) = runs.glob("2*/*/journal.jsonl")  # the third case was never begun
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [record["what"] for record in records if record["kind"] == "error"] == ["interrupted"]
    (swept,) = [record for record in records if record["kind"] == "swept"]
    assert swept["left"] == 0
    assert swept["ended"] >= 3  # the host, its hook and what that has started: nobody but hookproof heard of it
