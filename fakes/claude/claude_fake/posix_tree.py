"""Process trees on POSIX: which processes belong to one, and how all of them are killed."""

from __future__ import annotations

import os
import select
import time

from standin.posix import pidfd

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
else:
    # the same, without its enums: half a millisecond
    import _signal as signal

FREEZE_SECONDS = 0.1
STANDING = (b"T", b"t", b"Z", b"X")
"""The states of a process that does nothing any more: stopped, traced, zombie, dead."""


class Victims:
    """Processes that are to be ended together, the deepest first.

    They are held by pidfd, where there are any, so that a later signal reaches these processes and nobody else.
    """

    def __init__(self, pids: list[int]) -> None:
        self._pids: list[int] = []
        self._held: dict[int, int] = {}
        self._open(pids)

    def _open(self, pids: list[int]) -> None:
        for pid in pids:
            held = pidfd(pid)
            if held is not None:
                self._held[pid] = held
            if held is not None or not hasattr(os, "pidfd_open"):
                self._pids.append(pid)

    def grow(self) -> None:
        """Take in what they have brought forth in the meantime, and stop all of them."""
        living = [pid for pid in self._pids if not self._is_dead(pid)]
        self._open([pid for pid in frozen_tree(living) if pid not in living])

    def _is_dead(self, pid: int) -> bool:
        if pid not in self._held:
            return False
        poller = select.poll()
        poller.register(self._held[pid], select.POLLIN)
        return bool(poller.poll(0))

    def send(self, name: str, *, outside_group: int | None = None) -> None:
        """Send a signal to each that lives; only to those `outside_group`, where that has had the signal already."""
        number = signal_number(name)
        for pid in self._pids:
            try:
                if outside_group is not None and os.getpgid(pid) == outside_group:
                    continue
                if pid in self._held:
                    signal.pidfd_send_signal(self._held[pid], number)
                else:
                    os.kill(pid, number)
            except ProcessLookupError:
                pass

    def wait(self, seconds: float) -> bool:
        """Wait until all are dead, at most `seconds`. Without pidfds it cannot be known, and the time just passes."""
        deadline = time.monotonic() + seconds
        poller = select.poll()
        living = set(self._held.values())
        for held in living:
            poller.register(held, select.POLLIN)
        while living or not self._held:
            ready = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                return False
            for held, _ in ready:
                poller.unregister(held)
                living.discard(held)
        return True

    def close(self) -> None:
        """Let go of them."""
        for held in self._held.values():
            os.close(held)
        self._held = {}


def signal_number(name: str) -> int:
    """The number of a signal by its name."""
    return int(getattr(signal, name))


def tree(roots: list[int], *, group: int | None = None) -> list[int]:
    """Processes and their living descendants, the deepest first; with `group`, the members of that group before."""
    return list(_tree(roots, group))


def frozen_tree(roots: list[int], *, group: int | None = None) -> list[int]:
    """The same, all of them stopped, so that nothing can have been born unseen.

    Nothing tells when somebody else's child has come to a stop; that takes microseconds, so it is looked for, but not
    longer than FREEZE_SECONDS: a process in the middle of a slow system call stops only after it.
    """
    deadline = time.monotonic() + FREEZE_SECONDS
    sent: set[int] = set()
    while True:
        states = _tree(roots, group)
        moving = [pid for pid, state in states.items() if state not in STANDING]
        if not moving or (sent.issuperset(moving) and time.monotonic() > deadline):
            return list(states)
        for pid in moving:
            if pid in sent:
                continue
            sent.add(pid)
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                continue
        os.sched_yield()


def _tree(roots: list[int], group: int | None) -> dict[int, bytes]:
    """The states of the processes of a tree, in the order of `tree`."""
    children: dict[int, list[int]] = {}
    states: dict[int, bytes] = {}
    members: list[int] = []
    for pid, parent, pgid, state in _processes():
        children.setdefault(parent, []).append(pid)
        states[pid] = state
        if pgid == group:
            members.append(pid)
    found = list(dict.fromkeys(roots))
    for pid in found:
        found += [child for child in children.get(pid, ()) if child not in found]
    ordered = [*(pid for pid in members if pid not in found), *reversed(found)]
    return {pid: states[pid] for pid in ordered if pid in states}


def _processes() -> Iterator[tuple[int, int, int, bytes]]:
    """(pid, parent's pid, group, state) of every process."""
    try:
        names = os.listdir("/proc")
    except OSError:
        listing = os.popen("ps -A -o pid= -o ppid= -o pgid= -o state=").read().split()  # noqa: S605 - a fixed command
        for pid, parent, pgid, state in zip(*[iter(listing)] * 4, strict=True):
            yield int(pid), int(parent), int(pgid), state[:1].encode()
        return
    for name in filter(str.isdigit, names):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        yield int(name), int(fields[1]), int(fields[2]), fields[0]
