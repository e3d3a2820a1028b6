"""The Messages API, as much of it as an agent host needs: reading a request, writing an answer.

Pure: bytes and records, no sockets. Tool results are looked for in all messages, never only in the last one, because
later hosts append other messages after them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hookproof.model.script import Answer, marked_agent

_COMPACTION = "Your task is to create a detailed summary of the conversation"
"""Stands in what a host asks when it has a conversation summed up (measured on 2.1.91 and 2.1.329)."""


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """What counts in a request body."""

    agent: str | None
    texts: tuple[tuple[str, str], ...]
    """(role, text) of every text in system and messages, in order."""
    results: dict[str, tuple[str, bool]]
    """Tool result by tool use id: its text, and whether it is an error."""
    tools: tuple[str, ...]
    stream: bool
    model: str
    begins: bool
    """Whether the conversation has no answer of the model's yet."""
    compacts: bool
    """Whether it asks for a summary of the conversation, which is no step of anybody's script."""

    @property
    def received(self) -> str:
        """Everything that the model can read, as one text."""
        return "\n".join([*(text for _, text in self.texts), *(text for text, _ in self.results.values())])


def parse(body: Any) -> MessagesRequest:
    """The request in a decoded body. Raises ValueError with what was expected."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise ValueError('expected a JSON object with a list "messages"')
    tools = body.get("tools") or []
    if not isinstance(tools, list) or not all(
        isinstance(tool, dict) and isinstance(tool.get("name"), str) for tool in tools
    ):
        raise ValueError('expected "tools" to be a list of objects with a "name"')
    texts: list[tuple[str, str]] = [("system", text) for text in _texts(body.get("system"))]
    results: dict[str, tuple[str, bool]] = {}
    first_user = last_user = ""
    for message in body["messages"]:
        if not isinstance(message, dict):
            raise ValueError("expected every message to be an object")
        if not isinstance(message.get("role"), str) or not isinstance(message.get("content"), str | list):
            raise ValueError('expected every message to have a "role" and a "content" of text or blocks')
        role = message["role"]
        content = message.get("content")
        found = list(_texts(content))
        texts.extend((role, text) for text in found)
        if role == "user":
            last_user = "\n".join(found)
            first_user = first_user or last_user
        for block in content if isinstance(content, list) else []:
            if isinstance(block, dict) and block.get("type") == "tool_result":
                text = "\n".join(_texts(block.get("content")))
                results[str(block.get("tool_use_id"))] = (text, bool(block.get("is_error")))
    return MessagesRequest(
        agent=marked_agent(first_user),
        texts=tuple(texts),
        results=results,
        tools=tuple(tool["name"] for tool in tools),
        stream=bool(body.get("stream")),
        model=str(body.get("model") or "a model"),
        begins=all(message["role"] != "assistant" for message in body["messages"]),
        compacts=_COMPACTION in last_user,
    )


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            if isinstance(block, dict) and block.get("type") == "text":
                if not isinstance(block.get("text"), str):
                    raise ValueError('expected every block of the type "text" to have a "text"')
                yield block["text"]


def tool_name(names: tuple[str, ...], offered: tuple[str, ...]) -> str | None:
    """The first of `names` that the host offers; None when it offers none."""
    return next((name for name in names if name in offered), None)


def message(answer: Answer, request: MessagesRequest, number: int) -> dict[str, Any]:
    """The answer as a complete Messages response."""
    if answer.call is not None:
        name = tool_name(answer.call.names, request.tools) or answer.call.names[0]
        block = {"type": "tool_use", "id": answer.call.id, "name": name, "input": answer.call.input}
    else:
        block = {"type": "text", "text": answer.text or ""}
    return {
        "id": f"msg_{number:04d}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [block],
        "stop_reason": "tool_use" if answer.call is not None else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


def events(whole: dict[str, Any]) -> Iterator[bytes]:
    """A complete response as the server-sent events of a streamed one."""
    block = whole["content"][0]
    start = {**whole, "content": [], "stop_reason": None, "usage": {"input_tokens": 10, "output_tokens": 0}}
    yield _event("message_start", {"message": start})
    if block["type"] == "text":
        yield _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
        delta: dict[str, Any] = {"type": "text_delta", "text": block["text"]}
    else:
        yield _event("content_block_start", {"index": 0, "content_block": {**block, "input": {}}})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield _event("content_block_delta", {"index": 0, "delta": delta})
    yield _event("content_block_stop", {"index": 0})
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", {"delta": stop, "usage": {"output_tokens": 5}})
    yield _event("message_stop", {})


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
