"""The issues that hookproof replays: what is played for each, and how the outcome is told beside what it claims."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that an issue says, and whether it came out."""

    text: str
    holds: bool
    seen: str
