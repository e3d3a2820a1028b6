"""How a real, valid input is spoiled: its bytes, or its tree of values."""

from __future__ import annotations

import copy
import json
import os
import tomllib
from collections.abc import Sequence
from typing import Any

from clean_output import CANARY_TAG
from hypothesis import settings
from hypothesis import strategies as st

NIGHTLY = os.environ.get("HOOKPROOF_FUZZ") == "nightly"
"""Ten times as many examples, and new ones each time; otherwise the same ones every time, as a gate must have it."""
SECONDS = 3000 if NIGHTLY else 600
"""A net for a whole test, for machines and systems of all speeds."""

EVIL = (
    f"\x1b]0;x\x07\x1b[2J\n::error file=a::b\n ::stop-commands::x\r##[group]c\n<{CANARY_TAG}><script>alert(1)</script>"
    "\"'><img src=x onerror=alert(2)>]]><meta http-equiv=refresh content=0>\u202e"
)
"""What a plugin can say to a terminal, to a CI's log and to a browser."""
DEEP = 3000
VERY_DEEP = 200_000
_SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 10**400, 1.5, 1e308),
    *(float("nan"), float("inf"), float("-inf")),
    *("", " ", "\n", "\0", "\ud800", "\udfff\ud800", "\x9b2J", "\u2028", EVIL, f"<{CANARY_TAG}>", "../../etc/passwd"),
    *("/dev/null", "x" * 5000, "{plugin}", "{nope}", "(", "(?P<a>", "(a+)+$", "%s", "[bold]", "[/]", "[link=x]", "\\"),
    *("JOB-99", "JOB-03", "main", "::error::x", "##[error]x"),
]
_TREES: list[Any] = [
    [],
    {},
    [None],
    [[]],
    {"a": 1},
    {"is": 1, "source": "s"},
    [["JOB-03"]] * 2,
    {"\ud800": 1},
    {EVIL: EVIL},
]
_PIECES = [
    *(b"\xff", b"\0", b'"', b"'''", b"[", b"]]", b"{", b"}", b"\r", b"\n", b"=", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
    *(b"\\", b"\\ud800", b"1e999", b"-1", b"true", b"null", b"nan", b"NaN", b"[]", b"{}", b"1979-05-27", b"0x"),
    *(b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b"9" * 5000, b"[" * VERY_DEEP, EVIL.encode()),
]


def examples(number: int) -> settings:
    """The settings of a test with this many examples."""
    if NIGHTLY:
        return settings(max_examples=10 * number, derandomize=False, print_blob=True)
    return settings(max_examples=number, derandomize=True, report_multiple_bugs=False)


def _nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


values: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(_SCALARS), st.sampled_from(_TREES), st.integers(2, 60).map(_nested), st.text(max_size=20)
).map(copy.deepcopy)
"""What does not belong in the place of another value."""
_TEXTS = st.one_of(st.sampled_from([each for each in _SCALARS if isinstance(each, str)]), st.text(max_size=20))
_NUMBERS = st.sampled_from([each for each in _SCALARS if isinstance(each, int | float)])


def similar(value: Any) -> st.SearchStrategy[Any]:
    """Another value of the same type: what is looked at only after the types were."""
    if isinstance(value, str):
        return _TEXTS
    if isinstance(value, int | float):
        return _NUMBERS
    if isinstance(value, list):
        return st.sampled_from([[], value[:1], value + value, value[::-1]]).map(copy.deepcopy)
    return values


def _flip(content: bytearray, begin: int, _end: int, piece: bytes) -> None:
    content[begin] ^= piece[0] or 1


def _cut(content: bytearray, begin: int, end: int, _piece: bytes) -> None:
    del content[begin:end]


def _double(content: bytearray, begin: int, end: int, _piece: bytes) -> None:
    content[begin:begin] = content[begin:end]


def _truncate(content: bytearray, begin: int, _end: int, _piece: bytes) -> None:
    del content[begin:]


def _insert(content: bytearray, begin: int, _end: int, piece: bytes) -> None:
    content[begin:begin] = piece


def _replace(content: bytearray, begin: int, end: int, piece: bytes) -> None:
    content[begin:end] = piece


def _drop_line(content: bytearray, begin: int, _end: int, _piece: bytes) -> None:
    lines = bytes(content).split(b"\n")
    del lines[bytes(content).count(b"\n", 0, begin)]
    content[:] = b"\n".join(lines)


def _repeat_line(content: bytearray, begin: int, end: int, _piece: bytes) -> None:
    lines = bytes(content).split(b"\n")
    lines.insert(bytes(content).count(b"\n", 0, end), lines[bytes(content).count(b"\n", 0, begin)])
    content[:] = b"\n".join(lines)


_WAYS = (_flip, _cut, _double, _truncate, _insert, _replace, _drop_line, _repeat_line)


@st.composite
def spoiled_bytes(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """One of the originals, with a few of its bytes changed."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        if not content:
            break
        begin = draw(st.integers(0, len(content) - 1))
        end = min(len(content), begin + draw(st.integers(1, 40)))
        draw(st.sampled_from(_WAYS))(content, begin, end, draw(st.sampled_from(_PIECES)))
    return bytes(content)


def places(tree: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value below the top."""
    found = [here] if here else []
    if isinstance(tree, dict):
        found += [way for key in tree for way in places(tree[key], (*here, key))]
    elif isinstance(tree, list):
        found += [way for number in range(len(tree)) for way in places(tree[number], (*here, number))]
    return found


@st.composite
def spoiled_tree(draw: st.DrawFn, original: Any) -> Any:
    """`original` with a few of its values replaced, dropped, renamed or added."""
    tree = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        ways = places(tree)
        if not ways:
            break
        *above, last = draw(st.sampled_from(ways))
        holder = tree
        for step in above:
            holder = holder[step]
        match draw(st.sampled_from(["same type", "same type", "same type", "replace", "drop", "rename", "add"])):
            case "same type":
                holder[last] = draw(similar(holder[last]))
            case "replace":
                holder[last] = draw(values)
            case "drop":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["extra", "", "kind", "seq", "a.b", "\ud800", EVIL]))] = holder.pop(last)
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(["extra", "", "kind", "at", "jobs", f"<{CANARY_TAG}>"]))] = draw(values)
            case _:
                holder.insert(last, draw(values))
    return tree


def as_json(tree: Any) -> bytes:
    """As JSON; halves of characters and NaN are written as Python writes them."""
    return json.dumps(tree).encode()


def as_toml(tree: dict[str, Any]) -> bytes:
    """As TOML, in tables without headings; what TOML has no word for is what comes nearest."""
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in tree.items()).encode("utf-8", "surrogatepass")


def _key(key: object) -> str:
    return json.dumps(str(key), ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{_key(key)} = {_toml(each)}" for key, each in value.items()) + "}"
        case _:
            return _key("none" if value is None else value)


def spoiled_toml(content: bytes) -> st.SearchStrategy[bytes]:
    """A TOML file that is no longer what it was."""
    return st.one_of(spoiled_tree(tomllib.loads(content.decode())).map(as_toml), spoiled_bytes([content]))
