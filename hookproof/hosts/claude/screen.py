"""What a terminal would show: the bytes of a program in, lines of text out. A session at a terminal reads it.

The terminal is pyte's. Here stands between it and a host what pyte 0.8.2 gets wrong: it prints parts of the sequences
that it does not know, raises on those that it knows with other parameters, drops the rest of a text after a character
without a width, and has neither scrolling by command nor a second screen. Importing this costs pyte and wcwidth.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress
from typing import Any

import pyte
from pyte.screens import wcwidth

_TOKEN = re.compile(
    r"(?P<known>[^\x1b\x80-\x9f]+|\x1b\[\??[\d;]*[@-~]|\x1b[0-OQ-WYZ`-~])"
    r"|\x1b\[[0-?]*[ -/]*(?:[@-~]|(?=[^ -~]))"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b[^\\]))"  # a title and the like
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b(?:\\|(?=[^ -~]))"
    r"|[\x80-\x9f]"
)
_LONGEST_SEQUENCE = 4096
_OTHER_SCREEN = 1049


class Screen:
    """A grid of `rows` × `columns`, fed with output."""

    def __init__(self, columns: int, rows: int) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._screen = _Terminal(columns, rows)
        self._stream = _Stream(self._screen)
        self._lines = [""] * rows

    def lines(self) -> list[str]:
        """The lines from the top, without the blanks at their ends."""
        for row in self._screen.dirty:
            cells = self._screen.buffer[row]
            self._lines[row] = "".join(cells[column].data for column in range(self._screen.columns)).rstrip()
        self._screen.dirty.clear()
        return list(self._lines)

    def text(self) -> str:
        """What there is to read: the lines that are not empty."""
        return "\n".join(line for line in self.lines() if line)

    def feed(self, data: bytes) -> None:
        """Take in output; a sequence may come in pieces."""
        text = self._rest + self._decoder.decode(data)
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                if len(text) - at < _LONGEST_SEQUENCE:
                    break
                at += 1
                continue
            at = token.end()
            if token["known"]:
                with suppress(TypeError, UnboundLocalError, AssertionError):  # parameters that pyte has no place for
                    self._stream.feed(token["known"])
        self._rest = text[at:]


class _Terminal(pyte.Screen):
    def draw(self, data: str) -> None:
        super().draw("".join(each for each in data if wcwidth(each) > 0 or unicodedata.combining(each)))

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        super().set_mode(*modes, **kwargs)
        self._other_screen(modes)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        self._other_screen(modes)

    def delete_lines(self, count: int | None = None) -> None:
        for row in range(self.lines):
            self.buffer[row]  # a line that nobody has written on is none to pyte, until it is asked for
        super().delete_lines(count)

    def scroll_up(self, count: int | None = None) -> None:
        self._from_the_top(self.delete_lines, count)

    def scroll_down(self, count: int | None = None) -> None:
        self._from_the_top(self.insert_lines, count)

    def _from_the_top(self, edit: Any, count: int | None) -> None:
        column, row = self.cursor.x, self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        edit(count)
        self.cursor.x, self.cursor.y = column, row

    def _other_screen(self, modes: tuple[int, ...]) -> None:
        if _OTHER_SCREEN in modes:
            self.erase_in_display(2)  # nobody has written on it


class _Stream(pyte.Stream):
    csi = {**pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down", "`": "cursor_to_column"}
