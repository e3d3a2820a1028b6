"""What a host is to hookproof: one object for each coding agent that plugins are played on.

`hosts/NAME/host.py` makes the object, `hosts.registry` gives it by its name, and everything else asks it instead of
comparing names. Light to import: what begins sessions is imported when a session begins.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hookproof import places
from hookproof.catalogue.host import HooksFiles, HostName, Program

if TYPE_CHECKING:
    from hookproof.catalogue.model_step import AnyStep
    from hookproof.hosts.session import Session, Setting
    from hookproof.model.turns import Turns, Wire


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """What a host gives the SessionEnd hooks of a session by itself, and how it is given more; in milliseconds."""

    ms: int
    """What a hook has at most, whatever timeout it declares."""
    undeclared_ms: int
    """What a hook has that declares none."""
    variable: str | None = None
    """The host's own variable for another budget; None where nothing raises it."""
    raises_undeclared: bool = True
    """Whether the variable also gives more to a hook that declares no timeout."""


@dataclass(frozen=True)
class Host(ABC):
    """One coding agent. What is said here holds for its stand-in and for the real program."""

    name: HostName
    title: str
    """The name for people: Claude Code, Codex."""
    option: str
    """What its option on the command line names."""
    plays: frozenset[Literal["companion", "context", "hooks"]]
    """The kinds of plugin that are played on it: each where the plugin has hooks for it."""
    package: str
    """Where npm has it."""
    says: str
    """What its `--version` says, in lower case, beside a number."""
    contacts: str
    """Whom the real program knows by the addresses in it."""
    hooks: HooksFiles
    key: str
    """The variable with the key for its model: a dummy, which the run's own model server asks for."""
    has_clients: bool
    """Whether a scenario can have it driven by a client, which tells of the threads that it opens."""
    has_terminal: bool
    """Whether a scenario can have it played at a terminal."""
    builtin_agent: str
    """An agent that it has by itself, and that no plugin is likely to have a template for."""
    qualifies_agents: bool
    """Whether it calls a plugin's agent by the plugin's name and its own."""
    child_starts: str
    """What the tables of events of its lifecycles call the moment at which an agent starts another."""
    names_agents_in_hooks: bool
    """Whether the hooks of a child carry the name of its agent, and not only requests to the model do."""

    def steps(self, script: Sequence[AnyStep]) -> Sequence[AnyStep]:
        """What its model answers where a scenario of several hosts has this script."""
        return script

    def stand_in(self) -> Program:
        """The stand-in that hookproof ships, run by this very interpreter."""
        return Program((sys.executable, "-I", "-S", str(places.FAKES / self.name / f"{self.name}.py")), "fake")

    @abstractmethod
    def programs(self, folder: Path, package: str, platform: Platform) -> Iterator[tuple[str, str | None]]:
        """Where its program may lie below `folder`, in a package that npm has put there; and what it needs (`node`)."""

    @abstractmethod
    def variables(self, *, home: Path, tmp: Path, model: str, key: str) -> Mapping[str, str]:
        """What it needs in its environment to keep to the run's home and model server (`model`, a base address)."""

    @property
    def hosting(self) -> Mapping[str, str]:
        """What every process of a run has in its environment when sessions of this host are played in it."""
        return {}

    @abstractmethod
    def session_end(self, rows: Mapping[str, Any], version: str | None) -> SessionEnd:
        """What it gives SessionEnd hooks: its stand-in with these rows of a lifecycle, or the real one of a version.

        Of the real one `rows` are those of the measured lifecycle that it is nearest to.
        """

    @property
    @abstractmethod
    def wire(self) -> Callable[[Turns], Wire]:
        """The API by which it asks its model."""

    async def prepare(self, setting: Setting, *, roles: set[str]) -> None:  # noqa: B027 - not every host needs it
        """Make ready what its sessions find in the run's home, before the first; `roles` are agents that are started.

        Raises HostError, DeadlineMissedError.
        """

    def prepare_worker(self, setting: Setting) -> None:  # noqa: B027 - not every host does jobs
        """Make ready what the real program finds in the run's home when it does the jobs of a plugin."""

    @abstractmethod
    async def begin(self, setting: Setting) -> Session:
        """Begin a session in the sandbox's project, with the sandbox's plugin. Raises HostError."""


@dataclass(frozen=True, slots=True)
class Platform:
    """This machine as npm's packages spell it: Node's words, and the one of Rust's triples for the same processor."""

    system: str
    architecture: str

    @property
    def suffix(self) -> str:
        """What the name of a native program ends with."""
        return ".exe" if self.system == "win32" else ""

    def fits(self, triple: str) -> bool:
        """Whether a name such as x86_64-unknown-linux-musl means this machine."""
        machine = _MACHINES.get(self.architecture, self.architecture)
        return triple.startswith(f"{machine}-") and _SYSTEMS.get(self.system, "?") in triple


_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
_MACHINES = {"x64": "x86_64", "arm64": "aarch64"}
