"""A list of tables in a TOML file that people write: entries are changed, taken out and added, all else stays.

A baseline is edited by it, one list after the other. Both ways to write such a list are kept to, `[[key]]` and
`key = [{...}]`. tomlkit keeps every letter (only headers that were spelled in two ways are spelled alike afterwards),
but takes the comment before a header for the end of the table before; a reader takes it for the next one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, Comment, Item, Key, Null, Table

_Body = list[tuple[Key | None, Item]]
_HERE = "\0"
"""No TOML has it."""


_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*(.+?)[ \t]*\]\]", re.MULTILINE)


class MixedError(ValueError):
    """Tables of one list stand behind those of another, which tomlkit would put in order."""

    def __str__(self) -> str:
        return "its lists are mixed; expected the tables of each list together"


class TableList:
    """The tables under `key` in a document. Raises tomlkit's ParseError for a text that is no TOML, MixedError."""

    def __init__(self, text: str, key: str) -> None:
        self._key = key
        self._shorter = False
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._document = tomlkit.parse(text)
        if _HEADER.findall(self._document.as_string()) != _HEADER.findall(text):
            raise MixedError
        self._tables: Any = self._document.get(key, [])
        self._bind_comments()

    def read(self) -> list[dict[str, Any]]:
        """The tables as plain values."""
        return [table.unwrap() for table in self._tables]

    def take_values(self, number: int, name: str, values: Iterable[str]) -> None:
        """Take `values` out of the list `name` of a table."""
        for value in values:
            self._tables[number][name].remove(value)

    def set(self, number: int, name: str, value: object) -> None:
        """Set a value of a table, behind those that it has."""
        table = self._tables[number]
        tail = _without_end(table.value) if isinstance(table, Table) else []
        table[name] = value
        if tail:
            table.value.body.extend(tail)

    def remove(self, number: int) -> None:
        """Take a table out, with the comment before it."""
        del self._tables[number]
        self._shorter = True
        if isinstance(self._tables, AoT) and not self._tables:
            self._document.remove(self._key)  # or it would be written as `key = []`

    def text_with(self, tables: Iterable[Mapping[str, object]]) -> str:
        """The document as it is now, and more tables at its end."""
        if isinstance(self._tables, Array):
            for each in tables:
                inline = tomlkit.inline_table()
                inline.update(each)
                self._tables.append(inline)
            return self._document.as_string()
        added = "".join(f"\n{tomlkit.dumps({self._key: [dict(each)]})}" for each in tables)
        text, rest = self._parts()
        if text and (self._shorter or (added and not text.endswith("\n")) or (added and rest)):
            text = text.rstrip() + self._newline
        gap = self._newline if rest and text and (self._shorter or added) else ""
        return text + added.replace("\n", self._newline) + gap + rest

    def _parts(self) -> tuple[str, str]:
        """The text as far as this list goes, and the other lists behind it: what is added goes in between."""
        lists = [each for key, each in self._document.body if key is not None and isinstance(each, AoT) and len(each)]
        at = next((number for number, each in enumerate(lists) if each is self._tables), None)
        if at is None or at + 1 == len(lists):
            return self._document.as_string(), ""
        trivia = lists[at + 1][0].trivia
        trivia.indent = _HERE + trivia.indent
        text, _, rest = self._document.as_string().partition(_HERE)
        return text, rest

    def _bind_comments(self) -> None:
        """Give each header the comment lines that stand right before it, as a part of its indentation."""
        before: _Body | None = None
        for at, (_, item) in enumerate(self._document.body):
            for table in item if isinstance(item, AoT) else ():
                body = self._document.body[:at] if before is None else before
                comments = 0
                while comments < len(body) and isinstance(body[-1 - comments][1], Comment):
                    comments += 1
                taken = [each.as_string() for _, each in body[len(body) - comments :]]
                table.trivia.indent = "".join([*taken, table.trivia.indent])
                if before is not None:
                    del before[len(before) - comments :]
                else:  # the document knows its keys by number
                    self._document.body[at - comments : at] = [(None, Null())] * comments
                before = table.value.body


def _without_end(table: Container) -> _Body:
    """Take off what follows the last value: comments and empty lines, in their order."""
    last = max((number for number, (key, _) in enumerate(table.body) if key is not None), default=-1)
    tail = table.body[last + 1 :]
    del table.body[last + 1 :]
    return tail
