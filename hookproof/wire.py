"""What comes in over a wire from whoever may write to it: lines of a bounded length, JSON of a bounded nesting.

Used where the harness listens: the recorder, the hosts' own output, the model server. Nothing here keeps more than its
bound in memory, whatever is sent, and what is dropped is counted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEEPEST = 256
"""How deep JSON may be nested. Nothing that a run needs comes near; beyond about a thousand no Python can write it."""
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


class Lines:
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


def parse(data: bytes, *, deepest: int = DEEPEST) -> Any:
    """The JSON document in `data`. Raises ValueError, also for one that is nested too deep."""
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError(f"nested deeper than {deepest}") from None
    # hardly any document has as many brackets as it might be deep, so that it need not be walked
    if data.count(b"[") + data.count(b"{") > deepest and is_deeper(value, deepest):
        raise ValueError(f"nested deeper than {deepest}")
    return value


def is_deeper(value: Any, deepest: int) -> bool:
    """Whether lists and objects are nested in each other more than `deepest` times."""
    level = [value]
    for _ in range(deepest):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        level = inner
        if not level:
            break
    return any(isinstance(each, dict | list) for each in level)


class Sparing:
    """Tells a thing as often as it may be told, and the last time that no more of it will be."""

    def __init__(self, tell: Callable[..., object], most: int) -> None:
        self._tell = tell
        self._left = most

    def __call__(self, what: str, **more: object) -> None:
        """Tell it, unless that has been told often enough."""
        if self._left > 0:
            self._left -= 1
            self._tell(what if self._left else f"{what}; there may be more, which is not told", **more)
