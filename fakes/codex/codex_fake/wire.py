"""Writes the JSON messages of the app-server to stdout, one a line, from whichever thread sends.

A client may opt out of notifications by name when it introduces itself. When nobody reads any more, what would be said
is dropped; that the client has gone is learnt from stdin.
"""

from __future__ import annotations

import json
import os
import time
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    class Listening(Protocol):
        """Whom a turn tells of its steps."""

        def notify(self, method: str, **params: Any) -> None: ...

        def opt_out(self, methods: Iterable[str]) -> None: ...


INVALID_JSON = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INTERNAL_ERROR = -32603


class RequestError(Exception):
    """A request that cannot be granted: the client gets its code and text."""

    def __init__(self, message: str, code: int = INVALID_REQUEST) -> None:
        super().__init__(message)
        self.code = code


class Wire:
    """The way to the client."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = allocate_lock()
        self._unwanted: frozenset[str] = frozenset()
        self.says_when = False
        """Whether notifications carry the time at which they are sent, in milliseconds since 1970."""

    def opt_out(self, methods: Iterable[str]) -> None:
        """Send no notifications of these names."""
        self._unwanted = frozenset(methods)

    def answer(self, request: int | str, result: Any) -> None:
        """Grant a request."""
        self._send({"id": request, "result": result})

    def refuse(self, request: int | str | None, error: RequestError) -> None:
        """Refuse a request; without an id, a line that was none."""
        self._send({"error": {"code": error.code, "message": str(error)}, "id": request})

    def notify(self, method: str, **params: Any) -> None:
        """Tell the client something."""
        if method not in self._unwanted:
            when = {"emittedAtMs": time.time_ns() // 1_000_000} if self.says_when else {}
            self._send({"method": method, "params": params, **when})

    def _send(self, message: dict[str, Any]) -> None:
        data = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:
                return
