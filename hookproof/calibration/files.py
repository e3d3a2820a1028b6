"""The facet of the tools on files: what the hooks of each call were given, and what its model was told of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hookproof.calibration.names import Names
from hookproof.records import Record
from hookproof.records.model import ModelAnswer, ModelRequest
from hookproof.records.sent import HookStarted

TOOLS = frozenset({"Write", "Edit", "Read"})
_GIVEN = ("tool_input", "tool_response", "error")
_REMINDER = "\n\n<system-reminder>"


def files(records: list[Record], names: Names) -> dict[str, Any]:
    """`AGENT's Write #N: its result`, or what a hook of it was given -> that, without what differs from run to run."""
    calls: dict[str, str] = {}
    count: Counter[tuple[str, str]] = Counter()
    found: dict[str, Any] = {}
    for record in records:
        if isinstance(record, ModelAnswer) and record.call in TOOLS and record.tool_use_id is not None:
            who = names.agent(record.agent)
            count[who, record.call] += 1
            calls[record.tool_use_id] = f"{who}'s {record.call} #{count[who, record.call]}"
        elif isinstance(record, HookStarted):
            call = calls.get(str(record.payload.get("tool_use_id")))
            for key in _GIVEN if call is not None else ():
                if key in record.payload:
                    found[f"{call}, {record.event}: {key}"] = _plain(record.payload[key], names)
        elif isinstance(record, ModelRequest):
            for result in record.results:
                if (call := calls.get(result.tool_use_id)) is not None:
                    # what a host reminds a model of beside a result is not compared word by word
                    text = names.plain(result.text.partition(_REMINDER)[0])
                    found[f"{call}: its result"] = f"an error: {text}" if result.is_error else text
    return found


def _plain(value: Any, names: Names) -> Any:
    """A value with every text in it normalised."""
    if isinstance(value, str):
        return names.plain(value)
    if isinstance(value, dict):
        return {key: _plain(each, names) for key, each in value.items()}
    return [_plain(each, names) for each in value] if isinstance(value, list) else value
