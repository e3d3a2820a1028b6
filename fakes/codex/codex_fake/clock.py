"""Times and ids as Codex writes them."""

from __future__ import annotations

import os
import time
from _thread import allocate_lock


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def stamp(ms: int) -> str:
    """A rollout's time stamp, in UTC: 2026-11-21T04:42:08.292Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


_newest = 0
_lock = allocate_lock()


def new_id(ms: int) -> str:
    """An id of a thread, a turn or an item: a UUID of version 7, so that a process's ids sort by age."""
    global _newest  # noqa: PLW0603 - two ids of one millisecond must sort too
    noise = int.from_bytes(os.urandom(10), "big")
    value = (ms << 80) | (0x7 << 76) | ((noise >> 64 & 0xFFF) << 64) | (0b10 << 62) | (noise & (1 << 62) - 1)
    with _lock:
        value = _newest = max(value, _newest + 1)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def age_of(some_id: str) -> int:
    """The milliseconds that an id begins with; 0 when it is no such id."""
    try:
        return int(some_id.replace("-", "")[:12], 16)
    except ValueError:
        return 0
