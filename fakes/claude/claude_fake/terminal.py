"""The terminal of an interactive session: a prompt at the bottom, above it what was typed and answered.

Keys are read one by one, so that what the host prints in the meantime never tears a half-typed line apart: the prompt
is taken away, the text is printed, the prompt comes back with what stood in it. POSIX only.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import termios
import threading

from .message_queue import UserTurn
from .system import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .message_queue import MessageQueue

RULE = "─" * 40
PROMPT = "❯ "
ERASE, KILL = ("\x7f", "\b"), "\x15"
ENDS = {"\x03": "Ctrl-C", "\x04": "Ctrl-D"}
WORKING = "✻ Working… (esc to interrupt)"


class Terminal:
    """Standard input and output of a session at a terminal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line = ""
        self._working = False
        self._deaf = False
        self._end_was_asked = ""
        self._height = 0
        self._columns = os.get_terminal_size(0).columns or 80
        self._before = termios.tcgetattr(0)
        modes = termios.tcgetattr(0)
        modes[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSANOW, modes)
        self._draw()

    def read(self, queue: MessageQueue, until_ending: int) -> None:
        """Take what is typed, until the host ends or the terminal is gone."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while readable(0, until_ending):
            try:
                chunk = os.read(0, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                # where this process does not own the terminal, nobody else says so
                os.kill(os.getpid(), signal.SIGHUP)
                return
            for letter in decoder.decode(chunk):
                self._key(letter, queue)

    def show(self, text: str) -> None:
        """Print something above the prompt."""
        with self._lock:
            self._erase()
            self._write(text.rstrip() + "\n\n")
            self._draw()

    def begin(self) -> None:
        """The host is at work."""
        with self._lock:
            self._set_working(working=True)

    def rest(self, queue: MessageQueue) -> None:
        """The host is idle, unless something has come in."""
        with self._lock:
            if queue.is_empty():
                self._set_working(working=False)

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        """The prompt is there, and whatever is typed in the meantime is gone when the host turns to it."""
        with self._lock:
            self._deaf = True
            self._set_working(working=False)
        try:
            yield
        finally:
            with self._lock:
                self._deaf = False
                self._again(line="")
                self._set_working(working=True)

    def close(self) -> None:
        """Give the terminal back as it was."""
        with self._lock:
            self._erase()
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(0, termios.TCSANOW, self._before)

    def _key(self, letter: str, queue: MessageQueue) -> None:
        with self._lock:
            asked, self._end_was_asked = self._end_was_asked, ""
            if letter in "\r\n":
                self._enter(queue)
            elif letter in ENDS and not self._line:
                self._end(queue, letter, asked=asked)
            elif letter in ERASE:
                self._again(line=self._line[:-1])
            elif letter == KILL or letter in ENDS:
                self._again(line="")
            elif letter.isprintable():
                self._again(line=self._line + letter)

    def _enter(self, queue: MessageQueue) -> None:
        line = self._line.strip()
        self._erase()
        self._line = ""
        if line and not self._deaf:
            self._write(f"{PROMPT}{line}\n\n")
            self._working = True
            queue.put(UserTurn(line))
        self._draw()

    def _end(self, queue: MessageQueue, letter: str, *, asked: str) -> None:
        """The same key twice is `/exit` (measured)."""
        if asked == letter:
            queue.put(UserTurn("/exit"))
        else:
            self._end_was_asked = letter
            self._again(f"Press {ENDS[letter]} again to exit")

    def _again(self, note: str | None = None, line: str | None = None) -> None:
        self._erase()
        if note is not None:
            self._write(f"{note}\n\n")
        if line is not None:
            self._line = line
        self._draw()

    def _set_working(self, *, working: bool) -> None:
        if working != self._working:
            self._erase()
            self._working = working
            self._draw()

    def _draw(self) -> None:
        above = f"{WORKING}\n{RULE}\n" if self._working else f"{RULE}\n"
        self._height = above.count("\n") + (len(PROMPT + self._line) - 1) // self._columns
        self._write(above + PROMPT + self._line)

    def _erase(self) -> None:
        self._write(f"\r\x1b[{self._height}A\x1b[J")

    def _write(self, text: str) -> None:
        unwritten = memoryview(text.encode("utf-8", "replace"))
        while unwritten:
            try:
                unwritten = unwritten[os.write(1, unwritten) :]
            except OSError:
                return  # nobody reads it
