"""Records of which a test names only what it is about; the rest is filled with values that say nothing."""

from __future__ import annotations

from typing import Any

from hookproof.records import KINDS, Record, decode, shape

NOTHING: dict[str, Any] = {
    "a string": "",
    "a whole number": 0,
    "true or false": False,
    "a process id": 1,
}


def _nothing(words: str) -> Any:
    if words.endswith("null"):
        return None
    if words.startswith("`"):
        return words.split("`")[1]
    return NOTHING[words] if words in NOTHING else [] if words.startswith("a list") else {}


def whole(kind: str, **fields: Any) -> Record:
    """A record of that kind with these fields."""
    required = [each for each in shape(KINDS[kind]) if each.required]
    filled = {each.name: _nothing(each.words) for each in required}
    return decode(kind, {**filled, **fields}, Record)
