"""Transcripts: one JSON line per message, appended, under HOME/.claude/projects.

A transcript is as old as its agent and is only ever appended to, so that a reader never sees half a line of another
writer; each agent has one of its own.
"""

from __future__ import annotations

import json
import os
import time

from .identity import new_uuid
from .stream import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity


BOUNDARY = "compact_boundary"
"""Marks the line up to which a summary covers the conversation."""


class Transcript:
    """The file of one agent."""

    def __init__(self, path: str, who: Identity, project: str, version: str) -> None:
        self.path = path
        self._who = who
        self._project = project
        self._version = version
        self._parent: str | None = None
        os.makedirs(os.path.dirname(path), exist_ok=True)

    def add(self, kind: str, message: dict[str, Any]) -> None:
        """Append one message."""
        self._append(kind, message=message)

    def add_boundary(self) -> None:
        """The conversation before this line is summed up in what follows."""
        self._append("system", subtype=BOUNDARY, content="Conversation compacted")

    def _append(self, kind: str, **values: Any) -> None:
        uuid = new_uuid()
        line = {
            "parentUuid": self._parent,
            "isSidechain": self._who.agent_id is not None,
            **({"agentId": self._who.agent_id} if self._who.agent_id else {}),
            "userType": "external",
            "cwd": self._project,
            "sessionId": self._who.session_id,
            "version": self._version,
            "type": kind,
            **values,
            "uuid": uuid,
            "timestamp": timestamp(),
        }
        self._parent = uuid
        with open(self.path, "ab", buffering=0) as file:
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


def last_written(path: str) -> float:
    """Seconds since a transcript was written to; 0 where there is none."""
    try:
        return max(0.0, time.time() - os.stat(path).st_mtime)
    except OSError:
        return 0.0


def messages_of(path: str) -> list[dict[str, Any]]:
    """The conversation that a transcript holds, since it was last summed up; empty where there is none.

    Torn lines are left out.
    """
    found: list[dict[str, Any]] = []
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and entry.get("subtype") == BOUNDARY:
                    found.clear()
                elif isinstance(entry, dict) and entry.get("type") in ("user", "assistant", "system"):
                    found.append(entry["message"])
    except OSError:
        return []
    return found
