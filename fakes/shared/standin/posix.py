"""A child process on POSIX, and the three pipes of a hook. Used by both stand-ins; `windows.py` is the sibling.

Started without the subprocess module, whose import alone costs as much as a whole interpreter start. A death is an
event (a pidfd, or a thread in waitid where there are none), never something looked for in a loop.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread

from .hook_record import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping
else:
    # the same, without its enums: half a millisecond
    import _signal as signal

DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores these two, and ignored signals are inherited; programs expect them at their default."""


class Child:
    """A started process. Its wait status is kept."""

    def __init__(self, pid: int, pgid: int) -> None:
        self.pid = pid
        self.pgid = pgid
        self.death = _death_descriptor(pid)
        """Becomes readable when the process has died. Closed by `reap`."""
        self.lock = allocate_lock()
        """Held by whoever sends it a signal: while it has not been reaped, its pid is its own."""
        self._status: int | None = None

    def reap(self) -> None:
        """Take its wait status, once it has died."""
        with self.lock:
            if self._status is None:
                self._status = os.waitpid(self.pid, 0)[1]
                os.close(self.death)

    @property
    def reaped(self) -> bool:
        """Whether its wait status has been taken, and its pid may be somebody else's."""
        return self._status is not None

    @property
    def exit(self) -> int | None:
        """The exit code, or None: not reaped yet, or ended by a signal."""
        return os.WEXITSTATUS(self._status) if self._status is not None and os.WIFEXITED(self._status) else None

    @property
    def signal(self) -> int | None:
        """The signal that ended it, or None."""
        return os.WTERMSIG(self._status) if self._status is not None and os.WIFSIGNALED(self._status) else None


class Pipes:
    """The stdin, stdout and stderr of a hook: a payload to read, two streams to fill."""

    def __init__(self) -> None:
        reads, self.stdin = os.pipe()
        self.stdout, writes_out = os.pipe()
        self.stderr, writes_err = os.pipe()
        self._theirs = [reads, writes_out, writes_err]
        self._watched: int | None = None
        self._unwritten = memoryview(b"")
        self.out, self.err = Output(), Output()
        self._outputs = {self.stdout: self.out, self.stderr: self.err}
        self.open = {self.stdin, self.stdout, self.stderr}
        """The ends that are still of use."""

    def spawn(
        self, argv: list[str], environment: Mapping[str, str], *, own_session: bool, watches_stdin: bool = False
    ) -> int:
        """Start a program between the pipes; its pid. Raises OSError. `watches_stdin`: see `unread`."""
        try:
            self._watched = os.dup(self._theirs[0]) if watches_stdin else None
            pid = os.posix_spawn(
                argv[0],
                argv,
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(self._theirs)],
                setsid=own_session,
                setsigdef=DEFAULT_SIGNALS,
                # the mask in which a host waits for its own signals would make the hook deaf to them
                setsigmask=[],
            )
        except OSError:
            self.close()
            raise
        finally:
            for end in self._theirs:
                os.close(end)
        for end in self.open:
            os.set_blocking(end, False)
        return pid

    def feed(self, payload: bytes) -> None:
        """What the hook will find on its stdin: as much as the pipe takes at once, the rest when `serve` is called."""
        self._unwritten = memoryview(payload)
        if not self.serve(self.stdin):
            self.shut(self.stdin)

    def serve(self, end: int) -> bool:
        """Read or write what can be at an end that is ready. Whether there may be more."""
        try:
            if end == self.stdin:
                if self._unwritten:
                    self._unwritten = self._unwritten[os.write(end, self._unwritten) :]
                return bool(self._unwritten)
            chunk = os.read(end, 65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._outputs[end].add(chunk)
        return bool(chunk)

    def output(self, end: int) -> Output:
        """What has been read from an end."""
        return self._outputs[end]

    @property
    def held(self) -> bool:
        """Whether somebody still holds stdout or stderr open."""
        return bool(self.open & {self.stdout, self.stderr})

    def unread(self) -> int | None:
        """How many bytes of its stdin nobody has taken, or None where it is not watched."""
        if self._watched is None:
            return None
        import fcntl  # noqa: PLC0415 - few hooks are watched
        import termios  # noqa: PLC0415

        return int.from_bytes(fcntl.ioctl(self._watched, termios.FIONREAD, bytes(4)), sys.byteorder)

    def shut(self, end: int) -> None:
        """Close an end."""
        self.open.discard(end)
        os.close(end)

    def close(self) -> None:
        """Let go of the streams, whoever still holds their other ends."""
        for end in list(self.open):
            self.shut(end)
        if self._watched is not None:
            os.close(self._watched)
            self._watched = None


def pidfd(pid: int) -> int | None:
    """A descriptor that stands for a process, where the platform has them."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _death_descriptor(pid: int) -> int:
    """A descriptor that becomes readable when the child has died; the child is not reaped by it."""
    held = pidfd(pid)
    if held is not None:
        return held
    reads, writes = os.pipe()

    def watch() -> None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        os.close(writes)

    start_new_thread(watch, ())
    return reads
