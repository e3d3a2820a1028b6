"""A child process on Windows, and the three pipes of a hook: the sibling of `posix.py`.

Start time matters less here than the many ways a pipe can be held open, so the subprocess module does the starting.
There are no signals and no sessions: ending anything means `taskkill /T /F`.
"""

from __future__ import annotations

import os
import subprocess
import threading

from .hook_record import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class Piped:
    """A command with a payload to read and two streams to fill."""

    def __init__(
        self,
        line: list[str] | str,
        environment: Mapping[str, str] | None = None,
        cwd: str | None = None,
        *,
        own_group: bool = False,
        most: int | None = None,
    ) -> None:
        """Start it. Raises OSError. `most` of each stream is kept, in bytes."""
        self.process = subprocess.Popen(
            line,
            env=environment,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=NEW_GROUP if own_group else 0,
        )
        self.out, self.err = (Output() if most is None else Output(most) for _ in range(2))
        self.refused = False
        """Whether it did not read all of its payload."""
        self._readers: list[threading.Thread] = []

    def read(self, hand_on: Callable[[int, bytes], object] | None = None) -> None:
        """Read its streams until their end, in threads; `hand_on` gets every piece with its stream's number."""
        pipes = ((1, self.process.stdout, self.out), (2, self.process.stderr, self.err))
        for pipe in pipes:
            reader = threading.Thread(target=_read, args=(*pipe, hand_on), daemon=True)
            self._readers.append(reader)
            reader.start()

    def feed(self, payload: bytes) -> None:
        """What it will find on its stdin."""

        def write() -> None:
            assert self.process.stdin is not None
            try:
                self.process.stdin.write(payload)
                self.process.stdin.close()
            except OSError:
                self.refused = True

        threading.Thread(target=write, daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its death, at most `seconds`."""
        return wait(self.process, seconds)

    def join(self, left: Callable[[], float | None]) -> None:
        """Wait for the ends of its streams, for each as long as `left` says then."""
        for reader in self._readers:
            reader.join(left())

    @property
    def held(self) -> bool:
        """Whether somebody still holds its stdout or stderr open."""
        return any(reader.is_alive() for reader in self._readers)


def _read(number: int, stream: IO[bytes], output: Output, hand_on: Callable[[int, bytes], object] | None) -> None:
    while chunk := os.read(stream.fileno(), 65536):
        output.add(chunk)
        if hand_on is not None:
            try:
                hand_on(number, chunk)
            except OSError:
                return


def wait(process: subprocess.Popen[bytes], seconds: float | None) -> bool:
    """Wait for a process's death, at most `seconds`."""
    try:
        process.wait(None if seconds is None else max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process and its descendants."""
    if process.poll() is None:
        subprocess.run(["taskkill", "/PID", str(process.pid), "/T", "/F"], capture_output=True, check=False)


def cmd_line(command: str) -> str:
    """A command for cmd.exe."""
    return f'"{os.environ.get("COMSPEC", "cmd.exe")}" /d /s /c "{command}"'


def git_bash() -> str | None:
    """Git's bash where hosts look for it, or None; the first `bash` on PATH may be that of another system."""
    given = os.environ.get("CLAUDE_CODE_GIT_BASH_PATH")
    places = [os.environ.get(name, "") for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")]
    installed = [os.path.join(place, "Git", "bin", "bash.exe") for place in places if place]
    return next((path for path in (given, *installed) if path and os.path.exists(path)), None)
