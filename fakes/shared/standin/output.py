"""What a hook prints, kept as far as anybody looks at it, however long it is.

The real host keeps all of it in memory. Here the beginning is kept, and the rest is read, counted and dropped, so that
the hook never stands before a full pipe and this program never grows with it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEPT = 4 * 1024 * 1024
"""Of each stream, in bytes. What is made of an output is made of this: a document that is longer is not taken."""
SHOWN = 1024 * 1024
"""Of each stream in records and on the host's own stream, in bytes: a record is one line."""


class Output:
    """One stream of a hook. One thread adds to it."""

    def __init__(self, most: int = KEPT) -> None:
        self.size = 0
        self._most = most
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take in what was read."""
        self.size += len(chunk)
        if len(self._kept) < self._most:
            self._kept += chunk[: self._most - len(self._kept)]

    @property
    def cut(self) -> bool:
        """Whether not all of it was kept."""
        return self.size > self._most

    def text(self) -> str:
        """What was kept. What is no UTF-8 in it is replaced."""
        return self._kept.decode("utf-8", "replace")

    def shown(self, name: str) -> dict[str, Any]:
        """For the journal: `name`, and its whole length where not all of it is there."""
        fields: dict[str, Any] = {name: self._kept[:SHOWN].decode("utf-8", "replace")}
        return {**fields, f"{name}_bytes": self.size} if self.size > SHOWN else fields
