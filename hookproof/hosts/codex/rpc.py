"""A client of `codex app-server`: newline-delimited JSON-RPC on its stdin and stdout, without the `jsonrpc` member.

Life: made with the process, fed every message that comes from it (by whoever reads its stdout), asked for things until
the process has gone; whoever still waits for an answer then is told so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from hookproof import files, processes
from hookproof.hosts.process import LONGEST_LINE
from hookproof.hosts.session import HostError
from hookproof.wire import LineReader

Message = dict[str, Any]
_REFUSED = {"code": -32601, "message": "hookproof's client grants nothing: configure the host so that it need not ask"}


class Client:
    """A JSON-RPC client of one process. It calls `on_message` with each notification."""

    def __init__(self, child: processes.Child, on_message: Callable[[Message], None] = lambda _: None) -> None:
        self._child = child
        self._on_message = on_message
        self._requests = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[Message]]] = {}
        self._closed: str | None = None

    async def initialize(self) -> None:
        """What comes before everything else. Raises HostError."""
        await self.ask("initialize", {"clientInfo": {"name": "hookproof", "title": None, "version": "0"}})
        await self._send({"method": "initialized"})

    async def ask(self, method: str, params: Message) -> Message:
        """Make a request and wait for its answer. The caller sets the deadline. Raises HostError."""
        self._requests += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[self._requests] = (method, answer)
        if self._closed is not None:
            self.close_with(self._closed)
        else:
            await self._send({"id": self._requests, "method": method, "params": params})
        return await answer

    def take(self, message: Message) -> None:
        """Take one message from the process."""
        if "method" in message:
            if "id" in message:
                # it would wait for ever for leave to do something
                self._write({"id": message["id"], "error": _REFUSED})
            self._on_message(message)
            return
        number = message.get("id")
        method, answer = self._waiting.pop(number if isinstance(number, int) else 0, ("", None))
        if answer is None or answer.done():
            return
        if "error" in message:
            error = message["error"]
            reason = error.get("message") if isinstance(error, dict) else error
            answer.set_exception(HostError(f"codex app-server: {method}: {reason}"))
        else:
            result = message.get("result")
            answer.set_result(dict(result) if isinstance(result, dict) else {})

    def close_with(self, how: str = "went away") -> None:
        """The process says nothing more."""
        self._closed = how
        for method, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(HostError(f"codex app-server {how} before it answered {method}"))
        self._waiting.clear()

    async def listen(self) -> None:
        """Feed this client from the process's stdout, to its end; for a process that nobody else reads."""
        lines = LineReader(self._child.stdout, LONGEST_LINE) if self._child.stdout is not None else None
        while lines is not None and (line := await lines.next()) is not None:
            try:
                message = None if line.cut else files.parse_json(line.data)
            except ValueError:
                message = None
            if not isinstance(message, dict):
                self.close_with(f"said {line.data[:200]!r}, which is no message,")
                return
            self.take(message)
        self.close_with()

    def close(self) -> None:
        """Close its stdin: an app-server ends with that."""
        if self._child.stdin is not None:
            self._child.stdin.close()

    async def _send(self, message: Message) -> None:
        self._write(message)
        if self._child.stdin is not None:
            try:
                await self._child.stdin.drain()
            except ConnectionError:
                self.close_with()

    def _write(self, message: Message) -> None:
        if self._child.stdin is None:
            raise HostError("codex app-server was started without a pipe to its stdin")
        self._child.stdin.write(json.dumps(message).encode() + b"\n")
