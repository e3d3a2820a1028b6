"""What a plugin, a host or a foreign file said, as it may be printed and written.

Such text can hold anything: sequences that a terminal obeys, lines that a CI runner obeys, letters that turn the
reading direction around, halves of letters that no encoding can write. Everything that is shown or written goes
through one of these functions, and nothing is lost: what may not stand there as it is stands there by its number.
"""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # what terminals obey, but for the tab and the end of a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of reading
    "\u2028\u2029"  # what some programs take for the end of a line
    "\ufff9-\ufffb\U000e0000-\U000e007f]"  # what is drawn as nothing
)
_OBEYED = re.compile(r"(?m)^([^\S\n]*):(?=:)")
"""GitHub's runner takes such a line for a command; it passes over spaces before it."""
_OBEYED_ANYWHERE = re.compile(r"##(?=\[|vso\[)")
"""Older spellings of such commands, which GitHub's and Azure's runners look for anywhere in a line."""


def text(raw: str) -> str:
    """Text that a plugin wrote, made safe to print: any number of lines."""
    raw = _HALF.sub("\ufffd", raw).replace("\r\n", "\n")
    raw = _UNSEEN.sub(_number, raw)
    return _OBEYED_ANYWHERE.sub(r"#\#", _OBEYED.sub(r"\1\\:", raw))


def line(raw: str) -> str:
    """Text that a plugin wrote, made safe to print on one line."""
    return text(raw.replace("\r\n", "\n").replace("\n", "\\n"))


def markup(raw: object) -> str:
    """Text that a plugin wrote, made safe for HTML, also between quotes."""
    import html  # noqa: PLC0415 - its table of entities is what `hookproof list` would wait for

    return html.escape(text(str(raw)))


def _number(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
