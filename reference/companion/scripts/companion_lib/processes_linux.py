"""Processes on Linux: /proc tells when one began and which mark it carries, a pidfd holds on to it for the signal."""

from __future__ import annotations

import fcntl
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    import _signal as signal  # `signal` gives each number a name, for twice the time that all else here takes

assert sys.platform != "win32"

TERM, KILL = signal.SIGTERM, signal.SIGKILL


def start_time(pid: object, *, zombies: bool = False) -> str | None:
    """When the process began, in the kernel's words; None if none lives under that pid.

    One that is dead and that nobody has reaped counts only among `zombies`.
    """
    if not isinstance(pid, int):
        return None
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, *fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if state in (b"Z", b"X") and not zombies else fields[18].decode()


class Child:
    """A process started here: the pipe to it, the pipe from it, and its end."""

    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb")

    def speaks(self, within: float = 10.0) -> bool:
        """Wait for its first line; False if it closes its stdout without one, or takes longer."""
        ready, _, _ = select.select([self.stdout], [], [], within)
        return bool(ready and self.stdout.readline())

    def close(self) -> None:
        """Its stdin ends, which is its cue to go; two seconds later it is ended."""
        for stream in (self.stdin, self.stdout):
            try:
                stream.close()
            except OSError:  # it went without reading all
                continue
        _end([os.pidfd_open(self.pid)], (0, TERM, KILL))
        os.waitpid(self.pid, 0)


def start(argv: list[str], environment: dict[str, str], log: str, *, detached: bool = False) -> Child:
    """Start a program with pipes, its stderr in the log. A detached one leads a session and a group of its own."""
    their_stdin, stdin = os.pipe()
    stdout, their_stdout = os.pipe()
    streams = [
        (os.POSIX_SPAWN_DUP2, their_stdin, 0),
        (os.POSIX_SPAWN_DUP2, their_stdout, 1),
        (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
    ]
    try:  # Python ignores SIGPIPE, and a child would inherit that
        pid = os.posix_spawnp(
            argv[0], argv, environment, file_actions=streams, setsid=detached, setsigdef=[signal.SIGPIPE]
        )
    except OSError:
        os.close(stdin)
        os.close(stdout)
        raise
    finally:
        os.close(their_stdin)
        os.close(their_stdout)
    return Child(pid, stdin, stdout)


def end_group(pid: object) -> None:
    """What 1.0.4 does: a signal to the group that has the pid by now, whoever that is."""
    if isinstance(pid, int) and pid > 1:
        try:
            os.killpg(pid, TERM)
        except OSError:
            return


def end_tree(mark: str, pid: object, began: object, *, gently: bool = True) -> None:
    """End all that carries the mark, and the leader if it is still the one that began then; never the caller."""

    def belongs(candidate: int) -> bool:
        leads = candidate == pid and began is not None and start_time(candidate) == began
        return candidate != os.getpid() and (leads or _carries(candidate, mark))

    for _ in range(3):  # what is ended may have been forking
        seen = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
        grips = [grip for candidate in seen if belongs(candidate) and (grip := _grip(candidate, belongs))]
        if not grips:
            return
        _end(grips, (TERM, KILL) if gently else (KILL,))


def _grip(pid: int, belongs: Callable[[int], bool]) -> int | None:
    """A pidfd of the process, if after opening it the pid is still the one that was meant."""
    try:
        grip = os.pidfd_open(pid)
    except OSError:
        return None
    if belongs(pid):
        return grip
    os.close(grip)
    return None


def _carries(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark.encode() in file.read().split(b"\0")
    except OSError:
        return False


def _end(grips: list[int], signals: tuple[int, ...]) -> None:
    """Give all of them two seconds after each signal (0 is none), then close the pidfds."""
    waiting = select.poll()
    alive = set(grips)
    for grip in grips:
        waiting.register(grip, select.POLLIN)
    for number in signals:
        for grip in alive:
            try:
                signal.pidfd_send_signal(grip, number)
            except OSError:  # it just died, or belongs to another user
                continue
        deadline = time.monotonic() + 2.0
        while alive and (left := deadline - time.monotonic()) > 0:
            for grip, _ in waiting.poll(left * 1000):
                waiting.unregister(grip)
                alive.discard(grip)
    for grip in grips:
        os.close(grip)


def remove(path: str) -> None:
    os.unlink(path)


def replace(new: str, old: str) -> None:
    os.replace(new, old)


class Lock:
    """Held by one process at a time, gone with its holder. Waiting has a deadline."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait()

    def _wait(self, seconds: float = 5.0) -> None:
        def give_up(*_: object) -> None:
            raise TimeoutError(f"waited {seconds:g} s for {self._path}, which another process holds")

        before = signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
