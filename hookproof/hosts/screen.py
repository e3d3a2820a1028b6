"""What a terminal would show: the bytes of a program in, lines of text out.

As much of a terminal as it takes to read a screen that a program repaints in pieces: the cursor, printing, erasing,
scrolling. Colours, modes and titles are passed over; an unknown sequence changes nothing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[<-?]*)(?P<numbers>[\d;:]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # a title and the like
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)
_LONGEST_SEQUENCE = 4096
_TAB = 8


class Screen:
    """A grid of `rows` × `columns`, fed with output."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._saved = (0, 0)
        self._row = self._column = 0
        self._grid = [self._blank() for _ in range(rows)]

    def lines(self) -> list[str]:
        """The lines from the top, without the blanks at their ends."""
        return ["".join(line).rstrip() for line in self._grid]

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
            self._take(token)
        self._rest = text[at:]

    def _take(self, token: re.Match[str]) -> None:
        if token["text"]:
            self._print(token["text"])
        elif token["control"]:
            self._control(token["control"])
        elif token["final"]:
            self._sequence(token["private"], token["numbers"], token["final"])
        elif token["escape"] == "7":
            self._saved = self._row, self._column
        elif token["escape"] == "8":
            self._row, self._column = self._saved
        elif token["escape"] == "c":
            self._erase(0, self.rows)

    def _print(self, text: str) -> None:
        for letter in text:
            width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
            if unicodedata.combining(letter) or letter in "\u200d\ufe0e\ufe0f":
                continue
            if self._column + width > self.columns:
                self._column = 0
                self._down()
            self._grid[self._row][self._column : self._column + width] = [letter, ""][:width]
            self._column += width

    def _control(self, control: str) -> None:
        if control == "\n":
            self._down()
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._column = min(self.columns - 1, (self._column // _TAB + 1) * _TAB)

    def _sequence(self, private: str, numbers: str, final: str) -> None:
        if private:
            if final in "hl" and "1049" in numbers.split(";"):
                self._erase(0, self.rows)  # the other screen, which nobody has written on
            return
        given = [int(part) if part.isdigit() else 0 for part in re.split("[;:]", numbers)]
        first = given[0]
        count = max(1, first)
        if final in _MOVES:
            down, right = _MOVES[final]
            self._row = min(self.rows - 1, max(0, self._row + down * count))
            self._column = min(self.columns - 1, max(0, self._column + right * count))
            self._column = 0 if final in "EF" else self._column
        elif final in "Hf":
            self._row = min(self.rows, count) - 1
            self._column = min(self.columns, max(1, given[1] if len(given) > 1 else 1)) - 1
        elif final in "G`":
            self._column = min(self.columns, count) - 1
        elif final == "d":
            self._row = min(self.rows, count) - 1
        elif final in "JK":
            self._clear(final, first)
        elif final in "XP@":
            self._edit(final, count)
        elif final in _SHIFTS:
            from_here, down = _SHIFTS[final]
            self._shift(self._row if from_here else 0, down * count)

    def _clear(self, final: str, how: int) -> None:
        self._erase_line(how)
        if final == "J" and how != 1:
            self._erase(self._row + 1, self.rows)
        if final == "J" and how != 0:
            self._erase(0, self._row)

    def _edit(self, final: str, count: int) -> None:
        line, column = self._grid[self._row], min(self._column, self.columns - 1)
        if final == "X":
            count = min(count, self.columns - column)
            line[column : column + count] = [" "] * count
        elif final == "P":
            del line[column : column + count]
            line += [" "] * (self.columns - len(line))
        else:
            line[column:column] = [" "] * count
            del line[self.columns :]

    def _erase_line(self, how: int) -> None:
        column = min(self._column, self.columns - 1)
        begin, end = {0: (column, self.columns), 1: (0, column + 1)}.get(how, (0, self.columns))
        self._grid[self._row][begin:end] = [" "] * (end - begin)

    def _erase(self, first: int, last: int) -> None:
        for row in range(first, last):
            self._grid[row] = self._blank()

    def _shift(self, top: int, down: int) -> None:
        """Move the lines from `top` on; what leaves the screen is gone."""
        kept = self._grid[top:]
        count = min(abs(down), len(kept))
        blank = [self._blank() for _ in range(count)]
        self._grid[top:] = [*blank, *kept[: len(kept) - count]] if down > 0 else [*kept[count:], *blank]

    def _down(self) -> None:
        if self._row == self.rows - 1:
            self._shift(0, -1)
        else:
            self._row += 1

    def _blank(self) -> list[str]:
        return [" "] * self.columns


# (down, right)
_MOVES = {"A": (-1, 0), "B": (1, 0), "C": (0, 1), "D": (0, -1), "E": (1, 0), "F": (-1, 0)}
# (from the cursor's line on, down)
_SHIFTS = {"L": (True, 1), "M": (True, -1), "S": (False, -1), "T": (False, 1)}
