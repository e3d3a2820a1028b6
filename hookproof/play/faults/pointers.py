"""What in a copied row still points at live processes: a job's row is copied, its processes are not.

A plugin keeps more of a job's processes than the pid that a descriptor names: who owns it, its app server, texts by
which it knows a process again. A copy that kept them would send the plugin's cancel to the job that it was made of.
Used by the faults that copy rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hookproof.processes import Identity, ProcessInfo
from hookproof.records.base import Json

_NUMBER = re.compile(r"\d+")
_SHORTEST_START = 5
"""A start with fewer digits, which a machine has in its first moments, may stand for anything when it stands alone."""


class Pointers:
    """The processes of a run that were alive when a row was copied."""

    def __init__(self, alive: Iterable[ProcessInfo], *, but: Identity | None = None) -> None:
        """`but` is the process of the copy itself, which a row may point at."""
        others = [info for info in alive if info.identity != but]
        self._starts = {info.identity.pid: str(info.identity.start) for info in others}
        # how `ps -o lstart=` and others spell when a process began; the second is rounded by some, cut by others
        self._texts = {time.ctime(info.created + second) for info in others for second in (0, 1)}

    def without(self, row: Json, needed: Callable[[str, Any], bool]) -> tuple[Json, list[str]]:
        """The row without the fields that point at one of them, and the paths of these fields.

        `needed` says of a field, by its path and value, whether the row must have it. Of an object with such a field
        in it only what points goes.
        """
        dropped: list[str] = []

        def cleared(value: Json, above: str) -> Json:
            left: Json = {}
            for key, inner in value.items():
                path = f"{above}{key}"
                if needed(path, inner) or not self.points(inner):
                    left[key] = inner
                elif isinstance(inner, dict) and _has(inner, f"{path}.", needed):
                    left[key] = cleared(inner, f"{path}.")
                else:
                    dropped.append(path)
            return left

        return cleared(row, ""), dropped

    def points(self, value: Any) -> bool:
        """Whether a value is the pid of one of them, or tells one of them by its start, at whatever depth."""
        return any(self._tells_one(each) for each in _leaves(value))

    def _tells_one(self, value: Any) -> bool:
        if isinstance(value, int) and not isinstance(value, bool):
            return value in self._starts or self._is_start(str(value))
        if not isinstance(value, str):
            return False
        numbers = set(_NUMBER.findall(value))
        if value in map(str, self._starts) or any(map(self._is_start, numbers)):
            return True
        if any(str(pid) in numbers and start in numbers for pid, start in self._starts.items()):
            return True
        named = (number for number in numbers if re.search(rf"(?i)(?:\bpid\W{{0,3}}|/proc/){number}\b", value))
        return any(int(number) in self._starts for number in named) or any(text in value for text in self._texts)

    def _is_start(self, number: str) -> bool:
        return len(number) >= _SHORTEST_START and number in self._starts.values()


def _has(value: Json, above: str, needed: Callable[[str, Any], bool]) -> bool:
    """Whether an object has a field in it that is needed."""
    return any(
        needed(f"{above}{key}", inner) or (isinstance(inner, dict) and _has(inner, f"{above}{key}.", needed))
        for key, inner in value.items()
    )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
