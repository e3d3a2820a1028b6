"""Talks to `codex app-server`: newline-delimited JSON-RPC over two binary streams, one turn at a time.

The streams belong to the worker's own child or to the workspace's shared server; the conversation is the same.
"""

from __future__ import annotations

from . import Json, Stream, plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ABOUT = {"clientInfo": {"name": "codex-companion", "title": "Codex companion", "version": "0.1.0"}}


class ServerGoneError(Exception):
    """The server went away before the turn was over."""


class TurnFailedError(Exception):
    """Codex answered, and the answer is that it did not work."""


class CodexClient:
    def __init__(self, reader: Stream, writer: Stream) -> None:
        self._reader = reader
        self._writer = writer
        self._last_id = 0
        self._notifications: list[Json] = []

    def greet(self) -> None:
        self._request("initialize", ABOUT)
        self._send({"method": "initialized"})

    def run(self, prompt: str, cwd: str, when_begun: Callable[[], None]) -> str:
        """One thread, one turn. Returns the last thing that Codex said."""
        self.greet()
        thread = self._request("thread/start", {"cwd": cwd, "approvalPolicy": "never"})["thread"]["id"]
        self._request("turn/start", {"threadId": thread, "input": [{"type": "text", "text": prompt}]})
        when_begun()
        said = ""
        while True:
            message = self._notifications.pop(0) if self._notifications else self._receive()
            params = message.get("params") or {}
            if params.get("threadId", thread) != thread:  # Codex may have agents of its own
                continue
            item = params.get("item") or {}
            if message.get("method") == "item/completed" and item.get("type") == "agentMessage":
                said = item.get("text", "")
            if message.get("method") == "turn/completed":
                turn = params["turn"]
                if turn["status"] == "completed":
                    return said
                reason = (turn.get("error") or {}).get("message")
                raise TurnFailedError(f"the turn is {turn['status']}" + (f": {reason}" if reason else ""))

    def _request(self, method: str, params: Json) -> Json:
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message:
                self._notifications.append(message)
            elif message.get("id") == self._last_id:
                if "error" in message:
                    raise TurnFailedError(f"{method}: {message['error'].get('message')}")
                return message["result"]  # type: ignore[no-any-return]

    def _receive(self) -> Json:
        while line := self._line():
            message: Json = plain_json.loads(line)
            if "method" not in message or "id" not in message:
                return message
            refusal = {"code": -32601, "message": "nobody is here to answer that"}
            self._send({"id": message["id"], "error": refusal})
        raise ServerGoneError

    def _line(self) -> bytes:
        try:
            return self._reader.readline()
        except OSError:  # a socket tells it this way
            return b""

    def _send(self, message: Json) -> None:
        try:
            self._writer.write(plain_json.dumps(message).encode() + b"\n")
            self._writer.flush()
        except OSError:
            raise ServerGoneError from None
