"""What is played, and how: one cell of the matrix, and the options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.claude.print_mode import stand_in as fake_claude
from hookproof.hosts.codex.exec import stand_in as fake_codex
from hookproof.hosts.session import Program


@dataclass(frozen=True, slots=True)
class Case:
    """What is played: one cell of the matrix."""

    scenario: Scenario
    plugin: Plugin
    lifecycle: Resolved
    repeat: int = 1
    program: Program | None = None
    """The real host that plays it; None is the stand-in with the lifecycle."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How it is played. `seconds` is the patience of each single wait."""

    claude: Program = field(default_factory=fake_claude)
    codex_host: Program = field(default_factory=fake_codex)
    worker: Program | None = None
    """A real Codex for the jobs of a companion; None is the stand-in."""
    isolation: Mapping[str, Any] | None = None
    """What keeps real hosts off the network, for the journal."""
    seconds: float = 60.0
    extra_env: Mapping[str, str] = field(default_factory=dict)
    tap: bool = False
    """Whether the plugin's hook commands are wrapped, so that a host that tells nothing of its hooks leaves records."""

    def host(self, name: str) -> Program:
        """The program that plays `claude` or `codex` as a host."""
        return self.claude if name == "claude" else self.codex_host
