"""The hook's own process on POSIX. What the host sees of it, its exit, its output and how long it lasts, is handed on.

Forked and not spawned, because the child waits at a gate until its start is in the journal and its payload in its
stdin, and because it is to die with the tap. The Windows sibling, `windows.py`, has the same names.
"""

from __future__ import annotations

import os
import select
import sys
from time import monotonic

from standin.hook_record import STARTED_BY

from .streams import Stream, channel, make_sure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from signal import SIG_DFL, SIG_IGN, SIGCHLD, SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ, getsignal, set_wakeup_fd
    from signal import signal as on_signal
else:
    # the same, without the names that take as long to make as a whole interpreter start
    from _signal import SIG_DFL, SIG_IGN, SIGCHLD, SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ, getsignal, set_wakeup_fd
    from _signal import signal as on_signal

_GRACE_SECONDS = 0.02
"""How long the output may take to end after the hook, until somebody is thought to hold it."""
_FORWARD_SECONDS = 0.05
"""A host that ends a whole group or tree reaches the hook by itself: only one that still lives is told by us."""
_PR_SET_PDEATHSIG = 1


class Hook:
    """`SHELL -c COMMAND`, at the gate until `go`. `run` is the id of this run."""

    def __init__(self, shell: str, command: str, payload: bytes, run: str) -> None:
        for number in range(3):
            make_sure_of(number)
        stdin, self._stdin = channel(0)
        stdout, ours_out = channel(1)
        stderr, ours_err = channel(2)
        gate, self._gate = os.pipe()
        tap = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._gate)
            _become([shell or "/bin/sh", "-c", command], gate, (stdin, stdout, stderr), tap, run)
        for end in (stdin, stdout, stderr, gate):
            os.close(end)
        self.pgid = os.getpgrp()
        self.ended_by = "itself"
        self._began = 0.0
        self.ms = 0
        """How long the command ran, from its gate to its end."""
        self._is_relay = False
        self._status: int | None = None
        self._forward_at: float | None = None
        self._unwritten = memoryview(payload)
        self._streams = [Stream(ours_out, 1), Stream(ours_err, 2)]
        self.stdout, self.stderr = (stream.kept for stream in self._streams)
        self._wake, signalled = os.pipe()
        for end in (self._stdin, ours_out, ours_err, self._wake, signalled):
            os.set_blocking(end, False)
        set_wakeup_fd(signalled, warn_on_full_buffer=False)
        on_signal(SIGCHLD, _note)
        if getsignal(SIGTERM) != SIG_IGN:
            on_signal(SIGTERM, _note)
        self._feed()

    def go(self) -> None:
        """Open the gate: the command begins."""
        self._began = monotonic()
        os.write(self._gate, b"g")
        os.close(self._gate)

    def serve(self) -> None:
        """Serve the hook until it has died, and a moment longer for the end of its output."""
        while self._status is None:
            left = None if self._forward_at is None else self._forward_at - monotonic()
            if left is not None and left <= 0:
                self._forward_at = None
                os.kill(self.pid, SIGTERM)
                continue
            self._turn(left)
            for stream in self._streams:
                stream.pass_on_end()
        self.ms = round((monotonic() - self._began) * 1000)
        until = monotonic() + _GRACE_SECONDS
        while self.held and monotonic() < until:
            self._turn(until - monotonic())

    @property
    def held(self) -> bool:
        """Whether more output may come, from somebody who has got the streams from the hook."""
        return any(stream.open for stream in self._streams)

    def leave_a_relay(self, tell: Callable[[int], None]) -> None:
        """Leave as the hook did, and go on in a child that hands on output until its end, or until the host lets go.

        The child is in a session of its own: a host that ends the hook's group must not silence the record.
        """
        told, telling = os.pipe()
        if os.fork():
            os.close(telling)
            os.read(told, 1)
            self._leave_now()
        os.setsid()
        tell(os.getpid())
        os.close(telling)
        on_signal(SIGTERM, SIG_DFL)
        while self.held:
            # the end of the last one the host sees when the record is written
            for stream in self._streams:
                stream.pass_on_end()
            self._turn(None)
        self._is_relay = True

    def leave(self) -> None:
        """End as the hook ended."""
        if self._is_relay:
            os._exit(0)
        self._leave_now()

    def _leave_now(self) -> None:
        number = self.signal
        if number is not None:
            import resource  # noqa: PLC0415 - the hook has left its core, if it was to leave one

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if number != SIGKILL:
                on_signal(number, SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(128 + number if number is not None else self.exit or 0)

    @property
    def exit(self) -> int | None:
        """The exit code, or None for one that a signal ended."""
        return os.WEXITSTATUS(self._status) if self._status is not None and os.WIFEXITED(self._status) else None

    @property
    def signal(self) -> int | None:
        """The signal that ended it, or None."""
        return os.WTERMSIG(self._status) if self._status is not None and os.WIFSIGNALED(self._status) else None

    def _turn(self, seconds: float | None) -> None:
        """Wait until something happens, at most `seconds`, and see to it."""
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        if self._stdin >= 0:
            poller.register(self._stdin, select.POLLOUT)
        for stream in self._streams:
            stream.register(poller)
        ready = dict(poller.poll(None if seconds is None else max(0.0, seconds) * 1000))
        if self._wake in ready:
            self._signalled()
        if self._stdin in ready:
            self._feed()
        for stream in self._streams:
            stream.see_to(ready)

    def _signalled(self) -> None:
        numbers = os.read(self._wake, 512)
        if SIGTERM in numbers and self._status is None and self.ended_by == "itself":
            self.ended_by = "host"
            self._forward_at = monotonic() + _FORWARD_SECONDS
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status

    def _feed(self) -> None:
        try:
            self._unwritten = self._unwritten[os.write(self._stdin, self._unwritten) :]
            if self._unwritten:
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # the hook does not read
        os.close(self._stdin)
        self._stdin = -1


def _become(argv: list[str], gate: int, ends: tuple[int, int, int], tap: int, run: str) -> None:
    """In the child: wait at the gate, then be the hook. Returns never."""
    try:
        _die_with(tap)
        if os.read(gate, 1):
            for number, end in enumerate(ends):
                os.dup2(end, number)
            for ignored in (SIGPIPE, SIGXFSZ):  # by Python, and the hook would inherit it
                on_signal(ignored, SIG_DFL)
            environment = {**_environment(), STARTED_BY.encode(): run.encode()}
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - argv is a shell
    except OSError as error:
        os.write(2, f"tap: {argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _die_with(tap: int) -> None:
    """Be killed when the tap is: the host believes it has killed the hook. Only Linux has this."""
    if sys.platform != "linux":
        return
    try:
        from _ctypes import call_function, dlopen, dlsym  # noqa: PLC0415 - half of what ctypes costs, and beside the tap

        prctl = dlsym(dlopen(None, 2), "prctl")  # type: ignore[arg-type] # the program itself
        call_function(prctl, (_PR_SET_PDEATHSIG, int(SIGKILL), 0, 0, 0))
    except (ImportError, OSError):
        return
    if os.getppid() != tap:
        os._exit(127)


def _environment() -> dict[bytes, bytes]:
    """The environment as the host gave it: Python may have put a variable for its locale into its own."""
    try:
        with open("/proc/self/environ", "rb") as file:
            pairs = [entry.partition(b"=") for entry in file.read().split(b"\0") if b"=" in entry]
    except OSError:
        return dict(os.environb)
    return {name: value for name, _, value in pairs}


def _note(_number: int, _frame: object) -> None:
    """The number is in the wake pipe; that is all there is to do."""
