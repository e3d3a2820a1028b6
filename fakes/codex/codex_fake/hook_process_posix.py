"""Hook processes on POSIX. All hooks of an event are served by one loop; pipes and deaths are events to it.

A hook is over when it has died and nobody holds its stdout and stderr any more, or when its time is up.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from _thread import start_new_thread

from .output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores these two, and ignored signals are inherited; programs expect them at their default."""
_THERE = 'cd -- "$0" && exec "$@"'


class HookProcess:
    """SHELL COMMAND with a payload to read and two streams to fill."""

    def __init__(
        self,
        command: str,
        shell: list[str],
        environment: dict[str, str],
        cwd: str,
        *,
        own_session: bool,
        watches_stdin: bool,
    ) -> None:
        """Start it. Raises OSError. `watches_stdin`: find out whether anybody reads its payload."""
        argv = [_existing(shell[0]), *shell[1:], command]
        if os.path.realpath(cwd) != os.path.realpath(os.getcwd()):
            argv = ["/bin/sh", "-c", _THERE, cwd, *argv]
        reads, self._stdin = os.pipe()
        self._stdout, writes_out = os.pipe()
        self._stderr, writes_err = os.pipe()
        ends = (reads, writes_out, writes_err)
        try:
            self.pid = os.posix_spawn(
                argv[0],
                argv,
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends)],
                setsid=own_session,
                setsigdef=DEFAULT_SIGNALS,
                # the mask in which this process waits for its own signals would make the hook deaf to them
                setsigmask=[],
            )
        except OSError:
            for end in (*ends, self._stdin, self._stdout, self._stderr):
                os.close(end)
            raise
        for end in ends[1 if watches_stdin else 0 :]:
            os.close(end)
        self._watched = reads if watches_stdin else None
        self.pgid = self.pid if own_session else os.getpgid(0)
        self.timed_out = False
        self.killed = False
        self.exit: int | None = None
        self.signal: int | None = None
        self.ignored_stdin = False
        self.deadline = 0.0
        self._size = 0
        self._unwritten = memoryview(b"")
        self.out, self.err = Output(), Output()
        self._outputs = {self._stdout: self.out, self._stderr: self.err}
        self._dead = False
        self._death = _death_descriptor(self.pid)
        self.open = {self._stdin, self._stdout, self._stderr, self._death}
        for end in self.open - {self._death}:
            os.set_blocking(end, False)

    def feed(self, payload: bytes, seconds: float) -> None:
        """Give it its payload, as much as the pipe takes at once, and its time."""
        self.deadline = time.monotonic() + seconds
        self._size = len(payload)
        self._unwritten = memoryview(payload)
        self.ready(self._stdin)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to come."""
        return self._dead and not self.open & {self._stdout, self._stderr}

    def waits_for(self, end: int) -> int:
        """What a poll on one of its descriptors looks for."""
        return select.POLLOUT if end == self._stdin else select.POLLIN

    def ready(self, end: int) -> None:
        """Serve a descriptor that has something to say, and close it when that was the last."""
        if end == self._death:
            self._dead = True
        elif self._write() if end == self._stdin else self._read(end):
            return
        self.open.discard(end)
        os.close(end)

    def _write(self) -> bool:
        try:
            self._unwritten = self._unwritten[os.write(self._stdin, self._unwritten) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(self._unwritten)

    def _read(self, end: int) -> bool:
        try:
            chunk = os.read(end, 65536)
        except BlockingIOError:
            return True
        self._outputs[end].add(chunk)
        return bool(chunk)

    def expire(self, *, group: bool) -> None:
        """Its time is up. Until it has been waited for, its pid is its own, so the kill reaches nobody else."""
        self.timed_out = True
        self.killed = not self._dead
        try:
            if group and self.pgid == self.pid:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # only its zombie is left

    def close(self) -> None:
        """Take its wait status, and let go of the streams, whoever still holds their other ends."""
        if self._watched is not None:
            self.ignored_stdin = _unread(self._watched) == self._size
            os.close(self._watched)
        for end in self.open:
            os.close(end)
        self.open = set()
        status = os.waitpid(self.pid, 0)[1]
        self.exit = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def serve(processes: list[HookProcess], ended: Callable[[HookProcess], None], *, kill_group: bool) -> None:
    """Serve hooks that run at the same time, and tell of each when it has ended."""
    poller = select.poll()
    owners: dict[int, HookProcess] = {}
    for process in processes:
        for end in process.open:
            poller.register(end, process.waits_for(end))
            owners[end] = process
    going = list(processes)
    while going:
        left = min(process.deadline for process in going) - time.monotonic()
        # rounded up: a poll that ends a moment too early only turns the loop once more
        for end, _ in poller.poll(max(0, int(left * 1000) + 1)):
            process = owners[end]
            process.ready(end)
            if end not in process.open:
                poller.unregister(end)
                del owners[end]
        for process in [each for each in going if each.over or each.deadline <= time.monotonic()]:
            if not process.over:
                process.expire(group=kill_group)
            going.remove(process)
            for end in process.open:
                poller.unregister(end)
                del owners[end]
            process.close()
            ended(process)


def _existing(shell: str) -> str:
    places = (shell, "/usr/bin/bash", "/usr/local/bin/bash")
    return next((path for path in places if os.path.exists(path)), "/bin/sh")


def _unread(end: int) -> int:
    """How many bytes nobody has taken out of a pipe."""
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    return int.from_bytes(fcntl.ioctl(end, termios.FIONREAD, bytes(4)), sys.byteorder)


def _death_descriptor(pid: int) -> int:
    """A descriptor that becomes readable when the child has died; the child is not waited for by it."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        reads, writes = os.pipe()

    def watch() -> None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        os.close(writes)

    start_new_thread(watch, ())
    return reads
