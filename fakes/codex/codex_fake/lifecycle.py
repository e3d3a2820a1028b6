"""The behaviour of Codex as a host, read as data: `HOOKPROOF_LIFECYCLE` names a resolved JSON file.

Without one, or with one of another host, this Codex is only a worker: no hooks, no config, and nothing of this is read.
"""

from __future__ import annotations

import os

from standin.rows import VARIABLE, LifecycleError, missing, pick, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["VARIABLE", "Lifecycle", "LifecycleError", "load"]

WHEN_KNOWN = ("agent_id", "agent_type")
"""Keys of a payload that only some agents have. Any other key that a row lists stays, if only as null."""


class Lifecycle(dict[str, "Any"]):
    """The rows of one behaviour."""

    def __init__(self, name: str, rows: dict[str, Any]) -> None:
        super().__init__(rows)
        self.name = name

    def __missing__(self, row: str) -> Any:
        raise missing(self.name, row)

    def payload(self, event: str, values: dict[str, Any]) -> dict[str, Any]:
        """The keys that hooks of `event` read, in their order. A value that was not given is left out, None stays.

        `agent_id` and `agent_type` that are None are left out as well: main has none.
        """
        keys = self["payload_keys"].get(event, [])
        return pick(keys, {**values, "hook_event_name": event}, when_known=WHEN_KNOWN)


def load() -> Lifecycle | None:
    """The run's lifecycle, or None where this Codex is only a worker. Raises LifecycleError."""
    path = os.environ.get(VARIABLE)
    document = resolved(path) if path else {}
    if document.get("host") != "codex":
        return None
    return Lifecycle(str(document.get("name")), document["rows"])
