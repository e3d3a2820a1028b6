"""A session of a host: what the runner needs of one, and what one is begun with. `Host.begin` makes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hookproof.catalogue.host import Program
from hookproof.catalogue.scenario import Claude, Codex
from hookproof.journal import Journal
from hookproof.processes import CaseProcesses
from hookproof.sandbox.sandbox import Sandbox


class HostError(Exception):
    """A host that does not do what it must be able to do. One sentence."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What one session is begun with; `prepare` of its host is given one, too."""

    name: str
    """The session's name in the scenario."""
    program: Program
    sandbox: Sandbox
    journal: Journal
    env: Mapping[str, str]
    """The environment of every process of the session."""
    processes: CaseProcesses
    seconds: float
    """The patience of each single wait."""
    claude: Claude = field(default_factory=Claude)
    codex: Codex = field(default_factory=Codex)
    """How the scenario has either host run."""
    settled: Callable[[], Awaitable[object]] | None = None
    """Waits until nothing in the run moves, and raises DeadlineMissedError; None where nobody can tell."""
    resume: str | None = None
    """The id of a session that has ended, and is taken up again under the same id."""


class Session(Protocol):
    """One session of a host. Every kind of session derives from this."""

    name: str

    async def type(self, text: str) -> None:
        """One user turn, marked so that the model server knows whose conversation it is."""

    async def end(self) -> None:
        """End it as a user would, and wait for the host to be gone. The caller sets the deadline."""

    async def close_terminal(self) -> None:
        """Close its terminal (or end it, if it has none) and wait for the host to be gone, however long that takes."""
        await self.end()

    async def kill(self) -> None:
        """Kill its host and wait for it to be gone, however long that takes. Raises HostError where it has none."""
        raise HostError(f"session {self.name!r}: only a host that lives as long as its session can be killed")

    async def fork(self, name: str) -> Session:
        """A session that begins with all that was said in this one. Raises HostError where the host cannot do that."""
        raise HostError(f"session {name!r}: only a client of codex app-server can fork {self.name}")

    async def abandon(self) -> None:
        """Stop reading; what still runs is ended by the run's sweep."""
