"""Threads on disk: one append-only file a thread, in the shapes of Codex 0.130.0, and the index of their names.

A file is born with the thread's first turn, or with its name, whichever comes first (measured: `thread/start` tells
the path of a file that is not there yet). An ephemeral thread has none. What a killed turn has said so far is on disk.
"""

from __future__ import annotations

import json
import os

from . import clock, version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]


def codex_home() -> str:
    """Where Codex keeps its things."""
    return os.environ.get("CODEX_HOME") or os.path.join(os.path.expanduser("~"), ".codex")


def path_of(thread_id: str, ms: int) -> str:
    """The file of a thread that begins now."""
    moment = clock.stamp(ms)[:19]
    year, month, day = moment[:10].split("-")
    name = f"rollout-{moment.replace(':', '-')}-{thread_id}.jsonl"
    return os.path.join(codex_home(), "sessions", year, month, day, name)


def session_meta(thread_id: str, ms: int, cwd: str, originator: str, **more: Any) -> Json:
    """The payload of a file's first line."""
    return {
        "id": thread_id,
        "timestamp": clock.stamp(ms),
        "cwd": cwd,
        "originator": originator,
        "cli_version": version.current(),
        "source": "vscode",
        "model_provider": "fake",
        "base_instructions": {"text": ""},
        "git": {},
        **more,
    }


class Rollout:
    """Writes one thread's file."""

    def __init__(self, path: str, metas: list[Json], *, begun: bool = False) -> None:
        self.path = path
        self._metas = metas
        self._begun = begun

    def begin(self) -> None:
        """Write the file's first lines, once. Raises OSError."""
        if not self._begun:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._begun = True
            self._append([("session_meta", meta) for meta in self._metas])

    def add(self, *lines: tuple[str, Json]) -> None:
        """Append lines of (type, payload). Raises OSError."""
        self.begin()
        self._append(list(lines))

    def _append(self, lines: list[tuple[str, Json]]) -> None:
        moment = clock.stamp(clock.now_ms())
        rows = [json.dumps({"timestamp": moment, "type": kind, "payload": payload}) for kind, payload in lines]
        with open(self.path, "ab", buffering=0) as file:
            file.write("".join(f"{row}\n" for row in rows).encode())


def remember_name(thread_id: str, name: str) -> None:
    """Append a name to the index. Raises OSError."""
    os.makedirs(codex_home(), exist_ok=True)
    row = {"id": thread_id, "thread_name": name, "updated_at": clock.stamp(clock.now_ms())}
    with open(_index(), "ab", buffering=0) as file:
        file.write(json.dumps(row).encode() + b"\n")


def names() -> dict[str, str]:
    """The newest name of each thread."""
    return {str(row["id"]): str(row["thread_name"]) for row in _rows(_index()) if "id" in row and "thread_name" in row}


def _index() -> str:
    return os.path.join(codex_home(), "session_index.jsonl")


class Stored:
    """What a file tells about its thread."""

    def __init__(self, path: str, meta: Json) -> None:
        self.path = path
        self.meta = meta
        self.preview = ""
        self.items: list[Json] = []
        self.turns: list[Json] = []
        self.compactions = 0
        self.usage: dict[str, int] = {}

    def take(self, kind: Any, payload: Json) -> None:
        """Take one line."""
        if kind == "response_item":
            self.items.append(payload)
        elif kind == "event_msg":
            self._happened(payload.get("type"), payload)

    def _happened(self, what: Any, payload: Json) -> None:
        if what == "task_started":
            # a turn of which no end is written was interrupted
            state: Json = {"itemsView": "full", "status": "interrupted", "error": None}
            times = {"startedAt": payload.get("started_at"), "completedAt": None, "durationMs": None}
            self.turns.append({"id": payload.get("turn_id"), "items": [], **state, **times})
        elif what == "user_message":
            prompt = str(payload.get("message"))
            self.preview = self.preview or prompt
            content = [{"type": "text", "text": prompt, "text_elements": []}]
            self._said({"type": "userMessage", "content": content})
        elif what == "agent_message":
            text, phase = payload.get("message"), payload.get("phase")
            self._said({"type": "agentMessage", "text": text, "phase": phase, "memoryCitation": None})
        elif what in ("task_complete", "turn_aborted") and self.turns:
            status = "completed" if what == "task_complete" else "interrupted"
            completed, duration = payload.get("completed_at"), payload.get("duration_ms")
            self.turns[-1].update(status=status, completedAt=completed, durationMs=duration)

    def _said(self, item: Json) -> None:
        if self.turns:
            number = 1 + sum(len(turn["items"]) for turn in self.turns)
            self.turns[-1]["items"].append({"id": f"item-{number}", **item})


def load(path: str) -> Stored | None:
    """What a file tells, or None when it is not a thread's."""
    stored: Stored | None = None
    for row in _rows(path):
        kind, payload = row.get("type"), row.get("payload")
        if not isinstance(payload, dict):
            continue
        if stored is None:
            if kind != "session_meta" or not isinstance(payload.get("id"), str):
                return None
            stored = Stored(path, payload)
        else:
            stored.take(kind, payload)
    return stored


def find(thread_id: str) -> Stored | None:
    """The stored thread of that id."""
    for path in paths():
        if path.endswith(f"-{thread_id}.jsonl"):
            return load(path)
    return None


def paths() -> Iterator[str]:
    """Every thread's file."""
    for directory, _, files in os.walk(os.path.join(codex_home(), "sessions")):
        for name in files:
            if name.startswith("rollout-") and name.endswith(".jsonl"):
                yield os.path.join(directory, name)


def _rows(path: str) -> Iterator[Json]:
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue  # the line that a killed Codex was writing
        if isinstance(row, dict):
            yield row
