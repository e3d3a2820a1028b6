"""Stdin and stdout of a hook: at most one JSON document goes out, and nothing that comes in is believed unseen."""

from __future__ import annotations

import sys

from . import Json, plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def decode(raw: bytes) -> Json | None:
    """The JSON object that these bytes are, or None.

    An object that has a key twice says two things at once, so it says nothing. Nesting beyond Python's limit, numbers
    of thousands of digits and bytes that are not UTF-8 are damage like any other.
    """
    try:
        found = plain_json.loads(raw.decode(), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unambiguous(pairs: list[tuple[str, object]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def text(mapping: object, key: str) -> str:
    """The words at a key, or nothing: every slot may hold anything."""
    value = mapping.get(key) if isinstance(mapping, dict) else None
    return value.strip() if isinstance(value, str) else ""


def serve(handler: Callable[[Json], str]) -> int:
    """One run of a hook: the payload in, the handler's additional context out, if it has any."""
    try:
        payload = decode(sys.stdin.buffer.read())
        context = handler(payload) if payload else ""
    except Exception as error:  # the session goes on whatever happens here, and the host shows this line
        print(f"workflow: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if payload and context:
        answer = {"hookEventName": text(payload, "hook_event_name"), "additionalContext": context}
        print(plain_json.dumps({"hookSpecificOutput": answer}))
    return 0
