"""Hook and shell processes on POSIX: how they start, how their death is noticed, how their tree is killed.

The Windows sibling, `windows.py`, has the same names. Both start programs without the subprocess module, whose import
alone costs as much as a whole interpreter start.
"""

from __future__ import annotations

import os
import select
import time

import standin.posix
from standin.posix import DEFAULT_SIGNALS, Pipes

from .posix_tree import Victims, frozen_tree, signal_number, tree

READER_CAN_BE_FREED = True

_PIPE = 1024 * 1024
"""The most that a pipe holds, in bytes."""
_BASH = next((path for path in ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash") if os.path.exists(path)), "bash")


class Child(standin.posix.Child):
    """A started process. Signals go to it only while it is known to be alive."""

    def wait(self, seconds: float | None = None, *, give_up: int | None = None) -> bool:
        """Wait for the death, at most `seconds`, or until the descriptor `give_up` is closed at its other end.

        Only the thread that owns the child waits.
        """
        if not self.reaped:
            poller = select.poll()
            poller.register(self.death, select.POLLIN)
            if give_up is not None:
                poller.register(give_up, select.POLLIN)
            ready = poller.poll(None if seconds is None else max(0.0, seconds) * 1000)
            if not any(end == self.death for end, _ in ready):
                return False
            self.reap()
        return True

    def victims(self, *, group: bool, frozen: bool) -> Victims:
        """The child and its descendants, whatever session they moved to; `group`: its process group as well.

        `frozen`: stopped, so that none of them can bring forth another one that is missing here.
        """
        with self.lock:
            if self.reaped:
                return Victims([])
            grouped = self.pgid if group and self.pgid == self.pid else None
            return Victims((frozen_tree if frozen else tree)([self.pid], group=grouped))

    def signal_group(self, name: str) -> None:
        """Send a signal to the child's own process group in one go, while the child lives."""
        with self.lock:
            if not self.reaped and self.pgid == self.pid:
                os.killpg(self.pgid, signal_number(name))


class HookProcess(Child):
    """`/bin/sh -c COMMAND` with a payload to read and two streams to fill."""

    def __init__(self, command: str, environment: dict[str, str], *, own_group: bool) -> None:
        self._pipes = Pipes()
        pid = self._pipes.spawn(["/bin/sh", "-c", command], environment, own_session=own_group)
        super().__init__(pid, pid if own_group else os.getpgid(0))
        self.out, self.err = self._pipes.out, self._pipes.err

    def feed(self, payload: bytes) -> None:
        """What the hook will find on its stdin: as much as the pipe takes at once, the rest while `finish` waits."""
        self._pipes.feed(payload)

    def finish(self, seconds: float | None, *, streams: bool, give_up: int | None = None) -> bool:
        """Serve the streams until the hook has ended, or until `seconds` have passed (None: without end).

        Also ends, with False, once the descriptor `give_up` becomes readable or is closed at its other end. Of a hook
        that prints without end no more is read after its time than a pipe holds.
        With `streams`, a hook has ended only when nobody holds its stdout and stderr open any more.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        for end in self._pipes.open:
            poller.register(end, select.POLLOUT if end == self._pipes.stdin else select.POLLIN)
        if not self.reaped:
            poller.register(self.death, select.POLLIN)
        if give_up is not None:
            poller.register(give_up, select.POLLIN)
        most: int | None = None
        while not self._is_over(streams=streams):
            ready = poller.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000)
            if not ready or any(end == give_up for end, _ in ready):
                return False
            self._see_to(poller, [end for end, _ in ready])
            if most is None and deadline is not None and time.monotonic() > deadline:
                most = self.out.size + self.err.size + _PIPE
            if most is not None and self.out.size + self.err.size > most and not self._is_over(streams=streams):
                return False
        self._drain()
        return True

    def _see_to(self, poller: select.poll, ready: list[int]) -> None:
        for end in ready:
            if end == self.death:
                poller.unregister(end)
                self.reap()
            elif not self._pipes.serve(end):
                poller.unregister(end)
                self._pipes.shut(end)

    def _is_over(self, *, streams: bool) -> bool:
        return self.reaped and not (streams and self.held)

    def _drain(self) -> None:
        """Read what stands in the pipes, and no more than they hold: somebody may still fill them."""
        for end in self._pipes.open - {self._pipes.stdin}:
            output = self._pipes.output(end)
            most, before = output.size + _PIPE, -1
            while before != output.size < most:
                before = output.size
                if not self._pipes.serve(end):
                    break

    @property
    def held(self) -> bool:
        """Whether another process still has its stdout or stderr open."""
        return self._pipes.held

    def close(self) -> None:
        """Close the streams, whoever has their other ends open."""
        self._pipes.close()


class ShellProcess(Child):
    """`/bin/bash -c …` in a session of its own, its output in a file. It waits at a gate until `let_go`.

    The gate is there so that the shell is in the journal before anything that it causes.
    """

    def __init__(self, command: str, environment: dict[str, str], exports: str, output: str) -> None:
        gate, self._gate = os.pipe()
        pid = os.posix_spawn(
            _BASH,
            [_BASH, "-c", shell_script(command, exports)],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, gate, 3),
            ],
            setsid=True,
            setsigdef=DEFAULT_SIGNALS,
        )
        os.close(gate)
        super().__init__(pid, pid)

    def let_go(self) -> None:
        """Open the gate: the command begins."""
        os.close(self._gate)


def shell_script(command: str, exports: str) -> str:
    """What bash is given: wait for the gate, do the session's exports, run the command."""
    return f"read -r -u 3 _; exec 3<&-\n{exports}\neval {quote(command)}"


def quote(word: str) -> str:
    """One word for a POSIX shell."""
    return "'" + word.replace("'", "'\"'\"'") + "'"


def readable(descriptor: int, wake: int) -> bool:
    """Block until `descriptor` has something to read, or is at its end (True), or until `wake` closes (False)."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poller.register(wake, select.POLLIN)
    return wake not in dict(poller.poll())


def temporary_directory() -> str:
    """Where the host keeps its task outputs: one directory per user.

    2.1.91 writes to /tmp whatever TMPDIR says, unless CLAUDE_CODE_TMPDIR does; a stand-in stays where it was put.
    """
    root = os.environ.get("CLAUDE_CODE_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the last resort
    return os.path.join(root, f"claude-{os.getuid()}")
