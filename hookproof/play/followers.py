"""Work that follows the journal: begun after the record that asks for it, cancelled with the run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Followers:
    """The running pieces of work of one follower of the journal."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` after the record at hand is written and everybody has seen it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop whatever still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
