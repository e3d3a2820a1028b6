"""A private world for the stand-in Codex: a home, a project, a model, a journal, and clients with servers of their own.

Nothing sleeps: a turn lasts until the test answers the request that it made, and every wait has a deadline that names
what it waited for. What is still alive when the world closes carries its token and is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from codex_loopback import DEADLINE, Asked, Journal, Json, Model, Waitable

__all__ = ["DEADLINE", "PROGRAM", "Asked", "Codex", "Journal", "RefusedError", "World", "is_running", "wait_dead"]

PROGRAM = Path(__file__).resolve().parents[2] / "fakes" / "codex" / "codex.py"


class RefusedError(Exception):
    """The server refused a request."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


class Codex:
    """A client with a `codex app-server` of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        self.process = process
        self._stdin = process.stdin
        self._messages = Waitable("client")
        self._last_id = 0
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def messages(self) -> list[Json]:
        return list(self._messages.seen)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._messages.add(json.loads(line))

    def send(self, line: bytes) -> None:
        self._stdin.write(line + b"\n")
        self._stdin.flush()

    def post(self, method: str, params: Json | None = None) -> int:
        """Send a request without waiting. Returns its id."""
        self._last_id += 1
        self.send(json.dumps({"id": self._last_id, "method": method, "params": params or {}}).encode())
        return self._last_id

    def request(self, method: str, params: Json | None = None) -> Json:
        """Send a request; its result. Raises RefusedError."""
        number = self.post(method, params)
        answer = self.wait(f"the answer to {method}", lambda message: message.get("id") == number)
        if "error" in answer:
            raise RefusedError(answer["error"])
        result: Json = answer["result"]
        return result

    def wait(self, what: str, fits: Callable[[Json], bool]) -> Json:
        message: Json = self._messages.wait(what, fits)
        return message

    def greet(self, **capabilities: Any) -> Json:
        client = {"name": "Claude Code", "title": "a test", "version": "1.0.4"}
        answer = self.request("initialize", {"clientInfo": client, "capabilities": capabilities})
        self.send(b'{"method": "initialized", "params": {}}')
        return answer

    def start_thread(self, **params: Any) -> str:
        thread_id: str = self.request("thread/start", params)["thread"]["id"]
        return thread_id

    def start_turn(self, thread: str, prompt: str, **more: Any) -> str:
        words = [{"type": "text", "text": prompt, "text_elements": []}]
        turn_id: str = self.request("turn/start", {"threadId": thread, "input": words, **more})["turn"]["id"]
        return turn_id

    def wait_turn(self, turn_id: str) -> Json:
        """The turn at its end."""
        ended = self.wait(
            f"the end of turn {turn_id}",
            lambda message: message.get("method") == "turn/completed" and message["params"]["turn"]["id"] == turn_id,
        )
        turn: Json = ended["params"]["turn"]
        return turn

    def notified(self, method: str) -> list[Json]:
        """The params of the notifications of that name so far."""
        return [message["params"] for message in self.messages if message.get("method") == method]

    def close_stdin(self) -> None:
        self._stdin.close()

    def wait_exit(self) -> int:
        """The exit status; minus the signal's number when it died of one. All it said has then been read."""
        status = self.process.wait(DEADLINE)
        self._reading.join(DEADLINE)
        return status


class World:
    """Everything that one test has."""

    def __init__(self, root: Path) -> None:
        self.home = root / "codex-home"
        self.project = root / "project"
        self.project.mkdir()
        self.model = Model()
        self.journal = Journal()
        self.token = secrets.token_hex(16)
        self._started: list[Codex] = []
        self.environment = {
            "HOME": str(root),
            "CODEX_HOME": str(self.home),
            "LANG": "C.UTF-8",
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_API_KEY": "dummy",
            "HOOKPROOF_TOKEN": self.token,
            "HOOKPROOF_RECORDER": self.journal.address,
            **{name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ},
        }

    def start(self, *, without: str | None = None, **environment: str) -> Codex:
        """A server nobody has spoken to yet, in a session of its own."""
        wanted = {name: value for name, value in {**self.environment, **environment}.items() if name != without}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM), "app-server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=wanted,
            cwd=self.project,
            start_new_session=True,
        )
        self._started.append(Codex(process))
        return self._started[-1]

    def codex(self, **environment: str) -> Codex:
        """A server that has been greeted."""
        codex = self.start(**environment)
        codex.greet()
        return codex

    def rollouts(self) -> list[list[Json]]:
        """The lines of every thread's file, oldest thread first."""
        files = sorted(self.home.glob("sessions/*/*/*/rollout-*.jsonl"), key=lambda path: path.name[-41:])
        return [[json.loads(line) for line in path.read_text().splitlines()] for path in files]

    def marked(self) -> Iterator[psutil.Process]:
        """What carries the world's token."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get("HOOKPROOF_TOKEN") == self.token:
                    yield process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for codex in self._started:
            codex.process.kill()
            codex.wait_exit()
            with contextlib.suppress(OSError):
                codex.close_stdin()
            if codex.process.stdout:
                codex.process.stdout.close()
        for process in self.marked():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.model.close()
        self.journal.close()


def is_running(pid: int) -> bool:
    """Whether a process does more than wait to be reaped."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if sys.platform == "linux":

    def wait_dead(pid: int) -> None:
        """Until a process that is nobody's child here has died, reaped or not."""
        try:
            watched = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            dead, _, _ = select.select([watched], [], [], DEADLINE)
            assert dead, f"waited {DEADLINE:g} s for the death of process {pid}"
        finally:
            os.close(watched)

else:

    def wait_dead(pid: int) -> None:
        """Until a process that is nobody's child here has died."""
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(DEADLINE)
