"""A small Anthropic server for these tests alone: it plays one list of steps per agent and keeps every request.

It is born with a script, listens on a loopback port from the kernel, answers each request of an agent with that
agent's next step, and is closed by the test. Agents are told apart by `[hookproof:agent=NAME]` in the texts of the
first user message, as the harness does it.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Block = dict[str, Any]
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Step:
    """One answer of the model: text or tool calls, optionally held back until a gate opens, or an HTTP error."""

    blocks: tuple[Block, ...]
    gate: threading.Event | None = None
    status: int = 200


def text(words: str, *, gate: threading.Event | None = None) -> Step:
    """The model says something and ends its turn."""
    return Step(({"type": "text", "text": words},), gate)


def call(name: str, /, *, id: str | None = None, **tool_input: Any) -> Step:  # noqa: A002 - the wire format's word
    """The model calls one tool."""
    return calls((name, tool_input), ids=[id] if id else None)


def calls(*tools: tuple[str, Block], ids: list[str] | None = None) -> Step:
    """The model calls several tools in one answer."""
    names = ids or [f"toolu_{name}_{number}" for number, (name, _) in enumerate(tools)]
    return Step(
        tuple(
            {"type": "tool_use", "id": identity, "name": name, "input": tool_input}
            for identity, (name, tool_input) in zip(names, tools, strict=True)
        )
    )


def failure(status: int) -> Step:
    """The server answers with an HTTP error."""
    return Step((), status=status)


@dataclass
class Request:
    """One request as it came in."""

    agent: str
    body: Block
    headers: dict[str, str] = field(repr=False)

    @property
    def messages(self) -> list[Block]:
        """The conversation."""
        found: list[Block] = self.body["messages"]
        return found

    def texts(self) -> list[str]:
        """Every text of the conversation, tool results included, in order."""
        return [words for message in self.messages for words in texts_of(message["content"])]

    def tool_results(self) -> dict[str, Block]:
        """The tool results of the conversation by the id of their call."""
        return {
            block["tool_use_id"]: block
            for message in self.messages
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_result"
        }


def texts_of(content: Any) -> Iterator[str]:
    """The texts in a message's content, whichever way it is written."""
    if isinstance(content, str):
        yield content
        return
    for block in content:
        if block["type"] == "text":
            yield block["text"]
        elif block["type"] == "tool_result":
            yield from texts_of(block["content"])


class ScriptedModel:
    """The server and what it has seen. `requests` grows; `wait` blocks until a request fits, with a deadline."""

    def __init__(self, **script: list[Step]) -> None:
        self.script = {name.replace("__", ":").replace("_", "-"): list(steps) for name, steps in script.items()}
        self.requests: list[Request] = []
        self.unknown: list[Block] = []
        self._seen = threading.Condition()
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path.startswith("/v1/messages/count_tokens"):
                    self._send(200, "application/json", json.dumps({"input_tokens": 1}).encode())
                    return
                step = model._take(body, dict(self.headers.items()))
                if step.gate is not None:
                    step.gate.wait(60)
                if step.status != 200:
                    problem = {"type": "error", "error": {"type": "api_error", "message": "scripted failure"}}
                    self._send(step.status, "application/json", json.dumps(problem).encode())
                else:
                    self._send(200, "text/event-stream", b"".join(_events(step, body)))

            def do_HEAD(self) -> None:
                self._send(200, "text/plain", b"")

            do_GET = do_HEAD  # noqa: N815

            def _send(self, status: int, kind: str, payload: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("content-type", kind)
                    self.send_header("content-length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that was killed in mid-request is part of many tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def _take(self, body: Block, headers: dict[str, str]) -> Step:
        agent = agent_of(body)
        with self._seen:
            if not body.get("tools"):
                return text("A title")
            self.requests.append(Request(agent, body, headers))
            self._seen.notify_all()
            steps = self.script.get(agent)
            if not steps:
                self.unknown.append(body)
                return text(f"the script of {agent!r} has run out")
            return steps.pop(0)

    def wait(self, predicate: Callable[[Request], bool], waiting_for: str, seconds: float = 20) -> Request:
        """The first request that fits, now or later."""
        with self._seen:
            if not self._seen.wait_for(lambda: any(map(predicate, self.requests)), seconds):
                raise AssertionError(f"waited {seconds} s for {waiting_for}; seen {[r.agent for r in self.requests]}")
            return next(filter(predicate, self.requests))

    def of(self, agent: str) -> list[Request]:
        """The requests of one agent."""
        return [request for request in self.requests if request.agent == agent]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def agent_of(body: Block) -> str:
    """Who asks: the marker in the first user message, or `unmarked`."""
    for message in body["messages"]:
        if message["role"] == "user":
            for words in texts_of(message["content"]):
                found = re.search(r"\[hookproof:agent=([^\]]+)\]", words)
                if found:
                    return found[1]
            break
    return "unmarked"


def _events(step: Step, body: Block) -> Iterator[bytes]:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    message = {
        "id": f"msg_{next(_NUMBERS)}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    yield _event("message_start", message=message)
    for index, block in enumerate(step.blocks):
        if block["type"] == "text":
            yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            yield _event("content_block_start", index=index, content_block={**block, "input": {}})
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    reason = "tool_use" if any(block["type"] == "tool_use" for block in step.blocks) else "end_turn"
    yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 5})
    yield _event("message_stop")


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
