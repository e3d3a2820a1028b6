"""What a process is to the harness: the words that every platform speaks.

A process is named by pid and start time, never by its pid alone, because pids come round again. Everything here is
plain data, or an interface of it; `platform` says what each system provides, and chooses among them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, NewType, Protocol

TOKEN_VARIABLE = "HOOKPROOF_TOKEN"  # noqa: S105 - the name of a variable; what it holds marks and opens nothing
"""The environment variable that marks every process of a run."""

STARTED_BY_VARIABLE = "HOOKPROOF_STARTED_BY"
"""The variable in which stand-ins and the tap tell what they start which run of a hook or a shell it is.

What the plugin starts inherits it, and so tells where it is from after its parents have ended.
"""

Instant = NewType("Instant", float)
"""Seconds on the clock with which the kernel stamps the start of a process (see `instant`)."""

Stream = int | IO[bytes] | None
"""What a standard stream is connected to, as in `subprocess`: PIPE, DEVNULL, STDOUT, a file, or None to inherit."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process is meant: pids are used again, so a process is its pid and its start time.

    `start` is the kernel's own record of when it began, in the kernel's unit: clock ticks since boot on Linux
    (/proc/PID/stat, field 22), 100 ns since 1601 on Windows (GetProcessTimes), microseconds since 1970 elsewhere.
    Good for comparing, not for calculating.
    """

    pid: int
    start: int


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What is known of a live process of a run.

    `cpu_seconds` is user plus system time; `created` is in seconds since the epoch, for people. `pgid` and `sid` are
    None where the platform has no such thing. `by` is how it was recognised: "token", or, of one that does not show
    the token now, "spawned", "seen before", "descendant", "session", "folder", "only case" or "undecided" (see
    `registry.place`). `started_by` is the id of the run of the hook or shell that it comes from, where its environment
    says so.
    """

    identity: Identity
    ppid: int
    pgid: int | None
    sid: int | None
    argv: list[str]
    cpu_seconds: float
    created: float
    by: str = "token"
    started_by: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """How much a live process has worked so far: two of them, some time apart, tell whether it works or waits.

    `worked` is in seconds: on a processor, and, where the system tells (Linux), ready and waiting for one, which on a
    busy machine is most of it; children that have ended are in it. `turns` says how often it was given a processor (0
    where nobody counts). `runnable` is whether it works right now, is ready to, or waits for a disk.
    """

    worked: float
    turns: int
    runnable: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: with an exit code or by a signal.

    `observed` is False, and both are None, when it ended and somebody else had already taken its status.
    """

    code: int | None
    signal: int | None
    observed: bool

    @classmethod
    def unseen(cls) -> Exit:
        """It ended, and nobody here could see how."""
        return cls(code=None, signal=None, observed=False)

    @classmethod
    def from_returncode(cls, returncode: int) -> Exit:
        """From the convention of `subprocess` on POSIX: a negative number is a signal."""
        if returncode < 0:
            return cls(code=None, signal=-returncode, observed=True)
        return cls(code=returncode, signal=None, observed=True)


@dataclass(frozen=True, slots=True)
class Death:
    """A watched process is no more.

    `at_monotonic` (time.monotonic, seconds) is when the event reached this process. `exit` is None when its status
    was not to be had.
    """

    identity: Identity
    at_monotonic: float
    exit: Exit | None


OnDeath = Callable[[Death], None]


class Watcher(Protocol):
    """The platform's half of `DeathWatch`."""

    def watch(self, identity: Identity) -> bool: ...

    def close(self) -> None: ...


class Container(Protocol):
    """What the platform has for the processes of one case alone.

    On Windows a Job Object, whose closing ends them all; on Linux the thread that starts them in the case's view.
    """

    def close(self) -> None: ...


class Child(Protocol):
    """A process that `spawn` started, of the event loop that started it.

    Its streams are those that were asked for with PIPE, else None. Whoever spawns closes.
    """

    stdin: asyncio.StreamWriter | None
    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None

    @property
    def identity(self) -> Identity: ...

    @property
    def exit(self) -> Exit | None:
        """How it ended, None while it lives."""

    async def wait(self) -> Exit:
        """Wait for its end, by event. Any number of tasks may wait; a cancelled wait disturbs none of the others."""

    def signal(self, number: int) -> bool:
        """Send it a signal. False when it is gone."""

    def kill_group(self) -> bool:
        """Kill it with everything in its group (Linux) or job (Windows). False when it is gone."""

    def close(self) -> None:
        """Let go of its streams and handles. Ends nothing. May be called twice."""
