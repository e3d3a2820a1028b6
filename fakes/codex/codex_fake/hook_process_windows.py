"""Hook processes on Windows: the sibling of `hook_process_posix.py`, with the same names. Each hook has its thread.

Nobody has measured a real Codex here: that commands run in cmd.exe, and that a timeout ends the tree, is assumed.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time

from .output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO


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
        self._process = subprocess.Popen(
            f'"{os.environ.get("COMSPEC", "cmd.exe")}" /d /s /c "{command}"',
            env=environment,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if own_session else 0,
        )
        self.pid = self.pgid = self._process.pid
        self.timed_out = False
        self.killed = False
        self.exit: int | None = None
        self.signal: int | None = None
        self.ignored_stdin = False
        self.deadline = 0.0
        self._watches_stdin = watches_stdin
        self.out, self.err = Output(), Output()
        self._threads: list[threading.Thread] = []

    def feed(self, payload: bytes, seconds: float) -> None:
        """Give it its payload and its time."""
        self.deadline = time.monotonic() + seconds
        pipes = ((self._process.stdout, self.out), (self._process.stderr, self.err))
        self._threads = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in pipes]
        for thread in [*self._threads, threading.Thread(target=self._write, args=(payload,), daemon=True)]:
            thread.start()

    def _write(self, payload: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(payload)
            self._process.stdin.close()
        except OSError:
            self.ignored_stdin = self._watches_stdin

    def _read(self, stream: IO[bytes] | None, output: Output) -> None:
        assert stream is not None
        while chunk := os.read(stream.fileno(), 65536):
            output.add(chunk)

    def finish(self) -> None:
        """Wait for its end and the ends of its streams, or end it when its time is up."""
        try:
            self._process.wait(self._left())
        except subprocess.TimeoutExpired:
            self.timed_out = self.killed = True
            command = ["taskkill", "/PID", str(self.pid), "/T", "/F"]
            subprocess.run(command, capture_output=True, check=False)
            self._process.wait()
        for thread in self._threads:
            thread.join(self._left())
            self.timed_out = self.timed_out or thread.is_alive()
        self.exit = None if self.killed else self._process.returncode

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


def serve(processes: list[HookProcess], ended: Callable[[HookProcess], None], *, kill_group: bool) -> None:  # noqa: ARG001
    """Serve hooks that run at the same time, and tell of each when it has ended."""

    def see_to(process: HookProcess) -> None:
        process.finish()
        ended(process)

    threads = [threading.Thread(target=see_to, args=(process,), daemon=True) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
