"""A child that leads a session of its own, started and reaped by asyncio."""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

assert sys.platform != "win32"

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

import psutil

from hookproof.processes.asyncio_child import AsyncioChild, start
from hookproof.processes.base import Container, Identity, Stream
from hookproof.processes.portable.identity import signal_process, start_of


class PortableChild(AsyncioChild):
    """A `Child` reaped by asyncio's child watcher, which has a thread or a pidfd for each."""

    def signal(self, number: int) -> bool:
        return self.exit is None and signal_process(self.identity, number)

    def kill_group(self) -> bool:
        if self.exit is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.identity.pid, signal.SIGKILL)
        return True


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    limit: int,
    container: Container | None,  # noqa: ARG001 - there is none
) -> PortableChild:
    """Start a child in a session of its own; see `hookproof.processes.spawn`."""
    started = await start(
        argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, limit=limit, start_new_session=True
    )
    try:
        start_time = start_of(psutil.Process(started.pid))
    except psutil.Error:
        start_time = 0  # it is over and reaped: an identity that nobody has is the right one
    return PortableChild(started, Identity(started.pid, start_time))
