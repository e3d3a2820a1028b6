"""The launches that a run tries before its first case, each played once for all examples in which it is the same.

What is fuzzed may be what they play: another plugin, descriptor, lifecycle or option is played as a user's run would.
Most examples spoil something else, and would play the same launch again and again, for twice what all else costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hookproof.play import Case, PlayOptions
from hookproof.report.results import PreflightResult
from hookproof.suite import preflight


class Launches:
    """Stands for `suite.preflight.preflights`."""

    def __init__(self, play: Callable[..., list[PreflightResult]] = preflight.preflights) -> None:
        self._play = play
        self._known: dict[object, list[PreflightResult]] = {}

    def __call__(
        self, cases: Sequence[Case], run: Path, options: PlayOptions, *, workers: int
    ) -> list[PreflightResult]:
        key = (
            tuple(sorted({repr(_played(each)) for each in cases if preflight.wanted(each)})),
            tuple(_content(root) for root in sorted({each.plugin.root for each in cases})),
            preflight.SCENARIO.read_bytes(),
            repr(options),
        )
        if key not in self._known:
            self._known[key] = self._play(cases, run, options, workers=workers)
            return self._known[key]
        # their journals are those of another run, which may have been removed
        return [each.model_copy(update={"journal": None}) for each in self._known[key]]


def _played(case: Case) -> Any:
    """What of a case its preflight plays: all but the scenario."""
    fields: dict[str, Any] = {"scenario": None, "repeat": 1}
    return replace(case, **fields)


def _content(root: Path) -> tuple[tuple[str, int, bytes], ...]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.parent.name != "__pycache__")
    return tuple((str(path.relative_to(root)), path.stat().st_mode, path.read_bytes()) for path in files)
