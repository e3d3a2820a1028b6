"""The processes of one case, from the first that the harness starts to the last that a sweep ends.

Every one is marked with the case's token in its environment. Where the system can hold processes together (a Job
Object on Windows), a container holds those too that lost the token.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from hookproof.processes.base import ProcessInfo
from hookproof.processes.platform import native
from hookproof.processes.sweep import SweepResult, census, check_token, sweep


class CaseProcesses:
    """Give it to every `spawn` of the case. Look first (`census`), then sweep, then close."""

    def __init__(self, token: str) -> None:
        """`token` is hexadecimal, 16 digits or more, of this case alone; ValueError otherwise."""
        self.token = check_token(token)
        self.since = native.instant()
        self.container = native.open_container()

    def census(self) -> list[ProcessInfo]:
        """The case's live processes."""
        return census(self.token, since=self.since)

    async def sweep(self, *, seconds: float) -> SweepResult:
        """End the case's processes, at most for `seconds`; the loop goes on meanwhile."""
        return await asyncio.to_thread(sweep, self.token, since=self.since, seconds=seconds)

    def close(self) -> None:
        """Close the container, which on Windows ends whatever is in it, and reap what was adopted."""
        if self.container is not None:
            self.container.close()
            self.container = None
        native.reap_adopted(only_spawn_detaches=False)

    def __enter__(self) -> CaseProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
