"""The issues that hookproof reproduces: which cases each needs, and how the results compare with the issue's claims."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that an issue says, and whether it came out."""

    text: str
    holds: bool
    seen: str
