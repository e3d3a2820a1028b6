"""How much a process works, from what the scheduler keeps of each of its threads.

/proc/PID/stat counts in ticks of 10 ms and does not count the time in which a thread is ready and others have the
processors; /proc/PID/task/TID/schedstat counts both, in nanoseconds.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os

from hookproof.processes.base import Activity, Identity
from hookproof.processes.linux.proc import TICKS, parse, read

_AT_WORK = frozenset(b"RD")
"""On a processor or ready for one; waiting for a disk, from which it comes back by itself."""
_OWN_TIMES, _CHILDREN_TIMES = slice(11, 13), slice(13, 15)


def activity(identity: Identity) -> Activity | None:
    """See `hookproof.processes.activity`."""
    line = read(f"/proc/{identity.pid}/stat")
    stat = parse(identity.pid, line) if line else None
    if line is None or stat is None or stat.dead or stat.identity != identity:
        return None
    times = line[line.rindex(b")") + 2 :].split()
    worked, turns, counted, runnable = 0, 0, False, False
    for thread in _threads(identity.pid):
        folder = f"/proc/{identity.pid}/task/{thread}"
        counts = (read(f"{folder}/schedstat") or b"").split()
        if len(counts) == 3:
            counted = True
            worked += int(counts[0]) + int(counts[1])
            turns += int(counts[2])
        state = read(f"{folder}/stat")
        runnable = runnable or (state is not None and state[state.rindex(b")") + 2] in _AT_WORK)
    # a kernel without these counts (CONFIG_SCHED_INFO) still has the ticks
    own = worked / 1e9 if counted else sum(map(int, times[_OWN_TIMES])) / TICKS
    return Activity(own + sum(map(int, times[_CHILDREN_TIMES])) / TICKS, turns, runnable)


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - thrice as fast as pathlib
    except OSError:
        return []
