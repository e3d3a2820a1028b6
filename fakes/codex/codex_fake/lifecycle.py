"""The behaviour of Codex as data: the rows and the table of events of the lifecycle in `HOOKPROOF_LIFECYCLE`.

Without one, or with one of another host, this Codex is only a worker: no hooks, no config, and nothing of this is read.
"""

from __future__ import annotations

import os

from standin.rows import VARIABLE, Events, LifecycleError, missing, pick, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["VARIABLE", "Lifecycle", "LifecycleError", "load"]

WHEN_KNOWN = ("agent_id", "agent_type")
"""Keys of a payload that only some agents have. Any other key that a row lists stays, if only as null."""

BEFORE_PROMPT, AFTER_PROMPT, AFTER_ANSWER = "before the prompt", "after the prompt", "after the answer"
BEFORE_OUTPUT = "before the tool's output"
_SORTS = ("thread", "child", "v2 child", "review")
"""How a moment names its thread: a main, a child of the first or the second set of agent tools, a reviewer."""
MOMENTS: dict[str, tuple[str, ...]] = {
    **{f"{sort} {step}": (BEFORE_PROMPT,) for sort in _SORTS for step in ("starts", "is compacted")},
    **{f"thread {step}": (BEFORE_PROMPT,) for step in ("is resumed", "is forked", "is cleared")},
    **{f"{sort} is prompted": (AFTER_PROMPT,) for sort in _SORTS},
    **{f"{sort}'s turn ends": (AFTER_ANSWER,) for sort in _SORTS},
    "thread ends": (),
    "tool is called": (BEFORE_OUTPUT,),
    "tool has worked": (BEFORE_OUTPUT,),
    "compaction begins": (),
    "compaction ends": (),
}
"""The moments at which a lifecycle's `events` can fire hooks, each with where their context can land (or `nobody`).

A context is a `developer` message. Hooks of a start run before the first prompt after it.
"""
WHOSE = ("own", "root")
"""Whose session hooks can be told: the thread's own, or the one of the root, which a child's hooks are an agent in."""


class Lifecycle(dict[str, "Any"]):
    """The rows of one behaviour, and its table of events."""

    def __init__(self, name: str, rows: dict[str, Any], events: dict[str, Any]) -> None:
        super().__init__(rows)
        self.name = name
        self.events = Events(name, events, moments=MOMENTS, whose=WHOSE, transcripts=("parent",))

    def __missing__(self, row: str) -> Any:
        raise missing(self.name, row)

    def payload(self, event: str, values: dict[str, Any]) -> dict[str, Any]:
        """The keys that hooks of `event` read, in their order. A value that was not given is left out, None stays.

        An event that `payload_keys` does not list tells all that is known at its moment. `agent_id` and `agent_type`
        that are None are left out as well: main has none.
        """
        known = {**values, "hook_event_name": event}
        return pick(self["payload_keys"].get(event, known), known, when_known=WHEN_KNOWN)


def load() -> Lifecycle | None:
    """The run's lifecycle, or None where this Codex is only a worker. Raises LifecycleError."""
    path = os.environ.get(VARIABLE)
    document = resolved(path) if path else {}
    if document.get("host") != "codex":
        return None
    return Lifecycle(str(document.get("name")), document["rows"], document.get("events", {}))
