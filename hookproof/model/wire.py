"""The plug for a model's API: what the model server asks of one. A host names the one that it speaks (`Host.wire`).

`model.messages` and `model.responses` are those that there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from hookproof.model.http import Exchange, Request

SSE = "text/event-stream"
"""The content type of an answer that is streamed."""

Reply = Callable[[Exchange, int], Awaitable[None]]
"""Answers one request, whose number among all of the run is given."""


class Wire(Protocol):
    """One API, for one run: made with the run's `Turns`. Every API derives from this."""

    paths: Collection[str]
    """What is posted to these is the API's."""

    def read(self, request: Request, body: Any) -> Reply:
        """What answers a request with this body, decoded. Raises ValueError with what was expected instead."""
        ...
