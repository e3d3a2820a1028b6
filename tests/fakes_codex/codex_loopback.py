"""The two servers that a stand-in Codex talks to: a model whose every answer the test gives, and a journal.

Both live on loopback as long as their world. What arrives is kept and can be waited for, with a deadline.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

DEADLINE = 30.0
Json = dict[str, Any]


class Waitable:
    """Things that arrive in threads and are waited for by tests."""

    def __init__(self, name: str) -> None:
        self.seen: list[Any] = []
        self._name = name
        self._changed = threading.Condition()

    def add(self, thing: Any) -> None:
        with self._changed:
            self.seen.append(thing)
            self._changed.notify_all()

    def wait(self, what: str, fits: Callable[[Any], bool], *, nth: int = 0) -> Any:
        """The first thing that fits, or the nth after it, however long ago it came."""
        until = time.monotonic() + DEADLINE
        with self._changed:
            while True:
                fitting = [thing for thing in self.seen if fits(thing)]
                if len(fitting) > nth:
                    return fitting[nth]
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{self._name}: waited {DEADLINE:g} s for {what}; there was {self.seen!r}")
                self._changed.wait(left)


class Listener:
    """Accepts connections on loopback, each served by a thread."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._serve = serve
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._connections.append(connection)
                threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(connection)

    def close(self) -> None:
        """Close the port and what came through it."""
        for one in (self._listening, *self._connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class Asked:
    """One request to the model, held until the test answers it."""

    def __init__(self, connection: socket.socket, head: list[str], body: bytes) -> None:
        connection.settimeout(DEADLINE)
        self._connection = connection
        self.line = head[0]
        self.headers = dict(line.split(": ", 1) for line in head[1:])
        self.body: Json = json.loads(body)
        self._begun = False

    @property
    def prompt(self) -> str:
        """The newest words of the user."""
        return self.prompts[-1]

    @property
    def prompts(self) -> list[str]:
        """All words of the user, the surroundings left out."""
        words = [item["content"][0]["text"] for item in self.body["input"] if item.get("role") == "user"]
        return [text for text in words if not text.startswith("<environment_context>")]

    def begin(self) -> None:
        """The answer's head and its first event; the rest is held back."""
        if not self._begun:
            self._begun = True
            self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            self.event("response.created", response={"id": "resp_1"})

    def event(self, kind: str, **fields: Any) -> None:
        self.chunk(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())

    def item(self, item: Json) -> None:
        self.begin()
        self.event("response.output_item.done", item=item)

    def say(self, text: str, **more: Any) -> None:
        """Answer with a message, and end."""
        content = [{"type": "output_text", "text": text}]
        self.item({"type": "message", "id": "msg_1", "role": "assistant", "content": content, **more})
        self.end()

    def call(self, name: str) -> None:
        """Answer with a call of a tool, and end."""
        self.item({"type": "function_call", "call_id": "call_1", "name": name, "arguments": "{}"})
        self.end()

    def end(self) -> None:
        self.event("response.completed", response={"id": "resp_1"})
        self.chunk(b"")
        self._connection.close()

    def refuse(self, status: int, text: str) -> None:
        """An HTTP error instead of an answer."""
        data = text.encode()
        self.send(b"HTTP/1.1 %d Refused\r\ncontent-length: %d\r\n\r\n%s" % (status, len(data), data))
        self._connection.close()

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def chunk(self, data: bytes) -> None:
        """A piece of a begun answer's body."""
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def drop(self) -> None:
        """Close the connection in mid-answer."""
        self._connection.close()

    def wait_gone(self) -> None:
        """Until the client has closed the connection."""
        with contextlib.suppress(ConnectionError):
            assert self._connection.recv(1) == b"", "the client spoke instead of going away"


class Model:
    """The Responses server: takes requests, answers none by itself."""

    def __init__(self) -> None:
        self._asked = Waitable("model")
        self._listener = Listener(self._serve)
        self.url = f"http://{self._listener.address}/v1"
        self.close = self._listener.close

    def asked(self, number: int = 0) -> Asked:
        """The request of that number, once it has come."""
        request: Asked = self._asked.wait(f"request {number}", lambda _: True, nth=number)
        return request

    def asked_about(self, prompt: str) -> Asked:
        """The first request whose newest words are these."""
        request: Asked = self._asked.wait(f"a request about {prompt!r}", lambda asked: asked.prompt == prompt)
        return request

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            head = []
            while line := stream.readline().decode().strip():
                head.append(line)
            if head:
                length = next(int(line.split(":")[1]) for line in head if line.startswith("content-length"))
                self._asked.add(Asked(connection, head, stream.read(length)))


class Journal:
    """The harness's end of the recorder protocol."""

    def __init__(self, *, deaf: bool = False) -> None:
        self._deaf = deaf
        self._records = Waitable("journal")
        self._listener = Listener(self._serve)
        self.address = self._listener.address
        self.close = self._listener.close

    @property
    def records(self) -> list[Json]:
        return list(self._records.seen)

    def wait(self, kind: str, **fields: Any) -> Json:
        """The record of that kind with these fields, once it has come."""
        wanted = {"kind": kind, **fields}
        record: Json = self._records.wait(str(wanted), lambda row: wanted.items() <= row.items())
        return record

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            for line in stream:
                if self._deaf:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                self._records.add(json.loads(line))
                connection.sendall(b"\n")
