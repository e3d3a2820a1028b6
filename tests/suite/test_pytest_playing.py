"""Scenarios under pytest are played inside the isolation, by a process of each worker; pytest itself stays outside."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from staying_hook import SECONDS, address, is_gone, is_gone_already, met

from hookproof import places
from hookproof.isolation import alone
from hookproof.isolation.level import LEVELS

FILES = [str(places.SCENARIOS / "jobs" / f"{name}.toml") for name in ("pattern-a", "pattern-b")]
PLAIN = ["-p", "no:cacheprovider", "--hookproof-lifecycle", "as-reported-345"]
TRIES = """\
import json, os, socket, sys

def attempt(do):
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "done"

said = {
    "reach": attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])))),
    "write": attempt(lambda: open(sys.argv[3], "x").close()),
    "end": attempt(lambda: os.kill(int(sys.argv[4]), 0)),
    "hookproof": os.readlink("/proc/1/exe") if os.access("/proc/1/exe", os.R_OK) else "hidden",
}
met = socket.socket(socket.AF_UNIX)
met.connect(sys.argv[1])
met.sendall(json.dumps(said).encode() + b"\\n")
"""
"""A hook that tries to get out: to a port of the machine, to a file of the user's, to the test's own process."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    if (reason := alone.refused()) is not None:
        pytest.skip(reason)


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "pytest", *PLAIN, *map(str, words)]


def environment(folder: Path) -> dict[str, str]:
    (folder / "temporary").mkdir(exist_ok=True)
    temporary = str(folder / "temporary")
    cache = str(folder / "temporary" / "cache")
    return {**os.environ, "TMPDIR": temporary, "HOOKPROOF_CACHE": cache, "PYTEST_ADDOPTS": ""}


def run(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=environment(folder), capture_output=True, text=True, timeout=SECONDS * 2, check=False
    )


@contextlib.contextmanager
def playing(folder: Path, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A pytest of its own, whose output goes to a file."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            command(*words),
            env=environment(folder),
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


def said(folder: Path) -> str:
    return (folder / "said").read_text(encoding="utf-8")


def sandboxes(folder: Path) -> list[Path]:
    return list((folder / "temporary").glob("hp-*"))


def headers(folder: Path) -> list[dict[str, Any]]:
    """The first record of each journal."""
    journals = (folder / "temporary").rglob("journal.jsonl")
    return [json.loads(each.read_text(encoding="utf-8").partition("\n")[0]) for each in journals]


def player_of(process: psutil.Process) -> list[psutil.Process]:
    """The outer process of its player, the guard and the inner one."""
    found = [each for each in process.children() if any("player_program" in word for word in each.cmdline())]
    while found and len(found) < 3:
        found += found[-1].children()[:1]
    assert len(found) == 3, process.children(recursive=True)
    return found


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def all_end(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=SECONDS)
    return alive == []


# what the head of a run says


def test_the_levels_are_those_that_there_are(pytestconfig: pytest.Config) -> None:
    from hookproof import pytest_plugin

    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    (option,) = [each for each in parser.getgroup("hookproof").options if "--hookproof-isolation" in each.names()]
    assert option.attrs()["choices"] == LEVELS
    assert pytestconfig.option.hookproof_isolation in {None, *LEVELS}


@pytest.mark.parametrize(
    ("words", "head", "level"),
    [
        ((), "hookproof: isolation full\n", "full"),
        (("-n", "2"), "hookproof: isolation full\n", "full"),
        (
            ("--hookproof-isolation", "without-pids"),
            "  not prevented: processes can outlive a hookproof that is killed, until its next start; a plugin can end",
            "without-pids",
        ),
        (("--hookproof-isolation", "none", "-n", "1"), "hookproof: isolation none: as --isolation says\n", "none"),
        (("--hookproof-allow-network",), "  not prevented: a plugin can reach the network\n", "full"),
    ],
    ids=["alone", "xdist", "without-pids", "none", "network"],
)
def test_the_head_and_each_journal_name_the_level(
    words: tuple[str, ...], head: str, level: str, tmp_path: Path
) -> None:
    done = run(tmp_path, FILES[0], *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("hookproof: isolation ") == 1
    assert head in done.stdout
    assert {each["isolation"]["level"] for each in headers(tmp_path)} == {level}
    assert sandboxes(tmp_path) == []


def test_a_run_without_scenarios_says_nothing_and_begins_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import os, psutil\ndef test_alone():\n    assert psutil.Process().children() == []\n", encoding="utf-8"
    )
    done = run(tmp_path, "--rootdir", tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "hookproof: isolation" not in done.stdout


# what a plugin can do


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_hook_reaches_neither_the_network_nor_the_users_files_nor_other_processes(
    workers: tuple[str, ...], plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    planted = Path(sys.prefix) / f"planted-{secrets.token_hex(4)}"
    (plugin / "scripts" / "tries.py").write_text(TRIES, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as port, contextlib.ExitStack() as undo:
        undo.callback(planted.unlink, missing_ok=True)
        words = [address(meeting), str(port.getsockname()[1]), str(planted), str(os.getpid())]
        script = '"${CLAUDE_PLUGIN_ROOT}/scripts/tries.py"'
        hook = {"type": "command", "command": f"python3 -I -S {script} {' '.join(words)}"}
        (plugin / "hooks" / "hooks.json").write_text(json.dumps({"hooks": {"SessionStart": [{"hooks": [hook]}]}}))
        with playing(tmp_path, FILES[0], "--hookproof-plugin", plugin, *workers) as process:
            connection, _ = meeting.accept()
            with connection, connection.makefile() as lines:
                tried = json.loads(lines.readline())
            process.wait(SECONDS)
    assert tried == {
        "reach": "ConnectionRefusedError",
        "write": "OSError",
        "end": "ProcessLookupError",
        "hookproof": "hidden",
    }
    assert not planted.exists()
    assert sandboxes(tmp_path) == []


def test_pytests_own_tests_have_the_machine_as_it_is(tmp_path: Path) -> None:
    """In the same process as scenarios, before and after them."""
    (tmp_path / "test_theirs.py").write_text(
        "import os\n"
        f"HERE = {[str(Path('/proc/self/ns', name).readlink()) for name in ('net', 'mnt', 'pid', 'user')]}\n"
        "def test_namespaces():\n"
        "    assert [os.readlink(f'/proc/self/ns/{name}') for name in ('net', 'mnt', 'pid', 'user')] == HERE\n",
        encoding="utf-8",
    )
    shutil.copy(tmp_path / "test_theirs.py", tmp_path / "test_theirs_again.py")
    done = run(tmp_path, tmp_path / "test_theirs.py", FILES[0], tmp_path / "test_theirs_again.py")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


# how it ends


@pytest.mark.parametrize(
    ("which", "level"),
    [
        ("controller", "full"),
        ("worker", "full"),
        ("alone", "full"),
        ("outer", "full"),
        ("guard", "full"),
        ("inner", "full"),
        ("worker", "without-pids"),
        ("inner", "without-pids"),
    ],
)
def test_killed_it_leaves_no_process_and_after_the_next_start_no_sandbox(
    which: str, level: str, plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    xdist = ["-n", "1", "--max-worker-restart", "0"] if which in {"controller", "worker"} else []
    with playing(tmp_path, FILES[0], "--hookproof-plugin", plugin, "--hookproof-isolation", level, *xdist) as process:
        connections = met(meeting, 2)
        everybody = below(process.pid)
        controller = psutil.Process(process.pid)
        worker = next(each for each in controller.children() if each.children()) if xdist else controller
        parts = dict(zip(("outer", "guard", "inner"), player_of(worker), strict=True))
        {**parts, "worker": worker, "alone": worker, "controller": controller}[which].kill()
        killed = which in {"controller", "alone"}
        assert process.wait(SECONDS) == (-signal.SIGKILL if killed else 1), said(tmp_path)
        assert all(map(is_gone, connections))
        assert all_end(everybody)
    if which in parts:
        assert "the process that plays scenarios has ended (SIGKILL)" in said(tmp_path)
    start = [sys.executable, "-c", "from hookproof import claims; claims.clear_away()"]
    subprocess.run(start, env=environment(tmp_path), timeout=SECONDS, check=True)
    assert sandboxes(tmp_path) == []


def test_a_player_that_is_killed_costs_one_case_and_the_next_has_a_new_one(
    plugin: Path, meeting: socket.socket, tmp_path: Path
) -> None:
    with playing(tmp_path, *FILES, "--hookproof-plugin", plugin) as process:
        pytest_ = psutil.Process(process.pid)
        first = met(meeting, 2)
        player = player_of(pytest_)
        player[2].kill()
        second = met(meeting, 2)
        assert all(map(is_gone, first))
        assert all_end(player)
        assert len(sandboxes(tmp_path)) == 1
        again = player_of(pytest_)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 143, said(tmp_path)
        assert all(map(is_gone_already, second))
        assert all_end(again)
    assert "pattern-a.toml F" in said(tmp_path), said(tmp_path)
    assert "Traceback" not in said(tmp_path)
    assert sandboxes(tmp_path) == []


def test_ctrl_c_on_a_terminal_is_heard_once(plugin: Path, meeting: socket.socket, tmp_path: Path) -> None:
    """The terminal sends it to pytest and to its workers alike; what they play is asked to end by them alone."""
    import pty

    env = environment(tmp_path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, command(FILES[0], "--hookproof-plugin", plugin, "-n", "1"), env)  # noqa: S606
    connections = met(meeting, 2)
    everybody = below(pid)
    os.write(terminal, b"\x03")
    told = b""
    with contextlib.suppress(OSError):  # a terminal that nobody has open any more
        while chunk := os.read(terminal, 4096):
            told += chunk
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 2, told.decode()
    assert all(map(is_gone_already, connections))
    assert all_end(everybody)
    assert sandboxes(tmp_path) == []
    assert b"KeyboardInterrupt" in told
    assert b"interrupted again" not in told
    assert b"Traceback" not in told
