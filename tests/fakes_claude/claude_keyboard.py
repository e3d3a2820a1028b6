"""The program at a terminal: the keys that a test presses, and what has been painted so far.

A keyboard lives for one run of the program. What the program does is read from its journal; what it paints can be
waited for as well, with a deadline.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading

from claude_bench import PROGRAM, Bench
from claude_journal import SECONDS

PROMPT = "❯ "
TAKE_TERMINAL = "import fcntl,os,sys,termios;fcntl.ioctl(0,termios.TIOCSCTTY,0);os.execv(sys.argv[1],sys.argv[1:])"


class Keyboard:
    """Starts the program in a pseudo-terminal that belongs to it."""

    def __init__(self, bench: Bench, *more: str, lifecycle: str = "claude-2.1.91", columns: int = 100) -> None:
        if bench.hooks:
            (bench.plugin / "hooks" / "hooks.json").write_text(json.dumps({"hooks": bench.hooks}))
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self._theirs)
        arguments = ["--dangerously-skip-permissions", "--plugin-dir", str(bench.plugin), *more]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", TAKE_TERMINAL, sys.executable, "-I", "-S", str(PROGRAM), *arguments],
            cwd=bench.project,
            env={**bench.environment, "HOOKPROOF_LIFECYCLE": str(bench.resolved(lifecycle)), "TERM": "xterm"},
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
        )
        self._painted = b""
        self._until_closed, self._closes = os.pipe()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.sees(PROMPT)

    def _read(self) -> None:
        # never blocked in a read: a terminal that is being read from cannot be closed
        poller = select.poll()
        for end in (self._ours, self._until_closed):
            poller.register(end, select.POLLIN)
        while all(end != self._until_closed for end, _ in poller.poll()):
            try:
                chunk = os.read(self._ours, 65536)
            except OSError:
                return
            with self._changed:
                self._painted += chunk
                self._changed.notify_all()

    def painted(self) -> str:
        """Everything since the start, control sequences and all."""
        return self._painted.decode("utf-8", "replace")

    def sees(self, text: str, *, nth: int = 1) -> None:
        """Wait until a text has been painted for the nth time."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.painted().count(text) >= nth, SECONDS)
        assert came, f"waited for {text!r} ({nth}) on the terminal; there is {self.painted()!r}"

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def enter(self, line: str) -> None:
        """Type a line."""
        self.press(f"{line}\r")

    def wait(self) -> int:
        """Its exit code, negative for a signal; afterwards the terminal is closed."""
        code = self.process.wait(SECONDS)
        if self._ours >= 0:
            self.modes_after = termios.tcgetattr(self._theirs)
            self.hang_up()
        return code

    def hang_up(self) -> None:
        """Close the terminal, under the program if it still runs."""
        os.close(self._closes)
        self._reader.join(SECONDS)
        for end in (self._ours, self._theirs, self._until_closed):
            os.close(end)
        self._ours = -1
