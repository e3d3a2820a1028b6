"""One process of a host, read to its end: its lines, its complaints and its exit become records.

Life: made right after the start, read line by line while the process lives, over when it is gone and its output with
it. Both hosts speak JSON lines on stdout; what is none is kept as noise.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from hookproof import processes
from hookproof.journal import Journal

LONGEST_LINE = 64 * 1024 * 1024


class HostProcess:
    """Reads one process of session `name`.

    `heard` takes each JSON object, `silent` is called when there will be no more, `asked` tells whether an exit was
    wanted.
    """

    def __init__(
        self,
        name: str,
        child: processes.Child,
        journal: Journal,
        *,
        heard: Callable[[dict[str, Any]], None],
        asked: Callable[[processes.Exit], bool],
        silent: Callable[[], None] = lambda: None,
    ) -> None:
        self.child = child
        self._name = name
        self._journal = journal
        self._heard = heard
        self._asked = asked
        self._silent = silent
        self._tasks = [
            asyncio.create_task(self._read_stdout()),
            asyncio.create_task(self._read_stderr()),
            asyncio.create_task(self._wait()),
        ]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.child.identity.pid

    async def over(self) -> None:
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
        stream = self.child.stdout
        try:
            while stream is not None and (line := await stream.readline()):
                try:
                    value = json.loads(line)
                except ValueError:
                    self._journal.write("host.noise", session=self._name, text=_text(line))
                    continue
                if isinstance(value, dict):
                    self._heard(value)
        finally:
            self._silent()

    async def _read_stderr(self) -> None:
        stream = self.child.stderr
        while stream is not None and (line := await stream.readline()):
            self._journal.write("host.stderr", session=self._name, text=_text(line))

    async def _wait(self) -> None:
        exit_ = await self.child.wait()
        self._journal.write(
            "host.exited",
            session=self._name,
            asked=self._asked(exit_),
            pid=self.pid,
            code=exit_.code,
            signal=exit_.signal,
        )


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")[:2000]
