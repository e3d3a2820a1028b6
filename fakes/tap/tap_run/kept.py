"""What of a hook's output is kept for its record, however much is handed on."""

from __future__ import annotations

LONGEST = 1024 * 1024
"""Of each stream, in bytes: a record is one line."""


class Kept:
    """The beginning of one stream, and how long it was."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Take in what was read."""
        self.size += len(chunk)
        if len(self.data) < LONGEST:
            self.data += chunk[: LONGEST - len(self.data)]

    def shown(self, name: str) -> dict[str, object]:
        """For the journal: `name`, and its whole length where not all of it is there."""
        fields: dict[str, object] = {name: self.data.decode("utf-8", "replace")}
        return {**fields, f"{name}_bytes": self.size} if self.size > LONGEST else fields
