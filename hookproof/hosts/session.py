"""What the play needs of a session, whichever host it is one of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Program:
    """Which program plays a host."""

    argv: tuple[str, ...]
    version: str

    @property
    def real(self) -> bool:
        """Whether it is the host itself and no stand-in: it does not tell the journal what it does."""
        return self.version != "fake"


class HostError(Exception):
    """A host that does not do what it must be able to do. One sentence."""


class Session(Protocol):
    """One session of a host."""

    name: str

    async def type(self, text: str) -> None:
        """One user turn, marked so that the model server knows whose conversation it is."""

    async def end(self) -> None:
        """End it as a user would, and wait for the host to be gone. The caller sets the deadline."""

    async def hang_up(self) -> None:
        """Close its terminal, where it has one, and wait for the host to be gone. The caller sets the deadline."""

    async def abandon(self) -> None:
        """Stop reading; what still runs is ended by the run's sweep."""
