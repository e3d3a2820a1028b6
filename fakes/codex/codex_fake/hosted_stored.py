"""Reads a thread that a host has stored: compactions, history in another file, a beginning that was replaced."""

from __future__ import annotations

import json

from . import rollout
from .rollout import Stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

ID_LENGTH = 36


def stored_at(path: str) -> Stored:
    """What the file of a thread tells, whatever its first line says: its name alone says which thread it is."""
    thread_id = path.removesuffix(".jsonl")[-ID_LENGTH:]
    stored: Stored | None = None
    compactions = 0
    for row in _rows(path):
        kind, payload = row.get("type"), row.get("payload")
        if not isinstance(payload, dict):
            continue
        if stored is None:
            meta = payload if kind == "session_meta" else {}
            stored = Stored(path, {**meta, "id": thread_id})
            _inherit(stored, meta)
            if kind == "session_meta":
                continue
        if kind == "compacted":
            compactions += 1
            stored.items = list(payload.get("replacement_history") or [])
        elif payload.get("type") == "token_count" and isinstance(payload.get("info"), dict):
            stored.usage = dict(payload["info"].get("total_token_usage") or {})
        stored.take(kind, payload)
    stored = stored or Stored(path, {"id": thread_id})
    stored.compactions = compactions
    return stored


def find(thread_id: str) -> Stored | None:
    """The stored thread of that id."""
    path = next((path for path in rollout.paths() if path.endswith(f"-{thread_id}.jsonl")), None)
    return stored_at(path) if path is not None else None


def _inherit(stored: Stored, meta: Json) -> None:
    base = meta.get("history_base")
    above = find(str(base.get("thread_id"))) if isinstance(base, dict) else None
    if above is not None:
        stored.items = list(above.items)


def _rows(path: str) -> list[Json]:
    rows = []
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows
