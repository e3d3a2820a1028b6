"""What a space-time picture is made of, apart from how it is drawn.

Time goes downwards, one row an event. Every process and every agent has a lane; what lives in it is a bar from its
birth to its death, and what passes between two lanes is an arrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LaneKind = Literal["model", "session", "agent", "hooks", "shells", "worker", "server", "client", "hookproof"]
BarKind = Literal["session", "agent", "hook", "shell", "process", "held"]
ArrowKind = Literal["asks", "starts", "ends", "signal", "tells"]
MarkKind = Literal["birth", "death", "killed", "told", "notified", "held", "released", "answered", "look", "said"]
Tone = Literal["plain", "quiet", "told", "bad", "broken"]


@dataclass(frozen=True, slots=True)
class Lane:
    """One process or agent, or several of a kind that share a lane."""

    key: str
    kind: LaneKind
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """Something longer that belongs to a row: a hook's input, a text that reached a model."""

    name: str
    text: str


@dataclass(slots=True)
class Row:
    """One row of a picture: an event as a sentence."""

    at: float
    seq: int
    text: str
    tone: Tone = "plain"
    details: list[Detail] = field(default_factory=list)
    anchor: str = ""
    """What links to this row name it by: the requirement that was broken."""


@dataclass(slots=True)
class Bar:
    """A life: from the row of its birth to the row of its death (None: it outlived the picture)."""

    lane: str
    kind: BarKind
    first: int
    last: int | None = None
    label: str = ""
    owner: str = ""
    """The lane of the agent in whose session it ran: it gives the colour."""
    known_from: int | None = None
    """The row from which it is known to live, where its birth itself was not recorded."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """Something that passed from one lane to another; `certain` when it was observed, not inferred."""

    row: int
    start: str
    end: str
    kind: ArrowKind
    label: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in one lane."""

    row: int
    lane: str
    kind: MarkKind


@dataclass(slots=True)
class Timeline:
    """The whole picture."""

    lanes: list[Lane] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    hidden: int = 0
    """Records that say nothing of their own, for example the host's output lines: in the table only."""
    left_out: int = 0
    """Events beyond the cap."""
    broken_later: list[str] = field(default_factory=list)
    """Requirements that were broken beyond the cap."""
