"""Job Objects: what is started inside one stays inside, however it detaches itself."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

from hookproof.processes.windows import api
from hookproof.processes.windows.identity import KILLED


class Job:
    """A job object. One with `ends_all` takes all its processes along when it is closed, or when we are killed.

    A process that asks to break away (CREATE_BREAKAWAY_FROM_JOB) may: refusing would change what is under test. The
    token finds it all the same.
    """

    def __init__(self, *, ends_all: bool) -> None:
        self._handle: int | None = api.create_job(api.JOB_BREAKAWAY_OK | (api.JOB_KILL_ON_CLOSE if ends_all else 0))

    def take(self, process: int) -> bool:
        """Put a process (a handle) inside. False when it sits in a job that cannot be nested, or this one is closed."""
        if self._handle is None:
            return False
        try:
            api.assign(self._handle, process)
        except PermissionError:
            return False
        return True

    def kill(self) -> None:
        """End all its processes."""
        if self._handle is not None:
            api.terminate_job(self._handle, KILLED)

    def close(self) -> None:
        """Close it. May be called twice."""
        if self._handle is not None:
            api.close(self._handle)
            self._handle = None
