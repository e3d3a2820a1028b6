"""JSON exactly as `json` reads and writes it, without importing `json`, which is half of what a hook takes to start.

The C half of the standard library's `json` does the work. Whatever is not plain (text that is damaged or in another
encoding, a value of another type, a Python that has no such C half) is left to `json`, with its answer and its errors.
"""

from __future__ import annotations

try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner
except ImportError:  # another Python than CPython
    make_encoder = make_scanner = encode_basestring_ascii = None  # type: ignore[assignment,misc]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Pairs = Callable[[list[tuple[str, Any]]], Any]


class _Rules:
    """What the C half asks of `json.JSONDecoder`, whose values these are."""

    strict = True
    object_hook = array_hook = None
    parse_float = parse_constant = float
    parse_int = int

    def __init__(self, object_pairs_hook: Pairs | None) -> None:
        self.object_pairs_hook = object_pairs_hook
        self.memo: dict[str, str] = {}


def loads(document: str | bytes, object_pairs_hook: Pairs | None = None) -> Any:
    """`json.loads`. Raises what that raises."""
    try:
        text = (document if isinstance(document, str) else document.decode()).strip(" \t\n\r")
        value, end = make_scanner(_Rules(object_pairs_hook))(text, 0)  # type: ignore[arg-type] # all that it looks at
        if end == len(text):
            return value
    except Exception:  # noqa: S110 - of many kinds, a SystemError among them: this half cannot say alone what is wrong
        pass
    import json  # noqa: PLC0415 - see above

    return json.loads(document, object_pairs_hook=object_pairs_hook)


def dumps(value: object, indent: int | None = None) -> str:
    """`json.dumps`. Raises what that raises."""
    try:
        return _on_one_line(value) if indent is None else _indented(value, " " * indent, "\n")
    except Exception:
        import json  # noqa: PLC0415 - see above

        return json.dumps(value, indent=indent)


def _on_one_line(value: object) -> str:
    encode = make_encoder({}, None, encode_basestring_ascii, None, ": ", ", ", False, False, True)  # type: ignore[arg-type]
    return "".join(encode(value, 0))


def _indented(value: object, step: str, line: str) -> str:
    """`line` is the end of a line and the margin of the one that begins there."""
    deeper = line + step
    if isinstance(value, dict) and value:
        if not all(isinstance(key, str) for key in value):
            raise TypeError("only json knows what becomes of such a key")
        members = [f"{encode_basestring_ascii(key)}: {_indented(each, step, deeper)}" for key, each in value.items()]
        return "{" + deeper + f",{deeper}".join(members) + line + "}"
    if isinstance(value, (list, tuple)) and value:
        return "[" + deeper + f",{deeper}".join([_indented(each, step, deeper) for each in value]) + line + "]"
    return _on_one_line(value)
