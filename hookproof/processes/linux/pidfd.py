"""Acting on one very process: a pidfd names it however often its pid comes round."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import errno
import os
import select
import signal
import time
from collections.abc import Iterable

from hookproof.processes.base import Identity
from hookproof.processes.linux import proc

_AT_ONCE = 128
_NO_PROCESS = (errno.ESRCH, errno.ENOENT, errno.EINVAL)
"""Nobody has the pid, or it has come round and is a thread's (EINVAL; in newer kernels ENOENT)."""


def usable() -> bool:
    """Whether this kernel (5.4 or later) and its sandbox let us open pidfds and wait for them."""
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError:
        return False
    try:
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return True  # as it should: we are not our own child
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


def open_pidfd(identity: Identity) -> int | None:
    """A pidfd of this very process, alive or a zombie, or None when it is gone. The caller closes it.

    Raises OSError when this process has no file descriptor left.
    """
    try:
        pidfd = os.pidfd_open(identity.pid)
    except OSError as error:
        if error.errno in _NO_PROCESS:
            return None
        raise
    # Only now compare: who has the pid after the pidfd was opened, and began when we remember, had it all the time.
    stat = proc.read_stat(identity.pid)
    if stat is None or stat.identity != identity:
        os.close(pidfd)
        return None
    return pidfd


def signal_process(identity: Identity, number: int) -> bool:
    """Signal this very process. False when it is gone or a zombie; PermissionError when it is not ours."""
    if not proc.is_alive(identity):
        return False
    pidfd = open_pidfd(identity)
    if pidfd is None:
        return False
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True


def kill(identity: Identity) -> bool:
    """SIGKILL this very process. False when it is gone or a zombie; PermissionError when it is not ours."""
    return signal_process(identity, signal.SIGKILL)


def wait_dead(identities: Iterable[Identity], *, seconds: float) -> list[Identity]:
    """Block until these are dead, at most `seconds`. Returns those that are not."""
    deadline = time.monotonic() + seconds
    waiting = list(identities)
    left: list[Identity] = []
    # In portions, so that a tree of thousands does not eat every file descriptor.
    for first in range(0, len(waiting), _AT_ONCE):
        left.extend(_wait_portion(waiting[first : first + _AT_ONCE], deadline))
    return left


def _wait_portion(identities: list[Identity], deadline: float) -> list[Identity]:
    poll = select.poll()
    waiting: dict[int, Identity] = {}
    try:
        for identity in identities:
            pidfd = open_pidfd(identity)
            if pidfd is not None:
                waiting[pidfd] = identity
                poll.register(pidfd, select.POLLIN)
        while waiting:
            remaining = deadline - time.monotonic()
            died = poll.poll(max(0.0, remaining) * 1000)
            for pidfd, _ in died:
                poll.unregister(pidfd)
                os.close(pidfd)
                del waiting[pidfd]
            if not died and remaining <= 0:
                break
        return list(waiting.values())
    finally:
        for pidfd in waiting:
            os.close(pidfd)
