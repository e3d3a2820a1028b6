"""The hook's own process on Windows: the sibling of `posix.py`, with the same names.

There is no gate and no signal here. A hook whose tap is ended lives on unless the host ends the tree, which is what
`taskkill /T` does; a job object would take along what the hook itself has left running, so there is none.
"""

from __future__ import annotations

import os
from time import monotonic

from standin.hook_record import SHOWN, STARTED_BY
from standin.windows import Piped, cmd_line, git_bash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Hook:
    """The command, in the shell that the host has chosen: bash told its name, cmd.exe cannot. `run`: of this run."""

    def __init__(self, shell: str, command: str, payload: bytes, run: str) -> None:
        line = [git_bash() or "bash", "-c", command] if shell else cmd_line(command)
        self._pipes = Piped(line, {**os.environ, STARTED_BY: run}, most=SHOWN)
        self._began = monotonic()
        self.ms = 0
        """How long the command ran."""
        self.pid = self.pgid = self._pipes.process.pid
        self.ended_by = "itself"
        self.held = False
        self.signal: int | None = None
        self.stdout, self.stderr = self._pipes.out, self._pipes.err
        self._pipes.feed(payload)

    def go(self) -> None:
        """It has begun; now its output is handed on."""
        self._pipes.read(os.write)

    def serve(self) -> None:
        """Wait for its end, and for the end of its output."""
        self._pipes.wait()
        self.ms = round((monotonic() - self._began) * 1000)
        self._pipes.join(lambda: None)

    def leave_a_relay(self, tell: Callable[[int], None]) -> None:
        """Nothing is held here: `serve` waits for the output's end."""

    def leave(self) -> None:
        """End as the hook ended."""
        os._exit(self._pipes.process.returncode)

    @property
    def exit(self) -> int | None:
        """The exit code."""
        return self._pipes.process.poll()
