"""A bench for the tap: a plugin with one hook, tapped by the real installation, run by hand as a host would run it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import TypeVar

from hookproof import processes
from hookproof.hosts.claude.host import CLAUDE
from hookproof.journal import Journal
from hookproof.records import Record
from hookproof.records.run import ProcessDied
from hookproof.sandbox import tap
from hookproof.sandbox.recorder import Recorder

R = TypeVar("R", bound=Record)
TOKEN = "0123456789abcdef"
SECONDS = 30.0
PAYLOAD = {"session_id": "s", "hook_event_name": "PreToolUse", "agent_id": "a", "agent_type": "t", "text": 'ü "\n'}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a host sees of a hook run. A negative code is a signal."""

    code: int | None
    stdout: bytes
    stderr: bytes


def python(program: str) -> str:
    """A command that runs a line of Python."""
    return f"{sys.executable} -I -S -c '{program}'"


def tapped_line(folder: Path, command: str) -> str:
    """What a host's shell is given for a hook with this command, once it is tapped."""
    plugin = folder / "plugin"
    (plugin / "hooks").mkdir(parents=True)
    (plugin / ".claude-plugin").mkdir()
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps({"name": "toy"}))
    hooks = {"PreToolUse": [{"hooks": [{"type": "command", "command": command}]}]}
    (plugin / "hooks" / "hooks.json").write_text(json.dumps({"hooks": hooks}))
    tap.install(plugin, CLAUDE, sys.executable)
    written = json.loads((plugin / "hooks" / "hooks.json").read_text())
    return str(written["hooks"]["PreToolUse"][0]["hooks"][0]["command"])


class Bench:
    """A harness in small: recorder, journal, a watch on deaths."""

    def __init__(self, journal: Journal, env: dict[str, str], folder: Path) -> None:
        self.journal = journal
        self.env = env
        self.folder = folder
        self._deaths = processes.DeathWatch(asyncio.get_running_loop(), self._died)
        self._gates: list[int] = []
        self._started: list[asyncio.subprocess.Process] = []
        tap.Unfinished(journal, self._deaths.watch)

    def _died(self, death: processes.Death) -> None:
        code, signal = (death.exit.code, death.exit.signal) if death.exit else (None, None)
        who, seen = death.identity, death.exit is not None
        self.journal.write(ProcessDied(pid=who.pid, start=who.start, code=code, signal=signal, observed=seen))

    async def start(self, line: str, shell: str = "/bin/sh", stdout: int = PIPE) -> asyncio.subprocess.Process:
        """Start a command as a host does."""
        argv = [shell, "-c", line]
        process = await asyncio.create_subprocess_exec(
            *argv, env=self.env, cwd=self.folder, stdin=PIPE, stdout=stdout, stderr=PIPE
        )
        self._started.append(process)
        return process

    def gate(self, name: str) -> Callable[[], None]:
        """A place at which a hook waits with `read -r line < NAME`, and what lets it go on."""
        path = self.folder / name
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._gates.append(end)

        def let_go() -> None:
            os.write(end, b"go\n")

        return let_go

    async def finish(self, process: asyncio.subprocess.Process, payload: bytes) -> Ran:
        """Feed it, and wait for its end and for the end of its output."""
        async with asyncio.timeout(SECONDS):
            stdout, stderr = await process.communicate(payload)
        return Ran(process.returncode, stdout, stderr)

    async def run(self, line: str, payload: bytes = json.dumps(PAYLOAD).encode(), shell: str = "/bin/sh") -> Ran:
        """Both."""
        return await self.finish(await self.start(line, shell), payload)

    async def record(self, kind: type[R], **fields: object) -> R:
        """The first record of a kind with these values, now or later."""

        def fits(record: Record) -> bool:
            return isinstance(record, kind) and all(getattr(record, name) == value for name, value in fields.items())

        found = await self.journal.wait(fits, waiting_for=f"{kind.kind} {fields}", seconds=SECONDS)
        assert isinstance(found, kind)
        return found

    async def death_of(self, pid: int) -> int | None:
        """Wait until the process is gone. Its exit code, where that can be known.

        Not what asyncio calls a wait: that one lasts until the pipes are at their end.
        """
        identity = processes.identify(pid)
        if identity is not None and self._deaths.watch(identity):
            return (await self.record(ProcessDied, pid=pid)).code
        return None

    def close(self) -> None:
        """Watch nothing more, open every gate, end what a test that failed has left running."""
        self._deaths.close()
        for process in self._started:
            if process.returncode is None:
                process.kill()
        for end in self._gates:
            os.close(end)


@asynccontextmanager
async def bench(folder: Path, **env: str) -> AsyncIterator[Bench]:
    """A bench with its recorder, and an environment of which the hook must find every variable."""
    journal = Journal(folder / "journal.jsonl")
    recorder = Recorder(journal, TOKEN)
    given = {"PATH": os.environ["PATH"], "HOOKPROOF_TOKEN": TOKEN, "HOOKPROOF_RECORDER": await recorder.start(), **env}
    made = Bench(journal, given, folder)
    try:
        yield made
    finally:
        made.close()
        await recorder.stop()
        journal.close()
