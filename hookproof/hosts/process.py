"""One process of a host, read to its end: its lines, its complaints and its exit become records.

Life: made right after the start, read line by line while the process lives, over when it is gone and its output with
it. Both hosts speak JSON lines on stdout; what is none is kept as noise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import PIPE
from typing import Any

from hookproof import files, processes
from hookproof.hosts.session import Setting
from hookproof.journal import Journal
from hookproof.records.faults import HostKilled
from hookproof.records.hosts import HostExited, HostNoise, HostStarted, HostStderr
from hookproof.records.run import Error
from hookproof.wire import Line, LineReader, Sparing

LONGEST_LINE = 64 * 1024 * 1024
"""Of a host's stdout, in bytes: hosts write whole transcripts as one line. Of a longer one nothing can be told."""
_SHOWN = 2000
MOST_NOISE = 1000
"""Lines that are no messages, of each stream of a process. A host hands on what others print, too."""


async def spawn(
    setting: Setting, argv: Sequence[str], *, session_id: str | None, stdin: int, before: Sequence[str] = ()
) -> processes.Child:
    """Start a session's program with these arguments, its output in pipes, and record it. Not for a terminal.

    `before` are the words of a process that becomes the program.
    """
    line = [*setting.program.argv, *argv]
    child = await processes.spawn(
        [*before, *line],
        env=dict(setting.env),
        cwd=Path(setting.sandbox.project),
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        case=setting.processes,
    )
    shown = setting.sandbox.shown(line)
    setting.journal.write(HostStarted(session=setting.name, session_id=session_id, pid=child.identity.pid, argv=shown))
    return child


class HostProcess:
    """Reads one process of session `name`.

    `on_line` takes each JSON object, `on_complaint` each line of its stderr, `silent` is called when there will be no
    more, `asked` tells whether an exit was wanted.
    """

    def __init__(
        self,
        name: str,
        child: processes.Child,
        journal: Journal,
        *,
        on_line: Callable[[dict[str, Any]], None],
        asked: Callable[[processes.Exit], bool],
        silent: Callable[[], None] = lambda: None,
        on_complaint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.child = child
        self._name = name
        self._journal = journal
        self._on_line = on_line
        self._asked = asked
        self._silent = silent
        self._on_complaint = on_complaint
        self._noise = Sparing(lambda text: journal.write(HostNoise(session=name, text=text)), MOST_NOISE)
        self._complaint = Sparing(lambda text: journal.write(HostStderr(session=name, text=text)), MOST_NOISE)
        self._tasks = [
            asyncio.create_task(self._read_stdout()),
            asyncio.create_task(self._read_stderr()),
            asyncio.create_task(self._wait()),
        ]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.child.identity.pid

    def kill(self) -> None:
        """Kill the process, and nothing that it has started; it is in the journal before that."""
        self._journal.write(HostKilled(session=self._name, pids=[self.pid]))
        processes.kill(self.child.identity)

    async def wait_ended(self) -> None:
        """Wait until the process is gone and all it said is read. The caller sets the deadline."""
        await asyncio.gather(*self._tasks)
        self.child.close()

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.child.close()

    async def _read_stdout(self) -> None:
        try:
            if self.child.stdout is not None:
                lines = LineReader(self.child.stdout, LONGEST_LINE)
                while (line := await lines.next()) is not None:
                    self._take(line)
        finally:
            self._silent()

    def _take(self, line: Line) -> None:
        if line.cut:
            what = f"a line of {line.size} bytes from the host, of which {LONGEST_LINE} are read at most, was left out"
            self._journal.write(Error(where=f"session {self._name}", what=f"{what}; it begins {line.data[:100]!r}"))
            return
        try:
            value = files.parse_json(line.data)
        except ValueError:
            self._noise(_text(line))
            return
        if not isinstance(value, dict):
            return
        try:
            self._on_line(value)
        except Exception as error:  # a message of a shape that no host has: the next one is read all the same
            what = f"{type(error).__name__}: {error} at the line {line.data[:100]!r} of the host"
            self._journal.write(Error(where=f"session {self._name}", what=what))

    async def _read_stderr(self) -> None:
        if self.child.stderr is not None:
            # a line here is for people: its beginning is enough
            lines = LineReader(self.child.stderr, 4 * _SHOWN)
            while (line := await lines.next()) is not None:
                text = _text(line)
                self._complaint(text)
                self._on_complaint(text)

    async def _wait(self) -> None:
        exit_ = await self.child.wait()
        self._journal.write(
            HostExited(
                session=self._name,
                asked=self._asked(exit_),
                pid=self.pid,
                code=exit_.code,
                signal=exit_.signal,
            )
        )


def _text(line: Line) -> str:
    return line.data.decode("utf-8", "replace")[:_SHOWN]
