"""The outer process, the guard and the inner one: what passes through them, and that none outlives another."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playing_inside import inside
from staying_hook import SECONDS, is_gone, listening, met, plugin_that_stays

from hookproof import places

pytestmark = pytest.mark.usefixtures("namespaces")

BEGIN = """
import os, sys
from hookproof import interrupts
from hookproof.isolation import entry
interrupts.take()
serve = entry.begin("full")
if serve is not None:
    sys.exit(serve())
"""
SENTENCE = "hookproof: interrupted while the launches of its plugins were tried; nothing of it is left running"


@dataclass
class Playing:
    """A `hookproof run` in the middle of a case: a hook of it, and what that has started, stay."""

    outer: psutil.Process
    guard: psutil.Process
    inner: psutil.Process
    connections: list[socket.socket]
    sandboxes: Path

    def hooks_end(self) -> bool:
        """Whether both end; it raises TimeoutError when one does not."""
        return all(map(is_gone, self.connections))


@pytest.fixture
def meeting() -> Iterator[socket.socket]:
    with listening() as server:
        yield server


def command(place: Path, plugin: Path | str) -> list[str]:
    words = ["run", "jobs/pattern-a", "--plugin", str(plugin), "--replays", "0", "--runs", str(place / "runs")]
    return [sys.executable, "-m", "hookproof", *words]


def env(place: Path) -> dict[str, str]:
    (place / "t").mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(place / "t")}


def playing(outer: int, meeting: socket.socket, place: Path) -> Playing:
    connections = met(meeting, 2)
    process = psutil.Process(outer)
    (guard,) = process.children()
    (inner,) = guard.children()
    return Playing(process, guard, inner, connections, place / "t")


@pytest.fixture
def run(place: Path, meeting: socket.socket, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Playing]]:
    process = subprocess.Popen(
        command(place, plugin_that_stays(tmp_path, meeting)),
        env=env(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, playing(process.pid, meeting, place)
    finally:
        process.kill()
        process.communicate()


def until(there: Callable[[], bool], what: str) -> None:
    """Wait for what no event tells."""
    deadline = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < deadline, f"waited for {what}"
        threading.Event().wait(0.01)


def test_streams_and_the_exit_status_pass_through() -> None:
    code = f"{BEGIN}print(sys.stdin.read(), end='')\nprint('trouble', file=sys.stderr)\nsys.exit(7)"
    done = subprocess.run([sys.executable, "-c", code], input="in\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "in\n", "trouble\n")


@pytest.mark.parametrize("who", ["outer", "guard", "inner"])
def test_who_is_killed_takes_the_others_along(
    who: str, run: tuple[subprocess.Popen[str], Playing], place: Path
) -> None:
    process, all_of_it = run
    psutil.Process(getattr(all_of_it, who).pid).kill()
    out, err = process.communicate(timeout=SECONDS)
    assert all_of_it.hooks_end(), out
    psutil.wait_procs([all_of_it.guard, all_of_it.inner], timeout=SECONDS)
    assert not any(map(psutil.Process.is_running, (all_of_it.guard, all_of_it.inner)))
    if who == "outer":
        assert (process.returncode, err) == (-signal.SIGKILL, "")
        subprocess.run(command(place, "reference"), env=env(place), check=True, capture_output=True)
    else:
        told = "hookproof: its inner process was ended by SIGKILL; what was left of the run is removed\n"
        assert (process.returncode, err) == (128 + signal.SIGKILL, told)
    assert list(all_of_it.sandboxes.iterdir()) == []


@pytest.mark.parametrize("who", ["guard", "inner"])
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_what_does_not_come_by_the_outer_one_is_not_heard(
    who: str, name: str, run: tuple[subprocess.Popen[str], Playing]
) -> None:
    process, all_of_it = run
    all_of_it.inner.send_signal(getattr(signal, f"SIG{name}"))
    if who == "guard":
        all_of_it.guard.send_signal(getattr(signal, f"SIG{name}"))
    process.send_signal(signal.SIGINT)  # comes after it, and is another where that was heard
    _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err.strip()) == (130, SENTENCE)
    assert all_of_it.hooks_end()


def test_who_stops_the_inner_one_does_not_stop_it(run: tuple[subprocess.Popen[str], Playing]) -> None:
    """Only Ctrl-Z does."""
    process, all_of_it = run
    all_of_it.inner.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 143
    assert all_of_it.hooks_end()


def test_every_signal_of_a_hook_is_lost_on_hookproof(place: Path) -> None:
    """KILL and STOP, and those that hookproof hears from its user; the case comes out as ever."""
    plugin = place / "plugin"
    shutil.copytree(places.REFERENCE / "companion", plugin)
    hook = plugin / "scripts" / "hook.py"
    docstring, _, rest = hook.read_text(encoding="utf-8").partition("\n")
    sends = "import os, signal\nfor number in signal.valid_signals():\n    os.kill(1, number)\n"
    hook.write_text(f"{docstring}\n{sends}{rest}", encoding="utf-8")
    results = place / "results.json"
    words = [*command(place, plugin), "--isolation", "full", "--json", str(results)]
    done = subprocess.run(words, env=env(place), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    (result,) = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert (result["verdict"], result["errors"]) == ("conforms", [])


class Terminal:
    """A terminal with a shell on it, which plays as its user would."""

    def __init__(self, script: str, variables: dict[str, str]) -> None:
        import pty

        self.said = ""
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.environ.update(variables)
            os.execvp("bash", ["bash", "--norc", "-c", f"set -m; {script}"])  # noqa: S606

    def press(self, key: str) -> None:
        os.write(self._handle, key.encode())

    def until(self, word: str) -> None:
        """Read on until the word is said. Raises at the terminal's end."""
        while word not in self.said:
            self.said += os.read(self._handle, 4096).decode()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._handle, 4096):
                pass
        os.close(self._handle)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(place: Path, meeting: socket.socket, tmp_path: Path) -> Iterator[tuple[Terminal, Playing]]:
    if shutil.which("bash") is None:
        pytest.skip("no bash is installed, whose job control this needs")
    line = " ".join(command(place, plugin_that_stays(tmp_path, meeting)))
    script = f"{line}; echo stopped or over $?; read x; fg; echo and over $?"
    made = Terminal(script, env(place))
    connections = met(meeting, 2)
    (outer,) = psutil.Process(made.pid).children()
    (guard,) = outer.children()
    (inner,) = guard.children()
    try:
        yield made, Playing(outer, guard, inner, connections, place / "t")
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            outer.kill()
        made.press("\n")
        made.close()


def test_ctrl_c_on_a_terminal_is_one_sentence(terminal: tuple[Terminal, Playing]) -> None:
    made, all_of_it = terminal
    made.press("\x03")
    made.until("over 130")
    assert made.said.count(SENTENCE) == 1
    assert "Traceback" not in made.said
    assert all_of_it.hooks_end()
    assert list(all_of_it.sandboxes.iterdir()) == []


def test_ctrl_z_stops_all_three_and_fg_lets_them_go_on(terminal: tuple[Terminal, Playing]) -> None:
    made, all_of_it = terminal
    three = (all_of_it.outer, all_of_it.guard, all_of_it.inner)
    made.press("\x1a")
    made.until(f"stopped or over {128 + signal.SIGTSTP}")
    until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in three), "all three to be stopped")
    made.press("\n")
    until(lambda: all(each.status() != psutil.STATUS_STOPPED for each in three), "all three to go on")
    for connection in all_of_it.connections:
        connection.close()  # the hook ends, and the case goes on
    made.until("and over 1")
    assert "1 case in" in made.said, repr(made.said)


def test_a_terminal_that_is_closed_ends_all_three(terminal: tuple[Terminal, Playing]) -> None:
    made, all_of_it = terminal
    psutil.Process(made.pid).send_signal(signal.SIGHUP)  # what a shell's end does to its jobs
    all_of_it.outer.send_signal(signal.SIGHUP)
    assert all_of_it.hooks_end()
    psutil.wait_procs([all_of_it.guard, all_of_it.inner], timeout=SECONDS)
    assert not any(map(psutil.Process.is_running, (all_of_it.guard, all_of_it.inner)))
    assert list(all_of_it.sandboxes.iterdir()) == []


def test_a_run_inside_of_a_run(place: Path) -> None:
    """What a hook starts may be hookproof: it has what is left to it, and says why not more."""
    case = place / "t" / "case"
    for name in ("home", "t"):
        (case / name).mkdir(parents=True)
    variables = {"HOME": str(case / "home"), "TMPDIR": str(case / "t"), "HOOKPROOF_CACHE": str(case / "cache")}
    words = ["-m", "hookproof", "run", "jobs/pattern-a", "--plugin", "reference", "--replays", "0"]
    done = inside(
        ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, *words],
        folder=case,
        env=env(place),
    )
    assert (done["status"], done["err"]) == (0, ""), done
    (journal,) = (case / "cache" / "runs").glob("2*/*/journal.jsonl")
    isolation = json.loads(journal.read_text(encoding="utf-8").partition("\n")[0])["isolation"]
    assert isolation["level"] in {"without-pids", "none"}, isolation
    assert isolation.get("refused")
