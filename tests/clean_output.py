"""What may stand in anything that hookproof prints or writes, whatever a plugin or a file said. For several suites.

A terminal obeys ESC and other control characters. GitHub's runner obeys a line that begins, after any blanks, with
`::name::`, and `##[name]` anywhere in a line; it takes a carriage return for the end of a line as well. Text that
reorders what stands around it makes a line read as what it is not.
"""

from __future__ import annotations

import re

CANARY_TAG = "hookproof-canary"
"""An element that no page of hookproof's has: it must never come out as one."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OBEYED = re.compile(r"^[^\S\n]*::|##\[", re.MULTILINE)
_TRACEBACK = re.compile(r"^\s*Traceback \(most recent call last\)", re.MULTILINE)
_PRINTED = {"control character": _CONTROLS, "reordering": _ORDERING, "CI command": _OBEYED, "traceback": _TRACEBACK}
_WRITTEN = {"control character": _CONTROLS}


def trouble(printed: str) -> list[str]:
    """What is wrong with text that went to a terminal or to a CI's log, each with the place."""
    return _found(printed, _PRINTED)


def trouble_of_file(written: str) -> list[str]:
    """What is wrong with a report. A traceback of the plugin's may be quoted in it, and nobody obeys its lines."""
    return _found(written, _WRITTEN)


def _found(text: str, expressions: dict[str, re.Pattern[str]]) -> list[str]:
    found = []
    for what, expression in expressions.items():
        match = expression.search(text)
        if match:
            found.append(f"{what} {match.group()!r} in {text[max(0, match.start() - 60) : match.end() + 60]!r}")
    return found


def trouble_of_page(page: str) -> list[str]:
    """What is wrong with an HTML page into which the canary tag, a script or a redirect was fed."""
    tags = (f"<{CANARY_TAG}", "<script>alert", "<img src=x", "<meta http-equiv=refresh", "<b>|", "<iframe", "<base")
    return [f"raw {tag!r}" for tag in tags if tag in page.lower()]
