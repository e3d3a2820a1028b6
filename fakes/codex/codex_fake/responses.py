"""The client of the model: one Responses request over a socket of its own, and the events of its answer.

An exchange belongs to one turn. It may wait for minutes, for a job lasts as long as its answer is held back; another
thread can abandon it at any moment, and then its connection is closed at once, so that the model server notices.
"""

from __future__ import annotations

import json
from _thread import allocate_lock

from standin import http_exchange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Event = dict[str, Any]


class ModelError(Exception):
    """The model gave no answer. The text is what the turn fails with."""

    def __init__(self, message: str, info: str = "other") -> None:
        super().__init__(message)
        self.info = info


class AbandonedError(Exception):
    """Nobody wants the answer any more."""


class Exchange:
    """The connections of one turn: at most one is open."""

    def __init__(self, base_url: str | None, key: str | None) -> None:
        self._base_url = base_url
        self._key = key
        self._under_way: http_exchange.Exchange | None = None
        self._abandoned = False
        self._lock = allocate_lock()

    def abandon(self) -> None:
        """Close the connection now; whoever waits on it gets an AbandonedError. From any thread."""
        with self._lock:
            self._abandoned = True
            if self._under_way is not None:
                self._under_way.interrupt()

    def ask(self, headers: dict[str, str], body: dict[str, Any]) -> Iterator[Event]:
        """Send the request and yield the events up to the end of the answer. Raises ModelError, AbandonedError."""
        if not self._base_url:
            raise ModelError("OPENAI_BASE_URL is not set: there is no model to ask")
        exchange: http_exchange.Exchange | None = None
        try:
            exchange = self._opened(self._base_url)
            exchange.post("/responses", {**self._usual(), **headers}, json.dumps(body).encode())
            yield from _events(exchange)
        except (OSError, ValueError, ModelError) as error:
            if self._abandoned:
                raise AbandonedError from None
            if isinstance(error, ModelError):
                raise
            url = self._base_url.rstrip("/") + "/responses"
            raise ModelError(f"stream disconnected before completion: {url}: {error}") from None
        finally:
            with self._lock:
                self._under_way = None
            if exchange is not None:
                exchange.close()

    def _opened(self, base_url: str) -> http_exchange.Exchange:
        exchange = http_exchange.Exchange(base_url)
        with self._lock:
            if self._abandoned:
                exchange.close()
                raise AbandonedError
            self._under_way = exchange
        return exchange

    def _usual(self) -> dict[str, str]:
        usual = {"accept": "text/event-stream", "content-type": "application/json"}
        return {**usual, "authorization": f"Bearer {self._key}"} if self._key else usual


def _events(exchange: http_exchange.Exchange) -> Iterator[Event]:
    if exchange.status != 200:
        said = b"".join(exchange.body()).decode("utf-8", "replace")
        info = "internalServerError" if exchange.status >= 500 else "other"
        raise ModelError(said or f"the model server answered {exchange.status}", info)
    for data in http_exchange.events(exchange.lines()):
        event = json.loads(data)
        if not isinstance(event, dict):
            raise ValueError("an event is no object")
        kind = event.get("type")
        if kind == "response.failed":
            raise ModelError(f"stream disconnected before completion: {_reason(event)}")
        yield event
        if kind == "response.completed":
            return
    raise ModelError("stream disconnected before completion: stream closed before response.completed")


def _reason(event: Event) -> str:
    response = event.get("response")
    error = response.get("error") if isinstance(response, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or "the response failed")
