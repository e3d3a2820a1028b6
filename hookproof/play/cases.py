"""What is played, and how: one cell of the matrix, and the options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.claude import ClaudeProgram


@dataclass(frozen=True, slots=True)
class Case:
    """What is played: one cell of the matrix."""

    scenario: Scenario
    plugin: Plugin
    lifecycle: Resolved
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How it is played. `seconds` is the patience of each single wait."""

    host: ClaudeProgram
    codex: Path | None = None
    seconds: float = 60.0
    extra_env: Mapping[str, str] = field(default_factory=dict)
