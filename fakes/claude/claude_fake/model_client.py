"""The client of the model: `POST /v1/messages`, the answer streamed, put together to one message.

A client lives as long as the host. Every question is one connection; `interrupt` breaks all of them off, so that a
host that has to end never hangs on a model that stays silent.
"""

from __future__ import annotations

import json
import threading

from standin.http_exchange import Exchange, events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class ModelError(Exception):
    """The model did not answer. `status` is the HTTP status, or None where there was no answer at all."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class InterruptedByHostError(Exception):
    """The host is ending, and this question with it."""


class ModelClient:
    """Asks the model."""

    def __init__(self, base_url: str, key: str, version: str) -> None:
        self._base_url = base_url
        self._key = key
        self._version = version
        self._lock = threading.Lock()
        self._exchanges: set[Exchange] = set()
        self._ended = False

    def ask(self, body: dict[str, Any], session_id: str, more_headers: dict[str, str]) -> dict[str, Any]:
        """Put the question, wait for the whole answer as long as it takes."""
        exchange: Exchange | None = None
        try:
            exchange = Exchange(self._base_url)
            with self._lock:
                if self._ended:
                    raise InterruptedByHostError
                self._exchanges.add(exchange)
            exchange.post(
                "/v1/messages?beta=true", {**self._headers(session_id), **more_headers}, json.dumps(body).encode()
            )
            return _message(exchange)
        except (OSError, ValueError) as error:
            if self._ended:
                raise InterruptedByHostError from None
            if isinstance(error, ConnectionRefusedError):
                raise ModelError("Unable to connect to API (ECONNREFUSED)") from None
            raise ModelError(f"Connection error. ({self._base_url}: {error})") from None
        finally:
            if exchange is not None:
                with self._lock:
                    self._exchanges.discard(exchange)
                exchange.close()

    def _headers(self, session_id: str) -> dict[str, str]:
        return {
            "accept": "application/json",
            "content-type": "application/json",
            "user-agent": f"claude-cli/{self._version} (external, sdk-cli)",
            "anthropic-version": "2023-06-01",
            "x-api-key": self._key,
            "x-app": "cli",
            "x-claude-code-session-id": session_id,
        }

    def interrupt(self) -> None:
        """Break off every question under way and refuse later ones."""
        with self._lock:
            self._ended = True
            for exchange in self._exchanges:
                exchange.interrupt()


def _message(exchange: Exchange) -> dict[str, Any]:
    streams = "text/event-stream" in exchange.headers.get("content-type", "")
    if exchange.status == 200 and streams:
        return assemble(exchange.lines())
    document = json.loads(b"".join(exchange.body()) or b"null")
    if exchange.status == 200:
        return dict(document)
    reason = document.get("error", {}).get("message") if isinstance(document, dict) else None
    raise ModelError(f"{exchange.status} {reason or 'no reason given'}", exchange.status)


def assemble(lines: Iterable[bytes]) -> dict[str, Any]:
    """One message from the lines of a stream of server-sent events."""
    message: dict[str, Any] | None = None
    blocks: dict[int, dict[str, Any]] = {}
    for data in events(lines):
        event = json.loads(data)
        kind = event.get("type")
        if kind == "message_start":
            message = event["message"]
        elif kind == "content_block_start":
            blocks[event["index"]] = {**event["content_block"], "_json": ""}
        elif kind == "content_block_delta":
            _extend(blocks[event["index"]], event["delta"])
        elif kind == "message_delta" and message is not None:
            message.update(event.get("delta", {}))
            message["usage"] = {**message.get("usage", {}), **event.get("usage", {})}
        elif kind == "error":
            raise ModelError(str(event.get("error", {}).get("message", "the stream reported an error")))
        elif kind == "message_stop":
            break
    else:
        raise OSError("the stream ended before message_stop")
    if message is None:
        raise OSError("the stream has no message_start")
    message["content"] = [_finished(blocks[index]) for index in sorted(blocks)]
    return message


def _extend(block: dict[str, Any], delta: dict[str, Any]) -> None:
    if delta.get("type") == "text_delta":
        block["text"] = block.get("text", "") + delta["text"]
    elif delta.get("type") == "input_json_delta":
        block["_json"] += delta["partial_json"]
    elif delta.get("type") == "thinking_delta":
        block["thinking"] = block.get("thinking", "") + delta["thinking"]


def _finished(block: dict[str, Any]) -> dict[str, Any]:
    written = block.pop("_json")
    if block["type"] == "tool_use":
        block["input"] = json.loads(written) if written else block.get("input") or {}
    return block
