"""Running a program to its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE

from hookproof.errors import DeadlineMissedError
from hookproof.processes.base import Child, Exit
from hookproof.processes.case import CaseProcesses
from hookproof.processes.spawn import spawn

OUTPUT_LIMIT = 2**22
_DRAIN_SECONDS = 0.25
_DEATH_SECONDS = 10.0
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended, and what it wrote.

    `drained` is False when another process still holds its output open: what that one writes later is not here.
    `truncated` is True when more than the limit was written; the output then is the beginning.
    """

    exit: Exit
    stdout: bytes
    stderr: bytes
    drained: bool
    truncated: bool


class _Output:
    def __init__(self, limit: int) -> None:
        self.content = bytearray()
        self.truncated = False
        self._limit = limit

    async def fill(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(_CHUNK):
            room = self._limit - len(self.content)
            self.content += chunk[:room]
            self.truncated |= len(chunk) > room


async def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    input: bytes | None = None,  # noqa: A002 - subprocess.run's own word
    seconds: float,
    waiting_for: str,
    limit: int = OUTPUT_LIMIT,
    case: CaseProcesses | None = None,
) -> Finished:
    """Run a program and judge it by its own end, not by the end of its output.

    A grandchild that keeps the pipes open after that is waited for a quarter of a second and no longer; all that the
    program itself wrote is there in any case. `limit` is in bytes, for each of the two streams; the rest is read and
    dropped, so that nobody blocks. Without `input` standard input is empty.

    Raises DeadlineMissedError, naming `waiting_for`, after `seconds`; the program's group (its job on Windows) is
    killed then, as it is when the task is cancelled. Raises OSError and ValueError as `spawn` does.
    """
    child = await spawn(
        argv, env=env, cwd=cwd, stdin=DEVNULL if input is None else PIPE, stdout=PIPE, stderr=PIPE, case=case
    )
    assert child.stdout is not None
    assert child.stderr is not None
    stdout, stderr = _Output(limit), _Output(limit)
    readers = [asyncio.ensure_future(stdout.fill(child.stdout)), asyncio.ensure_future(stderr.fill(child.stderr))]
    feeder = asyncio.ensure_future(_feed(child, input)) if input is not None else None
    try:
        async with asyncio.timeout(seconds):
            exit_ = await child.wait()
        _, reading = await asyncio.wait(readers, timeout=_DRAIN_SECONDS)
        return Finished(
            exit=exit_,
            stdout=bytes(stdout.content),
            stderr=bytes(stderr.content),
            drained=not reading,
            truncated=stdout.truncated or stderr.truncated,
        )
    except TimeoutError:
        raise DeadlineMissedError(waiting_for, seconds) from None
    finally:
        # Of the feeder this also drops what it raised: a program may end, or close its input, without reading it.
        for task in [*readers, *([feeder] if feeder else [])]:
            task.cancel()
        if child.exit is None:
            await _end(child)
        child.close()


async def run_swept(
    argv: Sequence[str],
    *,
    token: str,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    seconds: float,
    waiting_for: str,
    folder: str | os.PathLike[str] | None = None,
    programs: Sequence[str] = (),
) -> Finished:
    """Run a program as `run` does, and end whatever it leaves running, however it ends. `token` marks its processes.

    `folder` is a directory of its own, if it has one, and `programs` what it needs (see CaseProcesses). The sweep
    blocks the loop, and so needs no thread.
    """
    with CaseProcesses(token, folder=folder, programs=programs) as group:
        try:
            return await run(argv, env=env, cwd=cwd, seconds=seconds, waiting_for=waiting_for, case=group)
        finally:
            group.sweep_now(seconds=_DEATH_SECONDS)


async def _feed(child: Child, content: bytes) -> None:
    assert child.stdin is not None
    child.stdin.write(content)
    await child.stdin.drain()
    child.stdin.close()


async def _end(child: Child) -> None:
    child.kill_group()
    try:
        async with asyncio.timeout(_DEATH_SECONDS):
            await child.wait()
    except TimeoutError:
        return  # stuck in the kernel: the sweep of its case will name it
