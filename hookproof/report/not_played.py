"""What the stand-ins did not play of a plugin, gathered over the cases of a report. Every report tells it once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hookproof.report.results import Result


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that a plugin declares, and the lifecycles on which it was not played."""

    plugin: str
    sentence: str
    lifecycles: tuple[str, ...]

    @property
    def line(self) -> str:
        """The whole sentence."""
        return f"{self.plugin} declares {self.sentence} (on {', '.join(self.lifecycles)})"


def gaps(results: Iterable[Result]) -> list[Gap]:
    """Each once, in the order of the results."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for each in results:
        for thing in each.not_played:
            found.setdefault((each.plugin, thing.sentence), {})[each.lifecycle] = None
    return [Gap(plugin, sentence, tuple(on)) for (plugin, sentence), on in found.items()]


def counted(partly_played: int) -> str:
    """What stands behind the number of cases that conform, where not all of what is declared was played in some."""
    return f" ({partly_played} partly played)" if partly_played else ""
