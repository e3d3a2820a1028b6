"""The patience of a run: how long what runs must have stood still to count as settled, as a multiple of a bare hook.

It is the one length of time that an outcome may depend on. Measured once in a process, before anything is played.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hookproof import processes
from hookproof.records import parts
from hookproof.sandbox.environment import system
from hookproof.sandbox.sandbox import shell_argv

MULTIPLE = 25
_TIMES = 5
_DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """The patience of a run. As text: how it is told to people."""

    bare_hook_ms: float
    """What a hook costs here that does nothing: a shell that becomes a bare Python."""
    multiple: int = MULTIPLE

    @property
    def seconds(self) -> float:
        return self.multiple * self.bare_hook_ms / 1000

    @property
    def part(self) -> parts.Patience:
        """As the journal holds it."""
        ms = round(self.seconds * 1000, 1)
        return parts.Patience(ms=ms, multiple=self.multiple, bare_hook_ms=round(self.bare_hook_ms, 2))

    def __str__(self) -> str:
        return (
            f"{self.seconds * 1000:.0f} ms ({self.multiple} times a bare hook, which takes {self.bare_hook_ms:.0f} ms)"
        )


_measured: list[Patience] = []


async def measured() -> Patience:
    """This process's. Raises DeadlineMissedError where not even a bare hook comes back."""
    if not _measured:
        # two threads that ask at once both measure, and the first to be done is right for both
        _measured.append(Patience(await _bare_hook_ms()))
    return _measured[0]


async def _bare_hook_ms() -> float:
    """The quickest of a few runs: what the others took longer, somebody else had the processors for.

    That is counted where it matters: what waits for a processor has not settled.
    """
    return min([took * 1000 async for took, _ in _bare_hooks("pass")])


async def slowdown() -> float:
    """How many times as long as it works a bare hook takes here now, at the most: what else runs has the processors.

    Measured before a case about a host's budget. About 1 on a machine that does nothing else.
    """
    measured_ = [took / float(said) async for took, said in _bare_hooks("import time; print(time.process_time())")]
    return max(1.0, *measured_)


async def _bare_hooks(does: str) -> AsyncIterator[tuple[float, bytes]]:
    """A few runs of a hook that does next to nothing: how many seconds each took, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="hookproof-") as folder:
        bare = shell_argv(f"{shlex.quote(sys.executable)} -I -S -c {shlex.quote(does)}", [], Path(folder))
        for _ in range(_TIMES):
            began = time.perf_counter()
            done = await processes.run(bare, env=system(), cwd=folder, seconds=_DEADLINE, waiting_for="a bare hook")
            yield time.perf_counter() - began, done.stdout
