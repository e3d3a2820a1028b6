"""Drives Claude Code, stand-in or real, in print mode with stream-json in both directions.

Life of a session: started with an id of our choosing (or taken up again by the id that it had), given its user turns
as lines on stdin, read line by line from stdout into the journal (a `result` line is the end of a turn), ended by
closing stdin, after which the host runs its SessionEnd hooks and exits.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from subprocess import PIPE
from typing import Any

from hookproof import places, processes
from hookproof.hosts.claude import orphans
from hookproof.hosts.process import HostProcess, spawn
from hookproof.hosts.session import Session, Setting
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.records.hosts import HostLine, User
from hookproof.records.run import Error

_KEPT = (
    "type",
    "subtype",
    "task_id",
    "task_type",
    "status",
    "tool_use_id",
    "is_error",
    "result",
    "session_id",
    "summary",
)


class PrintSession(Session):
    """One session: one process of the host."""

    def __init__(self, name: str, child: processes.Child, journal: Journal, session_id: str) -> None:
        self.name = name
        self.session_id = session_id
        self._journal = journal
        self._ended = False
        self._process = HostProcess(name, child, journal, on_line=self._on_line, asked=lambda _: self._ended)

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._process.pid

    async def type(self, text: str) -> None:
        """One user turn, marked so that the model server knows whose conversation it is."""
        marked = text if text.startswith("/") and " " not in text else mark(text, self.name)
        line = {"type": "user", "message": {"role": "user", "content": marked}}
        self._journal.write(User(session=self.name, text=text))
        if text == "/exit":
            self._ended = True
        try:
            self._stdin.write(json.dumps(line).encode() + b"\n")
            await self._stdin.drain()
        except ConnectionError:
            self._journal.write(Error(where=f"session {self.name}", what="the host no longer reads its input"))

    async def end(self) -> None:
        """Close stdin and wait for the host to be gone. The caller sets the deadline."""
        self._ended = True
        self._stdin.close()
        await self._process.wait_ended()

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        await self._process.abandon()

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        if self._process.child.stdin is None:
            raise RuntimeError("the host was started without a pipe to its stdin")
        return self._process.child.stdin

    def _on_line(self, value: dict[str, Any]) -> None:
        fields = {f"line_{key}": value[key] for key in _KEPT if key in value}
        self._journal.write(HostLine(session=self.name, **fields))


async def begin(setting: Setting) -> PrintSession:
    """Begin a session of the host in the sandbox's project, with the sandbox's plugin; or take one up again."""
    session_id = setting.resume or str(uuid.uuid4())
    argv = [
        *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
        *("--dangerously-skip-permissions", "--resume" if setting.resume else "--session-id", session_id),
        *("--plugin-dir", str(setting.sandbox.plugin)),
        # a stand-in tells by itself what it does
        *(("--plugin-dir", str(places.FAKES / "observer")) if setting.program.real else ()),
    ]
    child = await spawn(setting, argv, session_id=session_id, stdin=PIPE, before=orphans.before(setting.claude))
    return PrintSession(setting.name, child, setting.journal, session_id)
