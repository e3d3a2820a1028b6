"""Takes wait statuses: the only module that reaps children, its own, adopted ones, and none of other code's.

A status can be read once, so every child has one owner here. What `spawn` started belongs to its `Owned`; what a run
left behind and this process adopted as subreaper belongs to nobody else and is taken by whoever watches it, or by
`reap_adopted`; every other child belongs to whoever started it, by whatever means, and is only ever looked at
(waitid with WNOWAIT leaves the status where it is).
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import ctypes
import fcntl
import os
import signal
import struct
import subprocess
import threading
import weakref

from hookproof.processes import registry
from hookproof.processes.base import Exit, Identity
from hookproof.processes.linux import ours, proc
from hookproof.processes.linux.pidfd import open_pidfd

_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37
_PIDFD_GET_INFO = 0xC040FF0B  # _IOWR(0xFF, 11, struct pidfd_info) of linux/pidfd.h, first version, 64 bytes
_PIDFD_INFO_EXIT = 1 << 3  # Linux 6.15

_lock = threading.RLock()
_owned: weakref.WeakValueDictionary[Identity, Owned] = weakref.WeakValueDictionary()
_abandoned: set[Owned] = set()
_of_a_run: set[Identity] = set()
_adopted: set[Identity] = set()
_started: set[Identity] = set()
_watched: dict[Identity, int] = {}
_adopting = False


class Owned:
    """A child that `spawn` started, and the only one who takes its status."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self.popen = popen
        self.exit: Exit | None = None
        try:
            self.pidfd: int | None = os.pidfd_open(popen.pid)
        except ProcessLookupError:
            self.pidfd = None
        stat = proc.read_stat(popen.pid)
        # Nobody reaps it but us, so it is there; unless we were started with SIGCHLD ignored and it is over already.
        self.identity = Identity(popen.pid, 0) if stat is None else stat.identity

    def collect(self) -> Exit | None:
        """Take its status if it is dead. None while it lives. Any thread may ask, any number of times."""
        with _lock:
            if self.exit is None:
                try:
                    # By pid: until this very call succeeds the pid cannot come round.
                    result = os.waitid(os.P_PID, self.identity.pid, os.WEXITED | os.WNOHANG)
                    self.exit = None if result is None else _exit_of(result)
                except ChildProcessError:
                    exit_ = None if self.pidfd is None else _exit_by_pidfd(self.pidfd)
                    self.exit = exit_ or Exit.unseen()
            if self.exit is not None and self.popen.returncode is None:
                # Else Popen would wait for the pid once more, whoever has it by then.
                self.popen.returncode = self.exit.code if self.exit.code is not None else -(self.exit.signal or 0)
            return self.exit

    def kill_group(self) -> bool:
        """SIGKILL its process group, whose number is its pid for as long as its status is not taken."""
        with _lock:
            if self.exit is not None:
                return False
            os.killpg(self.identity.pid, signal.SIGKILL)
            return True

    def abandon(self) -> None:
        """Nobody waits for it any more: `reap_adopted` will take its status when it has one."""
        with _lock:
            if self.collect() is None:
                _abandoned.add(self)

    def close(self) -> None:
        """Close its pidfd. For whoever has it in a loop, after taking it out; until then others may ask it too."""
        with _lock:
            if self.pidfd is not None:
                os.close(self.pidfd)
                self.pidfd = None


def start(argv: list[str], **options: object) -> Owned:
    """Popen, with the child registered before any other thread can look for orphans."""
    with _lock:
        popen = subprocess.Popen(argv, **options)  # type: ignore[call-overload]
        try:
            owned = Owned(popen)
        except BaseException:
            popen.kill()
            popen.communicate()
            raise
        _owned[owned.identity] = owned
        return owned


def owner(identity: Identity) -> Owned | None:
    """The `Owned` of a child that `spawn` started and somebody still holds."""
    return _owned.get(identity)


def exit_of(identity: Identity, pidfd: int, *, inspectable: bool) -> Exit | None:
    """How a dead process ended, from whoever can still say; None when nobody can.

    Takes the status of an adopted one, and of no other. `inspectable`: /proc showed us its private numbers while it
    lived, so that its exit status there is not a zero put in place of what we may not see.
    """
    stat = proc.read_stat(identity.pid)
    if stat is not None and stat.identity != identity:
        stat = None
    with contextlib.suppress(ChildProcessError):
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if result is not None:
            with _lock:
                if stat is not None and _is_adopted(stat):
                    _take(identity, pidfd)
            return _exit_of(result)
    if stat is not None and stat.dead and (inspectable or stat.status):
        return Exit.from_returncode(os.waitstatus_to_exitcode(stat.status))
    return _exit_by_pidfd(pidfd)


def _exit_of(result: os.waitid_result) -> Exit:
    if result.si_code == os.CLD_EXITED:
        return Exit(code=result.si_status, signal=None, observed=True)
    return Exit(code=None, signal=result.si_status, observed=True)


def _exit_by_pidfd(pidfd: int) -> Exit | None:
    """What the kernel keeps of a process after its parent reaped it (Linux 6.15), for those who held a pidfd."""
    info = bytearray(64)
    struct.pack_into("=Q", info, 0, _PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, info)
    except OSError:
        return None
    (mask,) = struct.unpack_from("=Q", info, 0)
    (status,) = struct.unpack_from("=i", info, 60)
    return Exit.from_returncode(os.waitstatus_to_exitcode(status)) if mask & _PIDFD_INFO_EXIT else None


def become_subreaper() -> bool:
    """Adopt what a run leaves behind. False when the kernel refuses (seccomp)."""
    global _adopting  # noqa: PLW0603 - the attribute is the process's, so is this
    libc = ctypes.CDLL(None, use_errno=True)
    _adopting = bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    if _adopting:
        ours.watch_forks()
    return _adopting


def adopting() -> bool:
    """Whether `become_subreaper` was called here, and succeeded."""
    return _adopting


def is_subreaper() -> bool:
    """Whether orphans below this process become its children."""
    answer = ctypes.c_int(0)
    failed = ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return bool(not failed and answer.value == 1)


def notice(identity: Identity) -> None:
    """Remember that this live process carries a token: once it is a zombie nothing tells."""
    if _adopting:
        with _lock:
            _of_a_run.add(identity)


def watching(identity: Identity) -> None:
    """Somebody watches it and will take its status: `reap_adopted` leaves it to them."""
    with _lock:
        _watched[identity] = _watched.get(identity, 0) + 1


def unwatching(identity: Identity) -> None:
    """The reverse of `watching`."""
    with _lock:
        _watched[identity] -= 1
        if not _watched[identity]:
            del _watched[identity]


def born(stat: proc.Stat) -> str | None:
    """Of whom a live child of this process was born: "spawn", "here" (of others in this process), or "elsewhere".

    None while it cannot be told, since somebody is just starting a child here.
    """
    with _lock:  # so that `start` is not halfway
        if stat.identity in _owned:
            return "spawn"
        if not _may_be_adopted(stat):
            return "here"
        if _adopted_for_certain(stat):
            return "elsewhere"
        started = _started_here(stat)
        return None if started is None else "here" if started else "elsewhere"


def _may_be_adopted(stat: proc.Stat) -> bool:
    # What descends from a child that leads a session can never come back into ours.
    return _adopting and stat.ppid == os.getpid() and stat.identity not in _owned and stat.sid != os.getsid(0)


def _adopted_for_certain(stat: proc.Stat) -> bool:
    # A child started here is in our session or leads one of its own. So one in the session of a third was adopted.
    return stat.sid != stat.identity.pid or stat.identity in _adopted


def _started_here(stat: proc.Stat) -> bool | None:
    if stat.identity in _started:
        return True
    started = ours.started(stat.identity)
    if started is not None:
        (_started if started else _adopted).add(stat.identity)
    return started


def _is_adopted(stat: proc.Stat, *, only_spawn_detaches: bool = False) -> bool:
    """Whether a dead child of this process is certain never to have been started by it."""
    if not _may_be_adopted(stat):
        return False
    if _adopted_for_certain(stat) or only_spawn_detaches:
        return True
    # Of one that leads a session it takes more: that it is of a run, or began while a case was open.
    began = proc.began(stat.identity)
    return (stat.identity in _of_a_run or registry.covers(began)) and _started_here(stat) is False


def _take(identity: Identity, pidfd: int) -> bool:
    _of_a_run.discard(identity)
    _adopted.discard(identity)
    try:
        return os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:
        return False


def reap_adopted(*, only_spawn_detaches: bool) -> int:
    """Take the statuses that nobody else will take. Returns how many."""
    taken = 0
    with _lock:
        for owned in [owned for owned in _abandoned if owned.collect() is not None]:
            _abandoned.discard(owned)
            taken += 1
        if not _adopting:
            return taken
        for pid in proc.children():
            stat = proc.read_stat(pid)
            if stat is None or not stat.dead or stat.identity in _watched:
                continue
            if not _is_adopted(stat, only_spawn_detaches=only_spawn_detaches):
                continue
            pidfd = open_pidfd(stat.identity)
            if pidfd is not None:
                try:
                    taken += _take(stat.identity, pidfd)
                finally:
                    os.close(pidfd)
        # A zombie is kept in mind: it may be watched, or its own parent may yet leave it to us.
        for remembered in (_of_a_run, _adopted, _started):
            for known in list(remembered):
                stat = proc.read_stat(known.pid)
                if stat is None or stat.identity != known:
                    remembered.discard(known)
        ours.forget_ended()
    return taken
