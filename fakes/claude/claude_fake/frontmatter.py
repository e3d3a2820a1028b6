"""Reads the frontmatter of commands and agents for `plugins`: `key: value` lines and simple lists.

Not a YAML parser: what it cannot read (nested maps, block scalars) it leaves as text, and the body is what follows.
"""

from __future__ import annotations


def split(text: str) -> tuple[dict[str, str | list[str]], str]:
    """(the fields, the body). A file without frontmatter has no fields."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        return {}, text
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == "---":
            return _fields(lines[1:number]), "\n".join(lines[number + 1 :])
    return {}, text


def _fields(lines: list[str]) -> dict[str, str | list[str]]:
    fields: dict[str, str | list[str]] = {}
    last = ""
    for line in lines:
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        if entry.startswith("- ") and last:
            before = fields[last]
            fields[last] = [*(before if isinstance(before, list) else []), _plain(entry[2:])]
        elif ":" in entry and not line.startswith((" ", "\t")):
            last, _, value = (part.strip() for part in entry.partition(":"))
            fields[last] = _value(value)
    return fields


def _value(text: str) -> str | list[str]:
    if text.startswith("[") and text.endswith("]"):
        return [_plain(part) for part in text[1:-1].split(",") if part.strip()]
    return _plain(text)


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def words(value: str | list[str] | None) -> list[str] | None:
    """A field that lists names, written as a list or with commas; None where it is missing."""
    if value is None or value == "":
        return None
    parts = value if isinstance(value, list) else value.split(",")
    return [part.strip() for part in parts if part.strip()]
