"""A child that is inside its jobs before its first instruction: started suspended, assigned, resumed."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
import subprocess
from collections.abc import Mapping, Sequence

from hookproof.processes.asyncio_child import AsyncioChild, Started, start
from hookproof.processes.base import Container, Identity, Stream
from hookproof.processes.windows import api
from hookproof.processes.windows.identity import QUERY_AND_WAIT, signal_process
from hookproof.processes.windows.job import Job

_HANDLE_IT = QUERY_AND_WAIT | api.PROCESS_TERMINATE | api.PROCESS_SET_QUOTA | api.PROCESS_SUSPEND_RESUME


class WindowsChild(AsyncioChild):
    """A `Child` with a job of its own, inside that of its case."""

    def __init__(self, started: Started, identity: Identity, group: Job) -> None:
        super().__init__(started, identity)
        self._group = group

    def signal(self, number: int) -> bool:
        return self.exit is None and signal_process(self.identity, number)

    def kill_group(self) -> bool:
        if self.exit is not None:
            return False
        self._group.kill()
        signal_process(self.identity, 1)  # where it could not be put into its job
        return True

    def close(self) -> None:
        super().close()
        self._group.close()


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    limit: int,
    container: Container | None,
) -> WindowsChild:
    """Start a child inside `container`; see `hookproof.processes.spawn`."""
    group = Job(ends_all=False)
    try:
        started = await start(
            argv,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            limit=limit,
            # A group of its own, so that a Ctrl-C for the harness is not for it too.
            creationflags=api.CREATE_SUSPENDED | subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    except BaseException:
        group.close()
        raise
    try:
        identity = _contain(started.pid, [container, group])
    except BaseException:
        started.transport.close()  # ends it
        group.close()
        raise
    return WindowsChild(started, identity, group)


def _contain(pid: int, jobs: Sequence[Container | None]) -> Identity:
    # asyncio holds a handle of it, so the pid is still its own.
    process = api.open_process(pid, _HANDLE_IT)
    try:
        for job in jobs:
            if isinstance(job, Job):
                job.take(process)
        identity = Identity(pid, api.times(process)[0])
        api.resume(process)
        return identity
    finally:
        api.close(process)
