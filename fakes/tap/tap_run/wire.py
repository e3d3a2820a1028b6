"""JSON and the wire to the harness's journal, without the json and socket modules: each doubles the tap's start.

One line a record, each acknowledged with a byte once it is in the journal. A harness that is not there, or has gone,
changes nothing: records are dropped and the hook runs.
"""

from __future__ import annotations

import os
from _json import encode_basestring_ascii as quoted
from _json import make_scanner
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ACKNOWLEDGEMENT_SECONDS = 5.0


class Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


class _Rules:
    """What the scanner of the standard library asks of its caller."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = parse_constant = float
    parse_int = int
    memo: dict[str, str] = {}


def decoded(text: str) -> Any:
    """The one JSON document that `text` is. Raises ValueError."""
    text = text.strip(" \t\r\n")
    try:
        value, end = make_scanner(_Rules())(text, 0)  # type: ignore[arg-type] # all that it looks at
    except (StopIteration, RecursionError):
        raise ValueError("not JSON") from None
    if end != len(text):
        raise ValueError("more than one document")
    return value


def encoded(value: object) -> str:
    """`value`, of strings, whole numbers, booleans, None, lists and objects of them, as JSON."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        return str(quoted(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{encoded(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encoded(each) for each in value) + "]"
    return "null" if value is None else str(value).lower()


class Recorder:
    """The connection to the journal, for as long as it holds."""

    def __init__(self, address: str | None, token: str | None, source: str, speaker: int | None = None) -> None:
        """`speaker` is the process whose deeds are told, this one without."""
        self._socket: socket | None = None
        self._hello = encoded({"token": token, "source": source, "pid": speaker or os.getpid()}) + "\n"
        host, _, port = (address or "").rpartition(":")
        if not host:
            return
        try:
            self._socket = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM)
            self._socket.settimeout(ACKNOWLEDGEMENT_SECONDS)
            self._socket.connect((host.strip("[]"), int(port)))
            self._socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        except (OSError, ValueError, OverflowError):
            self._socket = None

    def tell(self, kind: str, fields: dict[str, object]) -> None:
        """Write one record and wait until it is in the journal."""
        if self._socket is None:
            return
        # the greeting goes out with the first record: one way there and back less before the hook begins
        lines = self._hello + encoded({"kind": kind, **fields}) + "\n"
        answers, self._hello = (2 if self._hello else 1), ""
        try:
            self._socket.sendall(lines.encode())
            while answers:
                came = len(self._socket.recv(answers))
                if not came:
                    raise OSError("the recorder closed the connection")
                answers -= came
        except OSError:
            self._socket = None
