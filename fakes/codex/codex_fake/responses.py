"""Asks the model: one Responses request over a socket of its own, and the events of the answer as they come.

An exchange belongs to one turn. It may wait for minutes, for a job lasts as long as its answer is held back; another
thread can abandon it at any moment, and then its connection is closed at once, so that the model server notices.
"""

from __future__ import annotations

import json
import sys
from _thread import allocate_lock

from .sockets import SHUT_RDWR, Socket, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    Event = dict[str, Any]

CONNECT_SECONDS = 30.0
LONGEST_LINE = 64 * 1024 * 1024
_CHUNK = 65536
# only there does a shutdown not wake a thread that waits for data
_CLOSE_WAKES = sys.platform == "win32"


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
        self._socket: Socket | None = None
        self._abandoned = False
        self._lock = allocate_lock()

    def abandon(self) -> None:
        """Close the connection now; whoever waits on it gets an AbandonedError. From any thread."""
        with self._lock:
            self._abandoned = True
            if self._socket is None:
                return
            try:
                self._socket.shutdown(SHUT_RDWR)
                if _CLOSE_WAKES:
                    self._socket.close()
            except OSError:
                return  # the other side was faster

    def ask(self, headers: dict[str, str], body: dict[str, Any]) -> Iterator[Event]:
        """Send the request and yield the events up to the end of the answer. Raises ModelError, AbandonedError."""
        if not self._base_url:
            raise ModelError("OPENAI_BASE_URL is not set: there is no model to ask")
        url = self._base_url.rstrip("/") + "/responses"
        try:
            host, port, path = _parts(url)
            with self._opened(host, port) as connection:
                connection.sendall(_request(f"{host}:{port}", path, self._key, headers, json.dumps(body).encode()))
                yield from _events(_Reader(connection))
        except (OSError, ValueError, ModelError) as error:
            if self._abandoned:
                raise AbandonedError from None
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"stream disconnected before completion: {url}: {error}") from None
        finally:
            with self._lock:
                self._socket = None

    def _opened(self, host: str, port: int) -> _Closing:
        connection = connect(host, port, CONNECT_SECONDS)
        connection.settimeout(None)
        with self._lock:
            if self._abandoned:
                connection.close()
                raise AbandonedError
            self._socket = connection
        return _Closing(connection)


class _Closing:
    """The bare socket is no context manager."""

    def __init__(self, connection: Socket) -> None:
        self._connection = connection

    def __enter__(self) -> Socket:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class _Reader:
    """Lines and bytes of a connection."""

    def __init__(self, connection: Socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def more(self) -> bool:
        """Wait for more bytes. False at the end of the stream."""
        data = self._connection.recv(_CHUNK)
        self._buffer += data
        return bool(data)

    def line(self) -> bytes | None:
        """The next line without its end, or None at the end of the stream."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LONGEST_LINE:
                raise ValueError("a line of the answer does not end")
            if not self.more():
                return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def some(self, most: int | None = None) -> bytes:
        """What has come, at least one byte and at most so many; nothing at the end of the stream."""
        if not self._buffer:
            self.more()
        data = bytes(self._buffer[:most])
        del self._buffer[: len(data)]
        return data


def _parts(url: str) -> tuple[str, int, str]:
    scheme, _, rest = url.partition("://")
    if scheme != "http":
        raise ValueError("only http:// addresses are served")
    place, slash, path = rest.partition("/")
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    return (host if colon else place).strip("[]"), int(port) if colon else 80, slash + path


def _request(place: str, path: str, key: str | None, headers: dict[str, str], body: bytes) -> bytes:
    lines = {
        "host": place,
        "accept": "text/event-stream",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **({"authorization": f"Bearer {key}"} if key else {}),
        **headers,
    }
    head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _one_line(value: str) -> str:
    # a client chooses its own name, and that becomes a header
    return value.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")


def _events(reader: _Reader) -> Iterator[Event]:
    status, headers = _head(reader)
    pieces = _pieces(reader, headers)
    if status != 200:
        said = b"".join(pieces).decode("utf-8", "replace")
        info = "internalServerError" if status >= 500 else "other"
        raise ModelError(said or f"the model server answered {status}", info)
    for data in _data(pieces):
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


def _head(reader: _Reader) -> tuple[int, dict[str, str]]:
    start = (reader.line() or b"").split()
    if len(start) < 2 or not start[0].startswith(b"HTTP/1."):
        raise ValueError("no HTTP response")
    headers = {}
    while line := reader.line():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(start[1]), headers


def _pieces(reader: _Reader, headers: dict[str, str]) -> Iterator[bytes]:
    """The body as it comes."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((reader.line() or _broken_off()).partition(b";")[0], 16):
            yield from _exactly(reader, size)
            reader.line()
    elif "content-length" in headers:
        yield from _exactly(reader, int(headers["content-length"]))
    else:
        while piece := reader.some():
            yield piece


def _exactly(reader: _Reader, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = reader.some(size)
        if not piece:
            _broken_off()
        size -= len(piece)
        yield piece


def _broken_off() -> NoReturn:
    raise ValueError("the answer breaks off")


def _data(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The data of the server-sent events in a body."""
    rest = b""
    data: list[bytes] = []
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            field, _, value = line.rstrip(b"\r").partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif not line.strip() and data:
                yield b"\n".join(data)
                data = []


def _reason(event: Event) -> str:
    response = event.get("response")
    error = response.get("error") if isinstance(response, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or "the response failed")
