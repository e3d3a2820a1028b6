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

    def __init__(self, *, ends_all: bool, breakaway: bool = True) -> None:
        flags = api.JOB_KILL_ON_CLOSE if ends_all else 0
        self._handle: int | None = api.create_job(flags | (api.JOB_BREAKAWAY_OK if breakaway else 0))

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


_of_this_process: list[Job] = []


def assign_this_process() -> str | None:
    """Put this process into a job that ends with it. Why not, in one sentence, or None.

    Nobody breaks away from this job. Whoever asks to is let out of the jobs of its case, which are inside it and permit
    that, and stays in this one: a process leaves its chain of jobs up to the first that does not permit it. So nothing
    under test is refused what it asked for, and nothing outlives this process. The job's handle is never closed: the
    system closes it when this process is gone.
    """
    if _of_this_process:
        return None
    try:
        job = Job(ends_all=True, breakaway=False)
    except OSError as error:
        return (
            f"Windows makes no job to hold this run ({error.strerror}): only what stays in its case's job ends with it"
        )
    if not job.take(api.this_process()):
        job.close()
        return "this process may not be put into a job of its own: only what stays in its case's job ends with it"
    _of_this_process.append(job)
    return None
