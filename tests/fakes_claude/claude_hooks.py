"""Hook commands for the tests, and what of them reached the model."""

from __future__ import annotations

import json
import shlex

from claude_bench import Bench, Running
from scripted_model import Request, Step, call

HELLO = "[hookproof:agent=main] hello"
NEW = "claude-2.1.329"

ONCE = "test -e once || {{ touch once; {}; }}"
"""A hook command that does something the first time only."""


def prints(document: object, *, code: int = 0, errors: str = "") -> str:
    """A hook command that prints a document (a text as it is) and exits."""
    words = document if isinstance(document, str) else json.dumps(document)
    complain = f"; printf %s {shlex.quote(errors)} >&2" if errors else ""
    return f"printf %s {shlex.quote(words)}{complain}; exit {code}"


def specific(event: str, **fields: object) -> dict[str, object]:
    """A hookSpecificOutput."""
    return {"hookSpecificOutput": {"hookEventName": event, **fields}}


def play(bench: Bench, lifecycle: str) -> Running:
    """One turn, to the end of the session."""
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0, running.errors()
    return running


def tool() -> Step:
    """Main runs something that leaves a trace."""
    return call("Bash", id="t1", command="echo ran | tee trace", description="d")


def reminders(request: Request) -> list[str]:
    """The sentences that the host put into the user messages of a request."""
    found = [words for words in request.texts() if words.startswith("<system-reminder>\n")]
    return [words.removeprefix("<system-reminder>\n").removesuffix("\n</system-reminder>") for words in found]


def told(request: Request, lifecycle: str) -> list[str]:
    """The sentences of hooks that reached the model, in the place where that lifecycle puts them."""
    if lifecycle != NEW:
        return [sentence for sentence in reminders(request) if " hook " in sentence]
    system = [m["content"][0]["text"] for m in request.messages if m["role"] == "system"]
    return [part for words in system for part in words.split("\n\n") if " hook " in part]
