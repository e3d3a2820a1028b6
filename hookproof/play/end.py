"""The end of a run, before anything is swept: wait until what is left is idle, then write down what it is.

A process that is about to exit is not a leak. How long to wait cannot be known, but a process that neither dies nor
uses the processor is waiting for something that will not come from us; one that still works is given more time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from hookproof import processes
from hookproof.catalogue.descriptor import State
from hookproof.journal import Journal
from hookproof.play.jobs import describe
from hookproof.stage.state import settled_state
from hookproof.stage.world import World

_IDLE_SECONDS = 1.0
_LONGEST_SECONDS = 20.0


async def settle(journal: Journal, world: World, state: State | None, group: processes.CaseProcesses) -> None:
    """Write the `census` record: what still runs after every session has ended, and what the state files say."""
    left = await idle(group)
    rows = await settled_state(world, state, journal) if state is not None else []
    journal.write("census", processes=describe(left), state=rows)


async def uninterrupted(clearing: Coroutine[Any, Any, None]) -> None:
    """Await it to its end; whoever cancels meanwhile is heard afterwards."""
    task, cancelled = asyncio.ensure_future(clearing), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


async def idle(group: processes.CaseProcesses, quiet: float = _IDLE_SECONDS) -> list[processes.ProcessInfo]:
    """Wait until what still runs has come to rest, for `quiet` seconds. Returns what that is."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    left = group.census()
    while left and time.monotonic() < deadline:
        died = await _any_death(left, quiet)
        now = group.census()
        if not died and _work(now) == _work(left):
            return now
        left = now
    return left


async def _any_death(infos: list[processes.ProcessInfo], quiet: float) -> bool:
    """Whether one of them dies within the time after which the others count as idle."""
    died = asyncio.Event()

    def note(_death: processes.Death) -> None:
        died.set()

    watch = processes.DeathWatch(asyncio.get_running_loop(), note)
    try:
        if not all(watch.watch(info.identity) for info in infos):
            return True
        async with asyncio.timeout(quiet):
            return await died.wait()
    except TimeoutError:
        return False
    finally:
        watch.close()


def _work(infos: list[processes.ProcessInfo]) -> dict[processes.Identity, float]:
    return {info.identity: info.cpu_seconds for info in infos}
