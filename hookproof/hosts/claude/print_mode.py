"""Drives Claude Code, stand-in or real, in print mode with stream-json in both directions.

Life of a session: started with an id of our choosing (or taken up again by the id that it had), given its user turns
as lines on stdin, read line by line from stdout into the journal (a `result` line is the end of a turn), ended by
closing stdin, after which the host runs its SessionEnd hooks and exits.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from subprocess import PIPE
from typing import Any

from hookproof import places, processes
from hookproof.catalogue.host import Program
from hookproof.hosts.claude import orphans
from hookproof.hosts.hook_words import HookWords, Said
from hookproof.hosts.process import HostProcess, spawn
from hookproof.hosts.session import Session, Setting
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.records.hosts import HostLine, User
from hookproof.records.run import Error
from hookproof.sandbox import tap

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


_RESPONSE, _PROGRESS = "hook_response", "hook_progress"
_TELLS_OTHERS = ("init", "hook_", "task_")
"""How the lines begin that tell of the session's beginning, of hooks and of tasks: their fields are kept."""
_TELLS_HOOKS_SINCE = (2, 1, 91)
_LAST = "SessionEnd"
"""The event whose hooks run when the stream has ended. Of these the host tells on its stderr, and only what failed."""
_COMPLAINT = re.compile(rf"{_LAST} hook \[(.*)\] failed: (.*)")
_CANCELLED = "Hook cancelled"
_SHOWN = 2000


class PrintSession(Session):
    """One session: one process of the host."""

    def __init__(
        self, name: str, child: processes.Child, journal: Journal, session_id: str, *, tells_hooks: bool
    ) -> None:
        self.name = name
        self.session_id = session_id
        self._journal = journal
        self._ended = False
        self._words = HookWords(journal, name) if tells_hooks else None
        """What the host says of the plugin's hooks, where it does; a stand-in tells the journal itself."""
        self._process = HostProcess(
            name,
            child,
            journal,
            on_line=self._on_line,
            asked=lambda _: self._ended,
            on_complaint=self._on_complaint,
        )

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
        if self._words is not None:
            self._words.finish(complains_of=_LAST, session_id=self.session_id)

    async def kill(self) -> None:
        """Kill the host and wait for it to be gone. The caller sets the deadline."""
        self._ended = True
        self._process.kill()
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
        subtype = value.get("subtype")
        if subtype == _PROGRESS:
            return  # what a hook has printed so far: the whole of it is told at its end
        fields = {f"line_{key}": value[key] for key in _KEPT if key in value}
        if subtype == _RESPONSE or tells_of_itself(value):
            fields["text"] = json.dumps(value)[:_SHOWN]
        self._journal.write(HostLine(session=self.name, **fields))
        if subtype == _RESPONSE and self._words is not None:
            self._words.say(_said(value))

    def _on_complaint(self, text: str) -> None:
        found = _COMPLAINT.fullmatch(text) if self._words is not None else None
        if self._words is None or found is None:
            return
        command, words = found.groups()
        written = tap.written(command)
        if written is not None:
            cut = words == _CANCELLED
            self._words.say(Said(_LAST, failed=True, cut=cut, words=words, command=written, session_id=self.session_id))


def tells_of_itself(line: dict[str, Any]) -> bool:
    """Whether a line tells something of the host itself that no other field of a record holds."""
    subtype = line.get("subtype")
    return line.get("type") == "system" and isinstance(subtype, str) and not subtype.startswith(_TELLS_OTHERS)


def _said(line: dict[str, Any]) -> Said:
    """What a line about a hook's end says."""
    outcome, printed, code = line.get("outcome"), line.get("stdout"), line.get("exit_code")
    # of a refused output the host's reason stands in the place of the hook's stderr (measured on 2.1.91 and 2.1.329)
    words = str(line.get("stderr") or "") if outcome == "error" else ""
    return Said(
        str(line.get("hook_event")),
        failed=outcome != "success",
        cut=outcome == "cancelled",
        words=words or None,
        stdout=printed if isinstance(printed, str) else None,
        exit=code if isinstance(code, int) else None,
        session_id=str(line.get("session_id")),
    )


def tells_hooks(program: Program) -> bool:
    """Whether a real host can be asked to tell of all its hooks in its stream (measured: 2.1.91 and later, not 2.1.72).

    A pre-release counts as its release.
    """
    numbers = tuple(int(word) for word in re.findall(r"\d+", program.version)[:3])
    return program.real and numbers >= _TELLS_HOOKS_SINCE


async def begin(setting: Setting) -> PrintSession:
    """Begin a session of the host in the sandbox's project, with the sandbox's plugin; or take one up again."""
    session_id = setting.resume or str(uuid.uuid4())
    argv = [
        *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
        *("--dangerously-skip-permissions", "--resume" if setting.resume else "--session-id", session_id),
        *("--plugin-dir", str(setting.sandbox.plugin)),
        *(["--include-hook-events"] if tells_hooks(setting.program) else []),
        # a stand-in tells by itself what it does
        *(("--plugin-dir", str(places.FAKES / "observer")) if setting.program.real else ()),
    ]
    child = await spawn(setting, argv, session_id=session_id, stdin=PIPE, before=orphans.before(setting.claude))
    return PrintSession(setting.name, child, setting.journal, session_id, tells_hooks=tells_hooks(setting.program))
