"""Rollout files whose beginning the run has replaced: what a hook finds when a transcript is damaged or lies.

`HOOKPROOF_TRANSCRIPTS` names a JSON file: which agent's transcript begins how. A hook reads that file and must bear it.
"""

from __future__ import annotations

import json
import os

from . import clock
from .rollout import Rollout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

VARIABLE = "HOOKPROOF_TRANSCRIPTS"
WHOLE = "."


class TranscriptOverrides:
    """How the run wants transcripts to begin, by the agent's name; one for each host."""

    def __init__(self, path: str | None) -> None:
        self._by_name: dict[str, Json] = {}
        if path:
            with open(path, encoding="utf-8") as file:
                self._by_name = json.load(file)

    def of(self, name: str | None) -> Json | None:
        """How the transcript of that agent is to begin, if otherwise."""
        return self._by_name.get(name) if name else None


def overrides_of_the_run() -> TranscriptOverrides:
    """The overrides that the environment asks for. Raises OSError, ValueError."""
    return TranscriptOverrides(os.environ.get(VARIABLE))


def changed(meta: Json, override: Json) -> Json | None:
    """The first line's payload after an override, or None for no line at all."""
    dropped = override.get("drop", [])
    if WHOLE in dropped:
        return None
    result: Json = json.loads(json.dumps(meta))
    for path, value in override.get("set", {}).items():
        *way, last = path.split(".")
        inner = result
        for key in way:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        inner[last] = value
    for path in dropped:
        *way, last = path.split(".")
        found: Any = result
        for key in way:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            found.pop(last, None)
    return result


class HostRollout(Rollout):
    """A thread's file as the lifecycle shapes it, its beginning perhaps replaced."""

    def __init__(self, path: str, metas: list[Json], *, ordinals: bool, begun: bool = False) -> None:
        super().__init__(path, metas, begun=begun)
        self.metas = metas
        self.override: Json | None = None
        self._numbered = ordinals
        self._ordinal = _lines(path) if begun and ordinals else 0

    def begin(self) -> None:
        """Write the file's first lines, once. Raises OSError."""
        if self._begun or self.override is None:
            super().begin()
            return
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self._begun = True
        first, *rest = self.metas
        if "instead_hex" in self.override:
            data = bytes.fromhex(self.override["instead_hex"])
            with open(self.path, "ab") as file:
                file.writelines(data for _ in range(int(self.override.get("repeat", 1))))
        else:
            line = changed(first, self.override)
            rest = [line, *rest] if line is not None else rest
        self._append([("session_meta", meta) for meta in rest])

    def lines(self) -> int:
        """How many lines there are so far."""
        return self._ordinal

    def _append(self, lines: list[tuple[str, Json]]) -> None:
        if not self._numbered:
            super()._append(lines)
            return
        moment = clock.stamp(clock.now_ms())
        rows = []
        for kind, payload in lines:
            row = {"timestamp": moment, "ordinal": self._ordinal, "type": kind, "payload": payload}
            rows.append(json.dumps(row) + "\n")
            self._ordinal += 1
        with open(self.path, "ab", buffering=0) as file:
            file.write("".join(rows).encode())


def _lines(path: str) -> int:
    try:
        with open(path, "rb") as file:
            return file.read().count(b"\n")
    except OSError:
        return 0
