"""The process that a job leaves running, as a tool call of Codex may; started once, where the run asks for it.

Started with the first turn when `HOOKPROOF_CODEX_GRANDCHILD` asks for it: in Codex's own process group, or in a
session of its own, out of a group kill's reach. It outlives Codex on purpose; whoever started the run sweeps it.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from standin.wire import Recorder

VARIABLE = "HOOKPROOF_CODEX_GRANDCHILD"
MODES = ("same-group", "detached")

# it reads from a pipe whose other end it holds itself: no byte and no end of file ever comes
_PROGRAM = "import os; r, w = os.pipe(); os.read(r, 1)"


class UnknownModeError(Exception):
    """The environment asks for a kind of grandchild that there is not."""


class Grandchild:
    """At most one in the life of a process."""

    def __init__(self, recorder: Recorder, mode: str | None) -> None:
        if mode and mode not in MODES:
            raise UnknownModeError(f"{VARIABLE} is {mode!r}; expected one of: {', '.join(MODES)}")
        self._recorder = recorder
        self._mode = mode
        self._lock = allocate_lock()

    def start_once(self) -> None:
        """Start it, unless none is wanted or it has been started before. Raises OSError."""
        with self._lock:
            mode, self._mode = self._mode, None
            if not mode:
                return
            pid = _spawn([sys.executable, "-I", "-S", "-c", _PROGRAM], detached=mode == "detached")
            self._recorder.write("codex.grandchild", pid=pid, mode=mode)


if sys.platform == "win32":

    def _spawn(argv: list[str], *, detached: bool) -> int:
        import subprocess  # noqa: PLC0415 - only where there is no posix_spawn

        apart = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        flags = apart if detached else subprocess.CREATE_NO_WINDOW
        nothing = subprocess.DEVNULL
        child = subprocess.Popen(argv, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags)
        start_new_thread(child.wait, ())
        return child.pid

else:
    if TYPE_CHECKING:
        import signal
    else:
        # the same, without its enums: half a millisecond
        import _signal as signal

    def _spawn(argv: list[str], *, detached: bool) -> int:
        nothing = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        # the mask in which this process waits for its signals would make the child deaf to them
        pid = os.posix_spawn(
            argv[0], argv, os.environ, file_actions=nothing, setsid=detached, setsigmask=[], setsigdef=[signal.SIGINT]
        )
        # a killed child that nobody waits for would still look alive
        start_new_thread(os.waitpid, (pid, 0))
        return pid
