"""Hook processes on Windows: the sibling of `hook_process_posix.py`, with the same names. Each hook has its thread.

Nobody has measured a real Codex here: that commands run in cmd.exe, and that a timeout ends the tree, is assumed.
"""

from __future__ import annotations

import threading
import time

from standin.windows import Piped, cmd_line, end_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class HookProcess:
    """A hook's command with a payload to read and two streams to fill."""

    def __init__(
        self,
        command: str,
        shell: list[str],  # noqa: ARG002 - the names of the sibling
        environment: dict[str, str],
        cwd: str,
        *,
        own_session: bool,
        watches_stdin: bool,
    ) -> None:
        """Start it. Raises OSError."""
        self._pipes = Piped(cmd_line(command), environment, cwd, own_group=own_session)
        self.pid = self.pgid = self._pipes.process.pid
        self.timed_out = False
        self.killed = False
        self.exit: int | None = None
        self.signal: int | None = None
        self.ignored_stdin = False
        self.deadline = 0.0
        self._watches_stdin = watches_stdin
        self.out, self.err = self._pipes.out, self._pipes.err

    def feed(self, payload: bytes, seconds: float) -> None:
        """Give it its payload and its time."""
        self.deadline = time.monotonic() + seconds
        self._pipes.read()
        self._pipes.feed(payload)

    def finish(self) -> None:
        """Wait for its end and the ends of its streams, or end it when its time is up."""
        if not self._pipes.wait(self._left()):
            self.timed_out = self.killed = True
            end_tree(self._pipes.process)
            self._pipes.wait()
        self._pipes.join(self._left)
        self.timed_out = self.timed_out or self._pipes.held
        self.ignored_stdin = self._watches_stdin and self._pipes.refused
        self.exit = None if self.killed else self._pipes.process.returncode

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


def serve(
    processes: list[HookProcess],
    ended: Callable[[HookProcess], None],
    held: Callable[[HookProcess], None],
    *,
    kill_group: bool,  # noqa: ARG001
) -> None:
    """Serve hooks that run at the same time, and tell of each when it has ended.

    Before that, of one whose time is up: that it is `held`, where it has died and somebody else has its output.
    """

    def see_to(process: HookProcess) -> None:
        process.finish()
        if process.timed_out and not process.killed:
            held(process)
        ended(process)

    threads = [threading.Thread(target=see_to, args=(process,), daemon=True) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
