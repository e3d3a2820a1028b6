"""Finding the processes of a run by their token, and ending them.

The token is an environment variable, which children inherit through every fork, double fork and setsid; so it finds
what has left its parents, its group and its session. A process that was started without the variable is found as
long as its parents lead to one that has it; those that left their parents too, `CaseProcesses` finds.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hookproof.processes.base import Identity, Instant, ProcessInfo
from hookproof.processes.platform import native

_PATIENCE = 2.0
_TOKEN = re.compile(r"[0-9a-f]{16,128}")


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The result of a sweep: the processes that it ended, and those still alive at its deadline."""

    ended: list[ProcessInfo] = field(default_factory=list)
    left: list[ProcessInfo] = field(default_factory=list)


def check_token(token: str) -> str:
    """The token itself; ValueError when it is not 16 to 128 lower-case hexadecimal digits.

    A short or empty one could be somebody else's as well.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{token!r} is no token: expected 16 to 128 lower-case hexadecimal digits (secrets.token_hex)")
    return token


def census(token: str, *, since: Instant) -> list[ProcessInfo]:
    """All live processes that hold HOOKPROOF_TOKEN=`token` and began at or after `since`, and what descends from them.

    `since` comes from `instant()`; processes of the same clock tick (10 ms on Linux) count as later. Zombies and this
    process itself are never among them. Read of other processes: their start, and of those young enough their parents,
    and of our own user's whether the token is in their environment; nothing else of it is kept or told.
    Raises ValueError for a malformed token and for a `since` that is still to come (a time of another clock).
    """
    return list(native.find(check_token(token), since=_check_since(since)))


def sweep(token: str, *, since: Instant, seconds: float) -> SweepResult:
    """End all that `census` finds, until it finds nothing: processes may fork while they are swept.

    Blocks until their deaths have come, by event, and for `seconds` at most; from a loop use `CaseProcesses.sweep` or
    asyncio.to_thread. What cannot be ended (another user's rights, a process stuck in the kernel) is `left`. Raises as
    `census` does.
    """
    check_token(token)
    _check_since(since)
    return end_all(lambda: native.find(token, since=since), seconds=seconds)


def end_all(find: Callable[[], Iterable[ProcessInfo]], *, seconds: float) -> SweepResult:
    """End whatever `find` finds, each by identity, until it finds nothing.

    Each is stopped the moment it is found, where that can be done, and killed only when all are: so nobody forks on,
    and nobody loses a parent by whom it would have been found.
    """
    deadline = time.monotonic() + seconds
    found: dict[Identity, ProcessInfo] = {}
    while True:
        this_time = _stop_all(find, deadline)
        if not this_time:
            return SweepResult(ended=list(found.values()))
        found = this_time | found
        killed = [identity for identity in this_time if _kill(identity)]
        refused = [identity for identity in this_time if identity not in killed]
        late = native.wait_dead(killed, seconds=deadline - time.monotonic())
        if refused and not killed:
            # not ours to end: some end by themselves when what they waited for is gone, as sudo does
            late = native.wait_dead(refused, seconds=min(_PATIENCE, deadline - time.monotonic()))
        if late or time.monotonic() >= deadline:
            left = list(find())
            for info in left:
                found.pop(info.identity, None)
            return SweepResult(ended=list(found.values()), left=left)


def _stop_all(find: Callable[[], Iterable[ProcessInfo]], deadline: float) -> dict[Identity, ProcessInfo]:
    stopped: dict[Identity, ProcessInfo] = {}
    while True:
        new = False
        for info in find():
            if info.identity not in stopped:
                stopped[info.identity] = info
                new = True
                if sys.platform != "win32":  # which knows no stopping
                    with contextlib.suppress(PermissionError):
                        native.signal_process(info.identity, signal.SIGSTOP)
        if not new or sys.platform == "win32" or time.monotonic() >= deadline:
            return stopped


def _kill(identity: Identity) -> bool:
    try:
        native.kill(identity)
    except PermissionError:
        return False
    return True


def _check_since(since: Instant) -> Instant:
    if since > native.instant() + 1:
        raise ValueError(f"since={since} is still to come: take it from hookproof.processes.instant()")
    return since
