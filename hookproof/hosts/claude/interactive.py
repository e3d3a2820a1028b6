"""Drives Claude Code at a terminal, stand-in or real: for what only a person at a prompt can do.

Life of a session: started in a pseudo-terminal of its own, with a home that has answered the questions of a first
start; typed when it takes input (its prompt is on the screen, and the start hooks of the session, or of the one after a
`/clear`, have ended), a line at a time, as a person does it (the text, a look whether it is there, Enter); ended by
`/exit`, or by closing the terminal, of which the host learns by SIGHUP. What it prints is read from the screen, as the
last look before each line and the last one of all; what it does, hooks tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from hookproof import places, processes
from hookproof.errors import DeadlineMissedError
from hookproof.hosts.claude import orphans
from hookproof.hosts.claude import pty_child as terminal
from hookproof.hosts.process import HostProcess
from hookproof.hosts.session import Session, Setting
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostScreen, HostStarted, TerminalClosed, User
from hookproof.records.run import Error
from hookproof.records.sent import SessionStarted
from hookproof.sandbox import inside
from hookproof.sandbox.sandbox import Sandbox

COLUMNS, ROWS = 200, 50
_PROMPT, _RULE = "❯", "─" * 10
_BUSY = "esc to interrupt"
_CUT = re.compile(r"(esc[ a-z]*)…")
"""How a long notice beside it cuts that: 2.1.91 said `esc to…` (measured at a load of 20)."""
_SURE = "Exit and stop tasks"
"""What 2.1.329 offers first when something runs in the background at `/exit` (measured): a person takes it."""
_KEY_END = 20


def typed_in(lines: list[str]) -> str | None:
    """What stands in the input box of a screen, without any blanks; None without a box.

    A box is a rule, a line that begins with the prompt, and what follows up to the next rule.
    """
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].startswith(_PROMPT) and lines[number - 1].startswith(_RULE):
            end = next((n for n in range(number, len(lines)) if lines[n].startswith(_RULE)), len(lines))
            return _squeezed("".join(lines[number:end])[len(_PROMPT) :])
    return None


def is_busy(text: str) -> bool:
    """Whether a screen says that a turn is under way, and how it could be interrupted."""
    return _BUSY in text or any(_BUSY.startswith(match[1]) for match in _CUT.finditer(text))


def _squeezed(text: str) -> str:
    return "".join(text.split())


class TerminalSession(Session):
    """One session: one process of the host, and the other end of its terminal."""

    def __init__(
        self,
        name: str,
        child: processes.Child,
        ours: int,
        journal: Journal,
        session_id: str,
        *,
        seconds: float,
        settled: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        from hookproof.hosts.claude.screen import Screen  # noqa: PLC0415 - a terminal emulator, only for terminals

        self.name = name
        self.session_id = session_id
        self._journal = journal
        self.seconds = seconds
        """The patience of each single wait."""
        self._settled = settled
        self._starts_after: int | None = 0
        """After which record the start of a session is still to be waited for; None once it is over."""
        self._ended = False
        self._screen = Screen(COLUMNS, ROWS)
        self._shown = ""
        self._terminal: int | None = ours
        self._changed = asyncio.Event()
        self._process = HostProcess(name, child, journal, on_line=lambda _: None, asked=lambda _: self._ended)
        self._exit = asyncio.create_task(self._wake_at_exit(child))
        asyncio.get_running_loop().add_reader(ours, self._read)

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._process.pid

    async def type(self, text: str) -> None:
        """One line at the prompt, marked so that the model server knows whose conversation it is.

        Comes back when the host has taken it. Raises DeadlineMissedError.
        """
        command = text.startswith("/") and " " not in text
        line = text if command else " ".join(mark(text, self.name).split())
        if not await self._ready():
            return
        self._journal.write(User(session=self.name, text=text))
        self._write_screen()
        self._send(line)
        if not await self._until(lambda: typed_in(self._screen.lines()) == _squeezed(line), f"{line!r} on the screen"):
            return
        if text == "/exit":
            self._ended = True
        elif text == "/clear":
            self._starts_after = len(self._journal.records)
        self._send("\r")
        await self._until(
            lambda: typed_in(self._screen.lines()) != _squeezed(line), f"the host to take {line!r}", gone=self._ended
        )
        if self._ended and await self._until(lambda: _SURE in self._screen.text(), "the host to go", gone=True):
            self._write_screen()
            self._send("\r")

    async def end(self) -> None:
        """Type `/exit` and wait for the host to be gone. The caller sets the deadline."""
        if self._process.child.exit is None and not self._ended:
            await self.type("/exit")
        await self._wait_ended()

    async def close_terminal(self) -> None:
        """Close the terminal and wait for the host to be gone. The caller sets the deadline."""
        self._ended = True
        self._write_screen()
        self._journal.write(TerminalClosed(session=self.name))
        self._close()
        await self._wait_ended()

    async def kill(self) -> None:
        """Kill the host and wait for it to be gone. The caller sets the deadline."""
        self._ended = True
        self._write_screen()
        self._process.kill()
        await self._wait_ended()

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        self._exit.cancel()
        self._write_screen()
        self._close()
        await self._process.abandon()

    async def _wait_ended(self) -> None:
        await self._process.wait_ended()
        await self._exit
        if self._terminal is not None:
            self._read()
            self._write_screen()
            self._close()

    async def _ready(self) -> bool:
        """Wait for the session to have begun, and for its prompt between two turns. False when the host is gone.

        A command that comes before the end of a turn is run by 2.1.91, but also stays in its box (measured). And what
        comes while the hooks of a start run may be lost although the prompt is there: 2.1.329 shows it before they are
        done (measured).
        """
        if self._starts_after is not None:
            await self._starts(self._starts_after)
            self._starts_after = None

        def idle() -> bool:
            return typed_in(self._screen.lines()) is not None and not is_busy(self._screen.text())

        return await self._until(idle, "the prompt between two turns")

    async def _starts(self, after: int) -> None:
        """Wait for a session to start after that record, and for its hooks to have ended; or for the host to be gone.

        That a hook runs is told when it has begun, and nobody tells that none will follow: what shows it is that
        nothing moves any more.
        """

        def started(record: Record) -> bool:
            return isinstance(record, SessionStarted) and record.by == self.pid and record.agent_id is None

        def over(record: Record) -> bool:
            return isinstance(record, HostExited) and record.pid == self.pid

        try:
            await self._journal.wait(
                lambda record: started(record) or over(record),
                waiting_for=f"the start of session {self.name!r} at its terminal",
                seconds=self.seconds,
                since=after,
            )
            if self._settled is not None:
                await self._settled()
        except DeadlineMissedError:
            self._write_screen()
            raise

    async def _until(self, seen: Callable[[], bool], what: str, *, gone: bool = False) -> bool:
        """Wait until `seen`; False when the host is gone, which is an error unless that was to be expected."""
        waiting_for = f"{what} in session {self.name!r}"
        try:
            async with asyncio.timeout(self.seconds):
                while not seen():
                    if self._process.child.exit is not None or self._terminal is None:
                        if not gone:
                            self._fail(f"the host went away before {what}")
                        return False
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self._write_screen()
            raise DeadlineMissedError(waiting_for, self.seconds) from None
        return True

    def _fail(self, what: str) -> None:
        self._write_screen()
        self._journal.write(Error(where=f"session {self.name}", what=what))

    def _send(self, text: str) -> None:
        """Type. A line is far shorter than what a terminal takes at once."""
        try:
            if self._terminal is not None:
                os.write(self._terminal, text.encode())
        except OSError as error:
            self._fail(f"the terminal takes no input: {error.strerror}")

    def _read(self) -> None:
        """Take in all that the host has printed so far."""
        while self._terminal is not None:
            try:
                data = os.read(self._terminal, 65536)
            except BlockingIOError:
                break
            except OSError:
                data = b""  # nobody holds the other end any more
            if not data:
                asyncio.get_running_loop().remove_reader(self._terminal)
                break
            self._screen.feed(data)
        self._changed.set()

    async def _wake_at_exit(self, child: processes.Child) -> None:
        await child.wait()
        self._changed.set()

    def _write_screen(self) -> None:
        """Write down the screen, if it is another than the last time."""
        text = self._screen.text()
        if text != self._shown:
            self._shown = text
            self._journal.write(HostScreen(session=self.name, text=text))

    def _close(self) -> None:
        if self._terminal is not None:
            asyncio.get_running_loop().remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = None
        self._changed.set()


async def begin(setting: Setting) -> TerminalSession:
    """Begin a session of the host at a terminal, in the sandbox's project, with the sandbox's plugin.

    Raises HostError where there are no pseudo-terminals.
    """
    _answer_first_questions(setting.sandbox, setting.env["ANTHROPIC_API_KEY"])
    session_id = str(uuid.uuid4())
    argv = [
        *setting.program.argv,
        *("--dangerously-skip-permissions", "--session-id", session_id),
        *("--plugin-dir", str(setting.sandbox.plugin)),
        # a stand-in tells by itself what it does
        *(("--plugin-dir", str(places.FAKES / "observer")) if setting.program.real else ()),
    ]
    with contextlib.ExitStack() as ends:
        ours, theirs = terminal.open_terminal(COLUMNS, ROWS)
        ends.callback(os.close, theirs)
        with contextlib.ExitStack() as unless_started:
            unless_started.callback(os.close, ours)
            child = await processes.spawn(
                terminal.owned([*orphans.before(setting.claude), *argv]),
                env={**setting.env, "TERM": "xterm-256color"},
                cwd=Path(setting.sandbox.project),
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                case=setting.processes,
            )
            unless_started.pop_all()
    session = TerminalSession(
        setting.name,
        child,
        ours,
        setting.journal,
        session_id,
        seconds=setting.seconds,
        settled=setting.settled,
    )
    shown, size = setting.sandbox.shown(argv), [COLUMNS, ROWS]
    setting.journal.write(
        HostStarted(session=setting.name, session_id=session_id, pid=session.pid, argv=shown, terminal=size)
    )
    return session


def _answer_first_questions(sandbox: Sandbox, key: str) -> None:
    """Write the home's configuration, so that the host asks nothing before its prompt. Measured on 2.1.91, 2.1.329."""
    path = sandbox.home / ".claude.json"
    if os.path.lexists(path):
        return  # an earlier session of the run; the host has written into it since
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    answers = {
        "hasCompletedOnboarding": True,
        "bypassPermissionsModeAccepted": True,
        "customApiKeyResponses": {"approved": [key[-_KEY_END:]], "rejected": []},
        "projects": {str(sandbox.project): trusted},
    }
    inside.write(sandbox.root, path, json.dumps(answers))
