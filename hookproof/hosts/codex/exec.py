"""Driving Codex as a host, the stand-in and the real one alike: `codex exec`, one process a user turn.

Life of a session: the first turn starts a thread, whose id the program prints; each later turn is `codex exec resume`
of that thread. A process exits when its turn is over. Before the first, the private home is made: configuration,
roles, the plugin installed from a marketplace of its own, and its hooks trusted (an untrusted hook is skipped).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

from hookproof import places, processes
from hookproof.catalogue.scenario import Codex as CodexOptions
from hookproof.hosts.process import HostProcess
from hookproof.hosts.session import Program
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.records.hosts import HostLine, HostStarted, User
from hookproof.sandbox.world import World

_FLAGS = ("--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check")


def stand_in() -> Program:
    """The fake that hookproof ships, run by this very interpreter."""
    return Program((sys.executable, "-I", "-S", str(places.FAKES / "codex" / "codex.py")), "fake")


@dataclass(frozen=True, slots=True)
class Setting:
    """What every session of Codex in a run has. `env` is the environment of every process of it."""

    program: Program
    world: World
    journal: Journal
    env: Mapping[str, str]
    group: processes.CaseProcesses
    options: CodexOptions

    async def start(self, session: str, words: Sequence[str], *, thread: str | None, stdin: int) -> processes.Child:
        """Start the program for a session, and tell the journal."""
        argv = [*self.program.argv, *words]
        child = await processes.spawn(
            argv,
            env=dict(self.env),
            cwd=Path(self.world.project),
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            case=self.group,
        )
        shown = self.world.shown(argv)
        self.journal.write(HostStarted(session=session, session_id=thread, pid=child.identity.pid, argv=shown))
        return child


class CodexSession:
    """One session: one thread of Codex and the processes of its turns."""

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        self._setting = setting
        self._thread: str | None = None
        self._process: HostProcess | None = None

    async def type(self, text: str) -> None:
        """One user turn. Waits for the process of the turn before to be gone."""
        await self._over()
        self._setting.journal.write(User(session=self.name, text=text))
        words = self._words(mark(text, self.name))
        child = await self._setting.start(self.name, words, thread=self._thread, stdin=DEVNULL)
        # a turn's process goes by itself when the turn is over; with any other exit code something went wrong
        self._process = HostProcess(
            self.name, child, self._setting.journal, heard=self._heard, asked=lambda exit_: exit_.code == 0
        )

    def _words(self, prompt: str) -> list[str]:
        options = self._setting.options
        flags = [*_FLAGS, *(["--ephemeral"] if options.ephemeral else [])]
        if self._thread is not None:
            return ["exec", *flags, "resume", self._thread, prompt]
        if options.review:
            return ["exec", *flags, "review", "--uncommitted"]
        return ["exec", *flags, prompt]

    async def end(self) -> None:
        """Wait for the process of the last turn to be gone. The caller sets the deadline."""
        await self._over()

    async def hang_up(self) -> None:
        """It has no terminal to close: ends it."""
        await self.end()

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        if self._process is not None:
            await self._process.abandon()

    async def _over(self) -> None:
        if self._process is not None:
            await self._process.over()
            self._process = None

    def _heard(self, value: dict[str, Any]) -> None:
        if value.get("type") == "thread.started" and self._thread is None:
            self._thread = str(value.get("thread_id"))
        item = value.get("item")
        line = HostLine(
            session=self.name,
            line_type=value.get("type"),
            line_item=item.get("type") if isinstance(item, dict) else None,
            text=json.dumps(value)[:2000],
        )
        self._setting.journal.write(line)
