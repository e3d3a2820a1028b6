"""The HTTP and event parsing of the client, however the network cuts the bytes."""

from __future__ import annotations

import importlib
import itertools
import json
import socket
import sys
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from codex_world import DEADLINE, PROGRAM
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path[:0] = [str(PROGRAM.parent), str(PROGRAM.parents[1] / "shared")]
responses: Any = importlib.import_module("codex_fake.responses")

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
EVENTS = [
    {"type": "response.created", "response": {"id": "r"}},
    {"type": "response.output_item.done", "item": {"type": "message", "content": [{"text": "zwölf: a\nb"}]}},
    {"type": "response.completed", "response": {"id": "r"}},
]
BODY = b"".join(b"event: x\r\ndata: %s\r\n: a comment\r\n\r\n" % json.dumps(event).encode() for event in EVENTS)


def ask(answer: Iterable[bytes]) -> list[dict[str, Any]]:
    """The events that the client finds in an answer sent in these pieces."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = b""
                while not request.endswith(b"{}"):
                    request += connection.recv(65536)
                for piece in answer:
                    connection.sendall(piece)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        exchange = responses.Exchange(f"http://127.0.0.1:{server.getsockname()[1]}/v1/", None)
        try:
            return list(exchange.ask({}, {}))
        finally:
            serving.join(DEADLINE)


def chunked(sizes: Iterable[int]) -> bytes:
    body, rest = b"", BODY
    for size in sizes:
        body += b"%x;note=1\r\n%s\r\n" % (len(rest[:size]), rest[:size]) if rest else b""
        rest = rest[size:]
    body += b"%X\r\n%s\r\n" % (len(rest), rest) if rest else b""
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({place % len(data) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


places = st.lists(st.integers(0, 2000), max_size=4)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), max_size=8), where=places)
def test_chunks_may_fall_anywhere(sizes: list[int], where: list[int]) -> None:
    assert ask(cut(chunked(sizes), where)) == EVENTS


@settings(max_examples=30, deadline=None)
@given(where=places)
def test_a_body_may_have_a_length_or_none(where: list[int]) -> None:
    assert ask(cut(HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY, where)) == EVENTS
    assert ask(cut(HEAD + b"\r\n" + BODY, where)) == EVENTS


@settings(max_examples=60, deadline=None)
@given(
    junk=st.binary(max_size=80),
    front=st.sampled_from([b"", HEAD, HEAD + b"\r\n", HEAD + b"transfer-encoding: chunked\r\n\r\n"]),
)
def test_any_junk_is_a_model_error(junk: bytes, front: bytes) -> None:
    with pytest.raises(responses.ModelError):
        ask([front + junk])


def test_the_data_of_an_event_may_have_several_lines() -> None:
    body = b'data: {"type":\ndata:  "response.completed"}\n\n'
    assert ask([HEAD, b"\r\n", body]) == [{"type": "response.completed"}]


def test_an_answer_that_ends_early_is_a_model_error() -> None:
    whole = chunked([])
    end_of_events = whole.index(b'"response.completed"')
    for end in range(1, end_of_events, 7):
        with pytest.raises(responses.ModelError):
            ask([whole[:end]])


def test_an_abandoned_exchange_asks_nobody() -> None:
    exchange = responses.Exchange("http://127.0.0.1:9/v1", None)
    exchange.abandon()
    with socket.create_server(("127.0.0.1", 0)) as server:
        exchange._base_url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        with pytest.raises(responses.AbandonedError):
            list(exchange.ask({}, {}))
