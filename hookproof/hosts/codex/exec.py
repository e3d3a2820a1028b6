"""Drives Codex as a host, stand-in or real, with `codex exec`: one process for each user turn.

Life of a session: the first turn starts a thread, whose id the program prints; each later turn is `codex exec resume`
of that thread. A process exits when its turn is over. Before the first, the private home is made: configuration,
roles, the plugin installed from a marketplace of its own, and its hooks trusted (an untrusted hook is skipped).
"""

from __future__ import annotations

import json
from subprocess import DEVNULL
from typing import Any

from hookproof.hosts.process import HostProcess, spawn
from hookproof.hosts.session import Session, Setting
from hookproof.model.script import mark
from hookproof.records.hosts import HostLine, User

_FLAGS = ("--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check")


class ExecSession(Session):
    """One session: one thread of Codex and the processes of its turns."""

    def __init__(self, setting: Setting) -> None:
        self.name = setting.name
        self._setting = setting
        self._thread: str | None = None
        self._process: HostProcess | None = None

    async def type(self, text: str) -> None:
        """One user turn. Waits for the process of the turn before to be gone."""
        await self._wait_ended()
        self._setting.journal.write(User(session=self.name, text=text))
        argv = self._argv(mark(text, self.name))
        child = await spawn(self._setting, argv, session_id=self._thread, stdin=DEVNULL)
        # a turn's process goes by itself when the turn is over; with any other exit code something went wrong
        self._process = HostProcess(
            self.name, child, self._setting.journal, on_line=self._on_line, asked=lambda exit_: exit_.code == 0
        )

    def _argv(self, prompt: str) -> list[str]:
        options = self._setting.codex
        flags = [*_FLAGS, *(["--ephemeral"] if options.ephemeral else [])]
        if self._thread is not None:
            return ["exec", *flags, "resume", self._thread, prompt]
        if options.review:
            return ["exec", *flags, "review", "--uncommitted"]
        return ["exec", *flags, prompt]

    async def end(self) -> None:
        """Wait for the process of the last turn to be gone. The caller sets the deadline."""
        await self._wait_ended()

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        if self._process is not None:
            await self._process.abandon()

    async def _wait_ended(self) -> None:
        if self._process is not None:
            await self._process.wait_ended()
            self._process = None

    def _on_line(self, value: dict[str, Any]) -> None:
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
