"""A private world for the companion: a home, a project, a copy of the plugin under one policy, a stand-in Codex.

Nothing here sleeps: a job lasts until the test opens its gate, a process is waited for by its end, and every wait has a
deadline. What is still alive when the world closes carries its token and is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

PLUGIN = Path(__file__).resolve().parents[2] / "reference" / "companion"
sys.path.insert(0, str(PLUGIN / "scripts"))

from companion_lib import arguments, plain_json, policy, processes, refusal, sessions, state  # noqa: E402

__all__ = [
    "DEADLINE",
    "PLUGIN",
    "WAITS",
    "Turn",
    "World",
    "arguments",
    "is_running",
    "kill",
    "plain_json",
    "policy",
    "posix",
    "processes",
    "refusal",
    "sessions",
    "state",
]

DEADLINE = 20.0 if sys.platform != "win32" else 60.0  # there every process takes longer to start, under Wine five times
WAITS = "import threading; print('ready', flush=True); threading.Event().wait()"
"""A program that says one line and stays."""
Row = dict[str, Any]


def posix(what: str) -> pytest.MarkDecorator:
    """Marks a test as about something that Windows has not."""
    return pytest.mark.skipif(sys.platform == "win32", reason=f"{what}: POSIX")


def kill(pid: int) -> None:
    """End it at once, without a word."""
    psutil.Process(pid).kill()


def is_running(pid: int) -> bool:
    """Whether a process does more than wait to be reaped."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Turn:
    """A turn that the stand-in Codex is playing: the test's end of its gate."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(DEADLINE)
        self._lines: IO[str] = connection.makefile("rw")
        self._connection = connection
        introduction = json.loads(self._lines.readline())
        self.pid: int = introduction["pid"]
        self.prompt: str = introduction["prompt"]

    def order(self, **what: object) -> None:
        self._lines.write(json.dumps(what) + "\n")
        self._lines.flush()

    def spawn(self, how: str) -> int:
        self.order(spawn=how)
        pid: int = json.loads(self._lines.readline())["pid"]
        return pid

    def wait_until_dropped(self) -> None:
        """Until Codex is gone or has been told to stop: the gate closes from its side."""
        with contextlib.suppress(ConnectionError):
            assert self._lines.readline() == ""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._lines.close()
        self._connection.close()


class World:
    def __init__(self, folder: Path, rules: str) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.plugin = folder / "plugin"
        self.plugin_data = folder / "plugin-data"
        for path in (self.home, self.project / ".git", folder / "bin", folder / "tmp"):
            path.mkdir(parents=True)
        shutil.copytree(PLUGIN, self.plugin)
        (self.plugin / "policy").write_text(f"{rules}\n")
        self._stand_in(folder / "bin")
        self._gate = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._gate.settimeout(DEADLINE)
        self._turns: list[Turn] = []
        self._token = secrets.token_hex(8)
        self.environment = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "TMPDIR": str(folder / "tmp"),
            "LANG": "C.UTF-8",
            "STAND_IN_GATE": "{}:{}".format(*self._gate.getsockname()),
            "COMPANION_TEST": self._token,
        }
        if sys.platform == "win32":
            needed = ("SystemRoot", "SystemDrive", "ComSpec", "PATHEXT")
            self.environment |= {name: os.environ[name] for name in needed if name in os.environ}
            self.environment |= {"USERPROFILE": str(self.home), "TEMP": str(folder / "tmp")}
        self.rules = policy.parse(rules)

    @staticmethod
    def _stand_in(folder: Path) -> None:
        """The stand-in Codex, as a program that is found by its name."""
        program = (Path(__file__).parent / "codex_stand_in.py").read_text(encoding="utf-8")
        if sys.platform == "win32":
            (folder / "stand_in.py").write_text(program, encoding="utf-8")
            command = subprocess.list2cmdline([sys.executable, "-I", "-S", str(folder / "stand_in.py")])
            (folder / "codex.cmd").write_text(f"@{command} %*\n", encoding="utf-8")
        else:
            (folder / "codex").write_text(f"#!{sys.executable} -IS\n{program}", encoding="utf-8")
            (folder / "codex").chmod(0o755)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        for turn in self._turns:
            turn.close()
        self._gate.close()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def processes(self) -> list[psutil.Process]:
        """All that was ever started in this world and still lives."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("COMPANION_TEST") == self._token and is_running(process.pid):
                    found.append(process)
        return found

    # A shell of a session: what the SessionStart hook exported, if its host hands that on.

    def shell(self, session: str | None, **variables: str) -> dict[str, str]:
        if session:
            exported = {"CODEX_COMPANION_SESSION_ID": session, "CLAUDE_PLUGIN_DATA": str(self.plugin_data)}
            return {**self.environment, **exported, **variables}
        return {**self.environment, **variables}

    def start(self, *argv: str, session: str | None = "main", **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(self.plugin / "scripts" / "companion.py"), *argv],
            cwd=self.project,
            env=self.shell(session, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *argv: str, session: str | None = "main", **variables: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*argv, session=session, **variables)
        out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def launch(self, prompt: str, session: str | None = "main", **variables: str) -> str:
        done = self.run("task", "--background", "--json", prompt, session=session, **variables)
        assert done.returncode == 0, done.stderr
        job_id: str = json.loads(done.stdout)["jobId"]
        return job_id

    def status(self, *argv: str, session: str | None = "main") -> Any:
        done = self.run("status", *argv, "--json", session=session)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def listed(self, session: str | None = "main") -> dict[str, Row]:
        answer = self.status("--all", session=session)
        finished = [answer["latestFinished"]] if answer["latestFinished"] else []
        return {row["id"]: row for row in [*answer["running"], *finished, *answer["recent"]]}

    def start_hook(self, event: str, session: str, **payload: object) -> subprocess.Popen[str]:
        whole = {"session_id": session, "cwd": str(self.project), "hook_event_name": event, **payload}
        variables = {"CLAUDE_PLUGIN_DATA": str(self.plugin_data), "CLAUDE_PLUGIN_ROOT": str(self.plugin)}
        if event == "SessionStart":
            variables["CLAUDE_ENV_FILE"] = str(self.home / f"{session}.sh")
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(self.plugin / "scripts" / "hook.py")],
            cwd=self.project,
            env={**self.environment, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        process.stdin.write(json.dumps(whole))
        process.stdin.close()
        process.stdin = None
        return process

    def hook(self, event: str, session: str = "main", **payload: object) -> dict[str, str]:
        return self.hook_answer(self.start_hook(event, session, **payload))

    @staticmethod
    def hook_answer(process: subprocess.Popen[str]) -> dict[str, str]:
        """What the hook tells the host; empty if it says nothing."""
        out, err = process.communicate(timeout=DEADLINE)
        assert (process.returncode, err) == (0, "")
        answer: dict[str, str] = json.loads(out)["hookSpecificOutput"] if out else {}
        return answer

    def bash_hook(self, event: str, command: str, session: str = "main", **payload: object) -> dict[str, str]:
        return self.hook(event, session, tool_name="Bash", tool_input={"command": command}, **payload)

    def turn(self) -> Turn:
        """The next turn that Codex begins."""
        try:
            connection, _ = self._gate.accept()
        except TimeoutError:
            raise AssertionError(f"waited {DEADLINE:g} s for Codex to begin a turn") from None
        self._turns.append(Turn(connection))
        return self._turns[-1]

    @property
    def workspace(self) -> Path:
        """The state directory of the project; there is one once a job has been launched."""
        root = self.home / ".codex-companion" if self.rules.state_root == "home" else self.plugin_data
        (found,) = (root / "state").iterdir()
        return found

    def rows(self) -> dict[str, Row]:
        return {row["id"]: row for row in json.loads((self.workspace / "state.json").read_text())["jobs"]}

    def wait_for_end_of(self, pid: int) -> None:
        """Until the process is over, whether or not somebody reaps it."""
        if sys.platform == "win32":
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).wait(DEADLINE)
            return
        with contextlib.suppress(ProcessLookupError):
            end = os.pidfd_open(pid)
            over, _, _ = select.select([end], [], [], DEADLINE)
            os.close(end)
            assert over, f"waited {DEADLINE:g} s for process {pid} to end"

    def finish(self, turn: Turn, job_id: str, text: str = "all good") -> None:
        """Let the job's turn end well, and its worker after it."""
        pid = self.rows()[job_id]["pid"]
        turn.order(say=text)
        self.wait_for_end_of(pid)


Open = Callable[[str], World]


def opened(tmp_path: Path) -> Iterator[Open]:
    """A fixture's body: worlds with the rules of a policy, which are left when the test is over."""
    with contextlib.ExitStack() as stack:
        yield lambda rules: stack.enter_context(World(tmp_path, rules))
