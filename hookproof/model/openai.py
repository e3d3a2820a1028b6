"""The Responses API, as much of it as Codex needs: reading a request, writing the events of an answer.

Pure: bytes and records, no sockets. Three events make an answer that Codex accepts (measured on 0.130.0 and 0.169.0):
`response.created`, `response.output_item.done`, `response.completed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hookproof.model.script import job_named


@dataclass(frozen=True, slots=True)
class ResponsesRequest:
    """What counts in a request body."""

    job: str | None
    texts: tuple[tuple[str, str], ...]
    stream: bool
    model: str


def parse(body: Any) -> ResponsesRequest:
    """The request in a decoded body. Raises ValueError with what was expected."""
    if not isinstance(body, dict) or "input" not in body:
        raise ValueError('expected a JSON object with "input"')
    texts = list(_texts(body["input"]))
    # the newest prompt decides: a resumed thread carries the prompts of earlier jobs before it
    named = (job_named(text) for role, text in reversed(texts) if role == "user")
    return ResponsesRequest(
        job=next((job for job in named if job is not None), None),
        texts=tuple(texts),
        stream=bool(body.get("stream")),
        model=str(body.get("model") or "gpt"),
    )


def _texts(items: Any) -> Iterator[tuple[str, str]]:
    if isinstance(items, str):
        yield "user", items
        return
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        role, content = str(item.get("role", "")), item.get("content")
        if isinstance(content, str):
            yield role, content
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield role, part["text"]


def created(number: int) -> bytes:
    """The first event: the response exists. What follows may be held back for as long as the job shall run."""
    return _event("response.created", {"response": {"id": f"resp_{number:04d}"}})


def completed(number: int, text: str) -> bytes:
    """The rest of the events: one assistant message, and the end."""
    whole = response(number, text)
    return _event("response.output_item.done", {"output_index": 0, "item": whole["output"][0]}) + _event(
        "response.completed", {"response": whole}
    )


def response(number: int, text: str) -> dict[str, Any]:
    """The answer as a complete Responses response."""
    item = {
        "type": "message",
        "id": f"item_{number:04d}",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    }
    return {"id": f"resp_{number:04d}", "object": "response", "status": "completed", "output": [item], "usage": usage}


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
