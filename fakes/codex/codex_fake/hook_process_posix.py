"""Hook processes on POSIX. All hooks of an event are served by one loop; pipes and deaths are events to it.

A hook is over when it has died and nobody holds its stdout and stderr any more, or when its time is up.
"""

from __future__ import annotations

import os
import select
import time

from standin.posix import Child, Pipes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    # the same, without its enums: half a millisecond
    import _signal as signal

_THERE = 'cd -- "$0" && exec "$@"'


class HookProcess(Child):
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
        self._pipes = Pipes()
        pid = self._pipes.spawn(argv, environment, own_session=own_session, watches_stdin=watches_stdin)
        super().__init__(pid, pid if own_session else os.getpgid(0))
        self.timed_out = False
        self.killed = False
        self.ignored_stdin = False
        self.deadline = 0.0
        self._size = 0
        self._dead = False
        self.out, self.err = self._pipes.out, self._pipes.err

    def feed(self, payload: bytes, seconds: float) -> None:
        """Give it its payload, as much as the pipe takes at once, and its time."""
        self.deadline = time.monotonic() + seconds
        self._size = len(payload)
        self._pipes.feed(payload)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to come."""
        return self._dead and not self._pipes.held

    @property
    def left_open(self) -> bool:
        """Whether it has died, and somebody else still holds its output."""
        return self._dead and self._pipes.held

    @property
    def open(self) -> set[int]:
        """The descriptors that may still have something to say."""
        return self._pipes.open if self._dead else {*self._pipes.open, self.death}

    def waits_for(self, end: int) -> int:
        """What a poll on one of its descriptors looks for."""
        return select.POLLOUT if end == self._pipes.stdin else select.POLLIN

    def ready(self, end: int) -> None:
        """Serve a descriptor that has something to say, and close it when that was the last."""
        if end == self.death:
            self._dead = True
        elif not self._pipes.serve(end):
            self._pipes.shut(end)

    def expire(self, *, group: bool) -> None:
        """Its time is up. Until it has been reaped, its pid is its own, so the kill reaches nobody else."""
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
        self.ignored_stdin = self._pipes.unread() == self._size
        self._pipes.close()
        self.reap()


def serve(
    processes: list[HookProcess],
    ended: Callable[[HookProcess], None],
    held: Callable[[HookProcess], None],
    *,
    kill_group: bool,
) -> None:
    """Serve hooks that run at the same time, and tell of each when it has ended.

    Before that, of one whose time is up: that it is `held`, where it has died and somebody else has its output.
    """
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
                if process.left_open:
                    held(process)
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
