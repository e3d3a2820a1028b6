"""`hookproof` interrupted, whenever: one sentence, its exit status, and nothing left of what it had started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from staying_hook import PROGRAM, SECONDS, address, is_gone_already, let_preflight_go, met

from hookproof import machine

SENTENCE = "hookproof: interrupted{} while it played 2 cases (0 were over); nothing of it is left running"
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

    def by_signal(number: int, *, group: bool, command: list[str], env: dict[str, str]) -> Interrupted:
        process = started(command, env)
        return Interrupted(process, lambda: (os.killpg if group else os.kill)(process.pid, number))

    def by_ctrl_c(command: list[str], env: dict[str, str]) -> Interrupted:
        return by_signal(signal.SIGINT, group=True, command=command, env=env)

    def by_kill(command: list[str], env: dict[str, str]) -> Interrupted:
        return by_signal(signal.SIGTERM, group=False, command=command, env=env)

    def by_timeout(command: list[str], env: dict[str, str]) -> Interrupted:
        """As coreutils' `timeout` does it: to its child, and at once to the group in which it is."""
        process = started(command, env)

        def interrupt() -> None:
            os.kill(process.pid, signal.SIGTERM)
            os.killpg(process.pid, signal.SIGTERM)

        return Interrupted(process, interrupt)

    def by_terminal(command: list[str], env: dict[str, str]) -> Interrupted:
        return by_signal(signal.SIGHUP, group=True, command=command, env=env)

    WAYS = [by_ctrl_c, by_kill, by_timeout, by_terminal]

NAMED = {"by_kill": (143, " by SIGTERM"), "by_timeout": (143, " by SIGTERM"), "by_terminal": (129, " by SIGHUP")}


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
        let_preflight_go(meeting)
        connections = met(meeting, 4)  # a hook and what it has started, of two cases side by side
        run.interrupt()
        out, err = run.process.communicate(timeout=SECONDS)
    finally:
        run.process.kill()

    status, how = NAMED.get(start.__name__, (130, ""))
    assert (run.process.returncode, err.strip()) == (status, SENTENCE.format(how)), out
    assert all(map(is_gone_already, connections))
    assert list(temporary.glob("hp-*")) == []
    (journal, _) = runs.glob("2*/*/journal.jsonl")  # the third case was never begun
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [record["what"] for record in records if record["kind"] == "error"] == ["interrupted"]
    (swept,) = [record for record in records if record["kind"] == "swept"]
    assert swept["left"] == 0
    assert swept["ended"] >= 3  # the host, its hook and what that has started: nobody but hookproof heard of it


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither the signals nor the terminals")


@posix
@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_at_every_moment_from_the_first_line_on(name: str, tmp_path: Path) -> None:
    """Imports, the command line, building, playing: the drill (interrupt_drill.py) does it more often."""
    from interrupt_drill import JOBS, kill

    outcomes = []
    for turn, seconds in enumerate((0.0, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6)):
        killed = kill(JOBS, tmp_path / str(turn), getattr(signal, f"SIG{name}"), seconds)
        assert (killed.alive, killed.sandboxes, killed.damaged) == ([], [], []), killed
        outcomes.append(killed.outcome())
    assert set(outcomes) <= {"told", "over", "python's"}, outcomes
    assert "told" in outcomes


@posix
def test_a_closed_terminal_ends_it_without_a_word(plugin: Path, meeting: socket.socket, tmp_path: Path) -> None:
    """It has nobody left to tell: what it says and prints there fails, and changes nothing."""
    import pty

    (tmp_path / "temporary").mkdir()
    words = ["run", "pattern-a", "--plugin", str(plugin), "--runs", str(tmp_path / "runs")]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TMPDIR"] = str(tmp_path / "temporary")
        os.execv(sys.executable, [sys.executable, "-m", "hookproof", *words])  # noqa: S606
    connections = met(meeting, 2)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert all(map(is_gone_already, connections))
    assert list((tmp_path / "temporary").glob("hp-*")) == []


@posix
@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_what_was_ignored_at_its_start_stays_ignored(name: str, tmp_path: Path) -> None:
    """As by nohup, or in the background of a script."""
    number = getattr(signal, f"SIG{name}")
    code = (
        f"import os, signal, sys; signal.signal({int(number)}, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    run = [sys.executable, "-m", "hookproof", "run", "pattern-a", "--plugin", "reference:correct"]
    command = [sys.executable, "-c", code, *run, "--runs", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("1/1 ")  # it is no other program any more, and reports
    process.send_signal(number)
    _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (0, "")


def program(folder: Path, name: str, meeting: socket.socket) -> None:
    """A program NAME that comes to the test and stays."""
    file = folder / name
    file.write_text(f"#!{sys.executable}\nimport sys\nsys.argv = ['', '{address(meeting)}', 'first']\n{PROGRAM}")
    file.write_text(file.read_text().replace("*sys.argv[:2]", f"{str(folder / 'second')!r}, sys.argv[1]"))
    (folder / "second").write_text(PROGRAM)
    file.chmod(0o755)


FILLING = """\
import sys
from hookproof import interrupts
interrupts.take()
from hookproof.sandbox import uv
try:
    uv.fill(["a", "b"])
except KeyboardInterrupt as error:
    sys.exit(interrupts.told(error))
"""
INSTALLING = {
    "npm": (
        "from hookproof.cli import main; raise SystemExit(main())",
        ["hosts", "install", "claude@2.1.91"],
        "npm installed claude@2.1.91",
    ),
    "uv": (FILLING, [], "uv installed what the plugin's scripts depend on"),
}


@posix
@pytest.mark.parametrize("name", INSTALLING)
def test_an_installation_is_ended_and_its_draft_removed(name: str, meeting: socket.socket, tmp_path: Path) -> None:
    program(tmp_path, name, meeting)
    code, words, doing = INSTALLING[name]
    cache = tmp_path / "cache"
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOOKPROOF_CACHE": str(cache)}
    process = started([sys.executable, "-c", code, *words], env)
    connections = met(meeting, 2)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SECONDS)
    sentence = f"hookproof: interrupted by SIGTERM while {doing}; nothing of it is left running"
    assert (process.returncode, err.strip().splitlines()[-1]) == (143, sentence)
    assert all(map(is_gone_already, connections))
    assert [path for path in cache.rglob("*") if not path.is_dir() or path.name.startswith((".", "tmp"))] == []


@posix
def test_a_replay_is_interrupted_like_the_case_itself(plugin: Path, meeting: socket.socket, tmp_path: Path) -> None:
    """The plugin has no hooks but one that comes back the first time: what that violates is played again.

    It remembers that in a file of the test's, which no isolated one could write.
    """
    stays = plugin / "scripts" / "meet.py"
    mark = str(tmp_path / "once")
    # by the home that a case has: the preflight's comes back as well, and that of the first case
    once = (
        f"import os, sys\nhomes = open({mark!r}, 'a+')\nhomes.seek(0)\nknown = set(homes.read().splitlines())\n"
        "if os.environ['HOME'] in known or len(known) < 2:\n    homes.write(os.environ['HOME'] + '\\n')\n"
    )
    stays.write_text(f"{once}    sys.exit()\n{stays.read_text()}")
    (tmp_path / "temporary").mkdir()
    words = ["run", "pattern-a", "--isolation", "none", "--plugin", str(plugin), "--runs", str(tmp_path / "runs")]
    env = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    process = started([sys.executable, "-m", "hookproof", *words], env)
    connections = met(meeting, 2)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SECONDS)
    sentence = (
        "hookproof: interrupted by SIGTERM while an unexpected violation was played again; nothing of it is left "
        f"running; what was judged is kept: hookproof recheck {tmp_path / 'runs'}/"
    )
    assert process.returncode == 143, out
    assert err.strip().startswith(sentence), err
    assert all(map(is_gone_already, connections))
    assert list((tmp_path / "temporary").glob("hp-*")) == []
    assert len(list((tmp_path / "runs").glob("2*/*/journal.jsonl"))) == 2


@posix
def test_a_verb_that_makes_nothing_is_interrupted_as_well(tmp_path: Path) -> None:
    from interrupt_drill import kill

    outcomes = []
    for turn, seconds in enumerate((0.03, 0.1, 0.2, 0.4)):
        killed = kill(["doctor"], tmp_path / str(turn), signal.SIGTERM, seconds)
        assert (killed.alive, killed.sandboxes) == ([], []), killed
        outcomes.append(killed.outcome())
    assert set(outcomes) <= {"told", "over", "python's"}, outcomes
    assert "told" in outcomes
