"""Driving Codex as a host, the stand-in and the real one alike: `codex exec`, one process a user turn.

Life of a session: the first turn starts a thread, whose id the program prints; each later turn is `codex exec resume`
of that thread. A process exits when its turn is over. Before the first, the private home is made: configuration,
roles, the plugin installed from a marketplace of its own, and its hooks trusted (an untrusted hook is skipped).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

from hookproof import places, processes
from hookproof.catalogue.scenario import Codex as CodexOptions
from hookproof.hosts.process import LONGEST_LINE, HostProcess
from hookproof.hosts.session import Program
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.stage.world import World

_FLAGS = ("--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check")


def stand_in() -> Program:
    """The fake that hookproof ships, run by this very interpreter."""
    return Program((sys.executable, "-I", "-S", str(places.FAKES / "codex" / "codex.py")), "fake")


class CodexSession:
    """One session: one thread of Codex and the processes of its turns."""

    def __init__(
        self,
        name: str,
        program: Program,
        world: World,
        journal: Journal,
        *,
        env: Mapping[str, str],
        group: processes.CaseProcesses,
        options: CodexOptions,
    ) -> None:
        self.name = name
        self._program = program
        self._world = world
        self._journal = journal
        self._env = env
        self._group = group
        self._options = options
        self._thread: str | None = None
        self._process: HostProcess | None = None

    async def type(self, text: str) -> None:
        """One user turn. Waits for the process of the turn before to be gone."""
        await self._over()
        self._journal.write("user", session=self.name, text=text)
        argv = self._argv(mark(text, self.name))
        child = await processes.spawn(
            argv,
            env=dict(self._env),
            cwd=Path(self._world.project),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=LONGEST_LINE,
            case=self._group,
        )
        shown = [part.replace(str(self._world.root), "$RUN") for part in argv]
        self._journal.write(
            "host.started", session=self.name, session_id=self._thread, pid=child.identity.pid, argv=shown
        )
        # a turn's process goes by itself when the turn is over; with any other exit code something went wrong
        self._process = HostProcess(
            self.name, child, self._journal, heard=self._heard, asked=lambda exit_: exit_.code == 0
        )

    def _argv(self, prompt: str) -> list[str]:
        flags = [*_FLAGS, *(["--ephemeral"] if self._options.ephemeral else [])]
        if self._thread is not None:
            return [*self._program.argv, "exec", *flags, "resume", self._thread, prompt]
        if self._options.review:
            return [*self._program.argv, "exec", *flags, "review", "--uncommitted"]
        return [*self._program.argv, "exec", *flags, prompt]

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
        text = json.dumps(value)
        self._journal.write("host.line", session=self.name, line_type=value.get("type"), text=text[:2000])
