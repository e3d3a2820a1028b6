"""Finding the processes of a run by their token, and ending them.

The token is an environment variable, which children inherit through every fork, double fork and setsid; so it finds
what has left its parents, its group and its session. It does not find a process that was started with an environment
from which the variable was taken.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from hookproof.processes.base import Identity, Instant, ProcessInfo
from hookproof.processes.platform import native

_TOKEN = re.compile(r"[0-9a-f]{16,128}")


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep did: whom it ended, as they were just before, and who was still alive at its deadline."""

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
    """All live processes of our own user that hold HOOKPROOF_TOKEN=`token` and began at or after `since`.

    `since` comes from `instant()`; processes of the same clock tick (10 ms on Linux) count as later. Zombies and this
    process itself are never among them. Read of other processes: their start, and of those young enough and ours
    whether the token is in their environment; nothing else of it is kept or told.
    Raises ValueError for a malformed token and for a `since` that is still to come (a time of another clock).
    """
    return list(native.find(check_token(token), since=_check_since(since)))


def sweep(token: str, *, since: Instant, seconds: float) -> SweepResult:
    """End all that `census` finds, until it finds nothing: processes may fork while they are swept.

    Each is killed by identity, at the moment it is found. Blocks until their deaths have come, by event, and for
    `seconds` at most; from a loop use `CaseProcesses.sweep` or asyncio.to_thread. What cannot be ended (another
    user's rights, a process stuck in the kernel) is `left`. Raises as `census` does.
    """
    deadline = time.monotonic() + seconds
    check_token(token)
    _check_since(since)
    found: dict[Identity, ProcessInfo] = {}
    while True:
        this_time: list[Identity] = []
        for info in native.find(token, since=since):
            this_time.append(info.identity)
            found.setdefault(info.identity, info)
            try:
                native.kill(info.identity)
            except PermissionError:
                continue
        if not this_time:
            return SweepResult(ended=list(found.values()))
        if native.wait_dead(this_time, seconds=deadline - time.monotonic()) or time.monotonic() >= deadline:
            left = census(token, since=since)
            for info in left:
                found.pop(info.identity, None)
            return SweepResult(ended=list(found.values()), left=left)


def _check_since(since: Instant) -> Instant:
    if since > native.instant() + 1:
        raise ValueError(f"since={since} is still to come: take it from hookproof.processes.instant()")
    return since
