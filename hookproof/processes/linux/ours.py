"""Which children this process started itself, by whatever means, and which only came to it.

The kernel does not keep who a process was born of. What is certain of a child all the same: it was started here if

- it hangs on another thread of ours than the main one: adopted ones come to the first thread there is;
- `os.fork` or `os.forkpty` made it while we were a subreaper: both call back here;
- a `Popen` of subprocess (so of asyncio) or of multiprocessing names it: as long as the status of its child is not
  taken such an object exists, in somebody's hands or in `subprocess._active`.

What is left is a child that somebody's C code, or `os.posix_spawn` with `setsid`, started from the main thread in a
session of its own while a case was open: it cannot be told from an adopted one.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import gc
import os
import subprocess
import threading

from hookproof.processes.base import Identity
from hookproof.processes.linux import proc

_forked: set[Identity] = set()
_before = threading.local()
_watching = False


def watch_forks() -> None:
    """From now on remember what os.fork makes. Cannot be undone, and costs nothing but at a fork."""
    global _watching  # noqa: PLW0603 - hooks are the process's
    if not _watching:
        _watching = True
        os.register_at_fork(before=_note_children, after_in_parent=_note_forked, after_in_child=_forked.clear)


def started(identity: Identity) -> bool | None:
    """Whether this child was started here; None while somebody is just starting one and may have it.

    Slow (milliseconds): the caller remembers the answer. Hold the lock under which `spawn` starts.
    """
    if identity in _forked or _on_another_thread(identity.pid):
        return True
    pids = _pids_of_popens()
    if identity.pid in pids:
        return True
    return None if None in pids else False


def forget_ended() -> None:
    """Let go of those that have ended."""
    for identity in list(_forked):
        stat = proc.read_stat(identity.pid)
        if stat is None or stat.identity != identity:
            _forked.discard(identity)


def _note_children() -> None:
    with contextlib.suppress(Exception):  # nothing of ours may disturb somebody's fork
        _before.children = _of_this_thread()


def _note_forked() -> None:
    with contextlib.suppress(Exception):
        for pid in _of_this_thread() - _before.children:
            stat = proc.read_stat(pid)
            if stat is not None:
                _forked.add(stat.identity)


def _of_this_thread() -> set[int]:
    listed = proc.read("/proc/thread-self/children")
    return set(proc.children()) if listed is None else {int(pid) for pid in listed.split()}


def _on_another_thread(pid: int) -> bool:
    main, wanted = str(os.getpid()), b"%d" % pid
    tasks = os.listdir("/proc/self/task")  # noqa: PTH208
    return any(
        wanted in (proc.read(f"/proc/self/task/{task}/children") or b"").split() for task in tasks if task != main
    )


def _pids_of_popens() -> set[int | None]:
    """The children of every Popen that has yet to be told of its child's end; None while one is about to have one."""
    kinds: list[type] = [subprocess.Popen]
    multiprocessing = sys.modules.get("multiprocessing.popen_fork")
    if multiprocessing is not None:
        kinds.append(multiprocessing.Popen)
    for kind in kinds:  # grows while it is walked
        subclasses: list[type] = type.__subclasses__(kind)
        kinds += [each for each in subclasses if each not in kinds]
    wanted = tuple(kinds)
    pids: set[int | None] = set()
    # an object refers to its class: the collector finds these in a third of the time that looking at each object takes
    referrers: list[object] = gc.get_referrers(*kinds)
    for each in referrers:
        # not isinstance: some objects answer for others, and do work when they are asked
        # once it has the status of its child, another process may have the pid
        if issubclass(type(each), wanted) and vars(each).get("returncode") is None:
            pids.add(vars(each).get("pid"))
    return pids
