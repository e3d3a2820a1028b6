"""Reads lines of a bounded length from a stream, and bounds how often a complaint is recorded.

Used where the harness listens: the recorder, the hosts' own output, the model server. Nothing here keeps more than its
bound in memory, whatever is sent, and what is dropped is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end. `size` is how long it was, `data` as much of its beginning as was kept."""

    data: bytes
    size: int
    ended: bool = True
    """Whether a line feed stood behind it; the last one of a stream may break off."""

    @property
    def cut(self) -> bool:
        """Whether the end of it was dropped."""
        return self.size > len(self.data)


class LineReader:
    """The lines of a stream. Of one that is longer than `longest` bytes the beginning is kept and the rest dropped."""

    def __init__(self, reader: asyncio.StreamReader, longest: int) -> None:
        self._reader = reader
        self.longest = longest
        self._rest = b""

    async def next(self) -> Line | None:
        """The next line, or None at the end. Raises ConnectionError."""
        kept = bytearray()
        size = 0
        while True:
            chunk, self._rest = self._rest or await self._reader.read(_CHUNK), b""
            if not chunk:
                return Line(bytes(kept), size, ended=False) if size else None
            part, feed, after = chunk.partition(b"\n")
            size += len(part)
            kept += part[: self.longest - len(kept)]
            if feed:
                self._rest = after
                return Line(bytes(kept), size)


class Sparing:
    """Writes a message a limited number of times; the last one says that no more will be written."""

    def __init__(self, write: Callable[..., object], most: int) -> None:
        self._write = write
        self._left = most

    def __call__(self, what: str, **more: object) -> None:
        """Tell it, unless that has been told often enough."""
        if self._left > 0:
            self._left -= 1
            self._write(what if self._left else f"{what}; there may be more, which is not told", **more)
