"""Work that follows the journal: begun after the record that asks for it, cancelled with the run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from hookproof.journal import Journal
from hookproof.records.run import Error


class Followers:
    """The running pieces of work of one follower of the journal."""

    def __init__(self, journal: Journal) -> None:
        """What fails is told to `journal`."""
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` after the record at hand is written and everybody has seen it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._journal.write(Error(where="play", what=f"{type(error).__name__}: {error}"))

    async def close(self) -> None:
        """Stop whatever still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
