"""A private $CODEX_HOME with hooks in it, and the engine of the stand-in Codex, run inside the test's own process.

Hooks are little Python programs. What they do is given as a line of code; `meet()` lets one hold still until the test
has seen it, so that nothing sleeps.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_world import DEADLINE, PROGRAM

from hookproof.catalogue.lifecycle import Resolved, resolve_lifecycle

sys.path[:0] = [str(PROGRAM.parent), str(PROGRAM.parents[1] / "shared")]

config: Any = importlib.import_module("codex_fake.config")
hooks: Any = importlib.import_module("codex_fake.hooks")
lifecycle: Any = importlib.import_module("codex_fake.lifecycle")
plugins: Any = importlib.import_module("codex_fake.plugins")

Json = dict[str, Any]
VERSIONS = ("0.130", "0.133", "0.169")

_PRELUDE = """\
import json, os, signal, socket, sys
payload = json.loads(sys.stdin.buffer.read() or b"{}")
event = payload.get("hook_event_name")
def context(text):
    print(json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}), flush=True)
def meet(name=b"hook"):
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.sendall(name)
    connection.sendall(connection.recv(1))
def grandchild(**how):
    import subprocess
    code = "import socket; c = socket.create_connection(('127.0.0.1', PORT)); c.sendall(b'gran'); c.sendall(c.recv(1))"
    subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.DEVNULL, **how)
"""


def rows(resolved: Resolved) -> Any:
    """A lifecycle as the program reads it."""
    return lifecycle.Lifecycle(resolved.name, resolved.rows, resolved.events)


class Records:
    """The recorder's part: what would go to the journal."""

    def __init__(self) -> None:
        self.all: list[Json] = []

    def write(self, kind: str, **fields: Any) -> None:
        self.all.append({"kind": kind, **json.loads(json.dumps(fields))})


class Bench:
    """One home, one project, and everything that was recorded."""

    def __init__(self, tmp: Path, port: int, version: str, switches: tuple[str, ...]) -> None:
        self.home = tmp / "home" / ".codex"
        self.project = tmp / "project"
        resolved = resolve_lifecycle("+".join([f"codex-{version}", *switches]))
        self.rows = rows(resolved)
        self._recorder = Records()
        self.records = self._recorder.all
        self.config: Any = None
        self.lifecycle: Any = None
        self._tmp = tmp
        self._port = port
        self._written = 0
        for folder in (self.home, self.project / ".git"):
            folder.mkdir(parents=True)
        (tmp / "lifecycle.json").write_text(resolved.model_dump_json(), encoding="utf-8")
        self.reload()

    def reload(self) -> None:
        """Read $CODEX_HOME again, as a new process would."""
        self.config = config.load()

    def told(self, kind: str) -> list[Json]:
        """The records of a kind."""
        return [record for record in self.records if record["kind"] == kind]

    def command(self, code: str) -> str:
        """The command of a hook that runs a line of Python after it has read its payload."""
        self._written += 1
        path = self._tmp / f"hook{self._written}.py"
        path.write_text(_PRELUDE.replace("PORT", str(self._port)) + code + "\n", encoding="utf-8")
        argv = [sys.executable, "-I", "-S", str(path)]
        return subprocess.list2cmdline(argv) if sys.platform == "win32" else shlex.join(argv)

    def declare(self, path: Path | None = None, **events: Any) -> None:
        """Write a hooks file: EVENT=[code, …] for one group without a matcher, or the groups themselves."""
        path = path or self.home / "hooks.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"hooks": {name: self._groups(given) for name, given in events.items()}}))

    def _groups(self, given: list[Any]) -> list[Any]:
        if not all(isinstance(each, str) for each in given):
            return given
        return [{"hooks": [{"type": "command", "command": self.command(code)} for code in given]}]

    def listed(self) -> list[Json]:
        """What `hooks/list` shows."""
        data: list[Json] = hooks.METHODS["hooks/list"]({"cwds": [str(self.project)]}, None)["data"]
        shown: list[Json] = data[0]["hooks"]
        return shown

    def warnings(self) -> list[str]:
        """What `hooks/list` warns of."""
        found: list[str] = hooks.METHODS["hooks/list"]({"cwds": [str(self.project)]}, None)["data"][0]["warnings"]
        return found

    def trust(self) -> None:
        """Trust every hook that is listed, as a client does it."""
        state = {hook["key"]: {"trusted_hash": hook["currentHash"]} for hook in self.listed()}
        self.write("hooks.state", state)

    def write(self, path: str, value: Any, strategy: str = "upsert") -> Json:
        """`config/batchWrite` with one edit."""
        edits = [{"keyPath": path, "value": value, "mergeStrategy": strategy}]
        answer: Json = config.METHODS["config/batchWrite"]({"edits": edits, "reloadUserConfig": True}, None)
        self.reload()
        return answer

    def engine(self, cwd: Path | None = None) -> Any:
        """The engine of one thread."""
        return hooks.Hooks(self.rows, self.config, self._recorder, str(cwd or self.project))

    def fire(self, event: str, subject: str = "startup", *, seconds: float | None = None, **payload: Any) -> Any:
        """Fire an event at everything that is declared. `seconds` stands in for the timeouts in the files."""
        engine = self.engine()
        for hook in engine.matching(event, subject) if seconds is not None else []:
            hook.timeout = seconds
        payload = {"hook_event_name": event, **payload}
        return engine.fire(event, subject, payload, thread_id="the-thread", session_id="the-session")


class Meeting:
    """Where hooks wait for the test."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(DEADLINE)
        self.port = int(self._listening.getsockname()[1])

    def arrival(self) -> socket.socket:
        """The next one that has come; it stays until it is sent a byte, which it sends back."""
        return self._next()[1]

    def arrivals(self, *names: str) -> list[socket.socket]:
        """Those of these names: `hook` for a hook, `gran` for what a hook has started."""
        come = dict(self._next() for _ in names)
        return [come[name] for name in names]

    def _next(self) -> tuple[str, socket.socket]:
        connection, _ = self._listening.accept()
        connection.settimeout(DEADLINE)
        return connection.recv(4).decode(), connection

    def close(self) -> None:
        """Nobody is met any more."""
        self._listening.close()


@contextlib.contextmanager
def opened(tmp: Path, monkeypatch: pytest.MonkeyPatch, version: str, *switches: str) -> Iterator[tuple[Bench, Meeting]]:
    """A bench of its own, with the environment that it needs."""
    monkeypatch.setenv("CODEX_HOME", str(tmp / "home" / ".codex"))
    monkeypatch.setenv("HOOKPROOF_LIFECYCLE", str(tmp / "lifecycle.json"))
    monkeypatch.setenv("TMPDIR", str(tmp / "tmp"))
    meeting = Meeting()
    try:
        yield Bench(tmp, meeting.port, version, switches), meeting
    finally:
        meeting.close()
