"""What a journal says of processes that may be the case's and may be another's. Pure functions of its records.

Such a process had lost its token, its parents and whatever else ties a process to a case, while several cases were open
at once. Played alone, each of them says whether it leaves such a process.
"""

from __future__ import annotations

from collections.abc import Iterable

from hookproof.records import Record
from hookproof.records.parts import Process
from hookproof.records.run import Strays


def undecided(records: Iterable[Record]) -> list[Process]:
    """The processes of which nothing tells whether this case or another left them, as its records have them."""
    return _told(records, "undecided")


def of_this_case(records: Iterable[Record]) -> list[Process]:
    """The processes without the run's token that the case has left, however they were recognised."""
    return _told(records, "this case")


def _told(records: Iterable[Record], of: str) -> list[Process]:
    told = (record for record in records if isinstance(record, Strays) and record.of == of)
    return [process for record in told for process in record.processes]


def has_undecided(records: Iterable[Record]) -> bool:
    """Whether the case is to be played again alone, whichever of its requirements are judged."""
    return bool(undecided(records))
