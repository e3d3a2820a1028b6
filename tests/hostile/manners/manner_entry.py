"""The first thing that a hostile copy's hook does: whether this is the run of it that misbehaves, and then how.

It is laid beside `hook.py` and called before that imports anything of its own. What the host said is read first and
handed on, so that a hook run that does not misbehave goes on as if nothing had been there.
"""

from __future__ import annotations

import os
import sys


def enter(name: str, events: tuple[str, ...], *, once: bool, reads: bool, outside: str, mark: str) -> None:
    """Misbehave as the module `name` does, on these events.

    `outside` is a directory of the test's own, not of the sandbox; `mark` is a number that nobody else has.
    """
    if reads:
        import io
        import json

        data = sys.stdin.buffer.read()
        sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
        if json.loads(data).get("hook_event_name") not in events:
            return
    from manner_help import tell

    if once and tell(outside, "first", os.environ["HOME"].encode()) != b"yes":
        return
    # whose hook it was, for the test: each case has a home of its own
    tell(outside, "misbehaved", os.environ["HOME"].encode() + b"\n")
    __import__(name).misbehave(outside, mark)
