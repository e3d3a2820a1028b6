"""The hook's own process on Windows: the sibling of `posix.py`, with the same names.

There is no gate and no signal here. A hook whose tap is ended lives on unless the host ends the tree, which is what
`taskkill /T` does; a job object would take along what the hook itself has left running, so there is none.
"""

from __future__ import annotations

import os
import subprocess
import threading

from .kept import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Hook:
    """The command, in the shell that the host has chosen: bash told its name, cmd.exe cannot."""

    def __init__(self, shell: str, command: str, payload: bytes) -> None:
        line = [_bash(), "-c", command] if shell else f'"{os.environ.get("COMSPEC", "cmd.exe")}" /d /s /c "{command}"'
        self._process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.pgid = self._process.pid
        self.ended_by = "itself"
        self.held = False
        self.signal: int | None = None
        self.stdout, self.stderr = Kept(), Kept()
        self._threads = [threading.Thread(target=self._hand_on, args=(index,), daemon=True) for index in (0, 1)]
        threading.Thread(target=self._feed, args=(payload,), daemon=True).start()

    def go(self) -> None:
        """It has begun; now its output is handed on."""
        for thread in self._threads:
            thread.start()

    def serve(self) -> None:
        """Wait for its end, and for the end of its output."""
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def leave_a_relay(self, tell: Callable[[int], None]) -> None:
        """Nothing is held here: `serve` waits for the output's end."""

    def leave(self) -> None:
        """End as the hook ended."""
        os._exit(self._process.returncode)

    @property
    def exit(self) -> int | None:
        """The exit code."""
        return self._process.poll()

    def _feed(self, payload: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(payload)
            self._process.stdin.close()
        except OSError:
            return

    def _hand_on(self, index: int) -> None:
        stream = (self._process.stdout, self._process.stderr)[index]
        assert stream is not None
        while chunk := os.read(stream.fileno(), 65536):
            (self.stdout, self.stderr)[index].add(chunk)
            try:
                os.write(index + 1, chunk)
            except OSError:
                return


def _bash() -> str:
    """Git's, where hosts look for it; the first `bash` on PATH may be that of another system."""
    given = os.environ.get("CLAUDE_CODE_GIT_BASH_PATH")
    places = [os.environ.get(name, "") for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")]
    installed = [os.path.join(place, "Git", "bin", "bash.exe") for place in places if place]
    return next((path for path in (given, *installed) if path and os.path.exists(path)), "bash")
