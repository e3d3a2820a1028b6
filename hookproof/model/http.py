"""One HTTP/1.1 connection of the model server: h11 does the protocol, this module the sockets.

Life: accepted, one request after another is read and answered, closed by either side. While an answer is held back
the connection is watched, so that a client that goes away is noticed at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import h11

T = TypeVar("T")

_CHUNK = 65536


class ClientLeftError(Exception):
    """The client closed the connection before its answer was complete."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    """The body, as far as it was accepted."""
    size: int
    """How long it was, in bytes."""


class Exchange:
    """One connection: read a request, answer it, watch the client meanwhile."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, admitted: Callable[[Mapping[str, str]], int]
    ) -> None:
        """`admitted` says of a request's headers how long a body is kept, in bytes; the rest is read and dropped."""
        self._admitted = admitted
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._peeked: asyncio.Task[bytes] | None = None
        self._bodiless = False

    @property
    def peer_port(self) -> int:
        """The client's port on loopback."""
        peer = self._writer.get_extra_info("peername")
        return int(peer[1]) if peer else 0

    async def request(self) -> Request | None:
        """The next request, or None when the client is done. Raises h11.RemoteProtocolError for what is not HTTP."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        elif self._http.our_state is not h11.IDLE:
            return None
        head: h11.Request | None = None
        headers: dict[str, str] = {}
        body, size, most = bytearray(), 0, 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                try:
                    self._http.receive_data(await self._read())
                except ConnectionError:
                    return None
            elif isinstance(event, h11.Request):
                head = event
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
                most = self._admitted(headers)
            elif isinstance(event, h11.Data):
                size += len(event.data)
                body += event.data[: max(0, most - len(body))]
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                path = head.target.decode("latin-1").partition("?")[0]
                self._bodiless = head.method == b"HEAD"
                return Request(head.method.decode("ascii"), path, headers, bytes(body), size)
            else:
                return None

    async def begin(self, content_type: str, *, status: int = 200, length: int | None = None) -> None:
        """Send the response's head. Without a length in bytes the body follows in chunks."""
        headers = [("content-type", content_type), ("cache-control", "no-store")]
        if length is not None:
            headers.append(("content-length", str(length)))
        await self._send(h11.Response(status_code=status, headers=headers))

    async def send(self, data: bytes) -> None:
        """Send a part of the body. Raises ClientGoneError."""
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        """Finish the body."""
        await self._send(h11.EndOfMessage())

    async def answer(self, data: bytes, *, content_type: str = "application/json", status: int = 200) -> None:
        """A whole response at once; to HEAD without its body."""
        await self.begin(content_type, status=status, length=len(data))
        if not self._bodiless:
            await self.send(data)
        await self.end()

    async def hold(self, until: Awaitable[T]) -> T:
        """Wait for `until` while watching the client. Raises ClientGoneError when it goes first."""
        waited = asyncio.ensure_future(until)
        if self._peeked is None:
            self._peeked = asyncio.ensure_future(self._reader.read(_CHUNK))
        try:
            await asyncio.wait({waited, self._peeked}, return_when=asyncio.FIRST_COMPLETED)
            if waited.done():
                return waited.result()
            if self._closed(self._peeked):
                raise ClientLeftError
            return await waited
        finally:
            waited.cancel()

    @staticmethod
    def _closed(peeked: asyncio.Task[bytes]) -> bool:
        return peeked.exception() is not None or peeked.result() == b""

    async def _read(self) -> bytes:
        if self._peeked is not None:
            peeked, self._peeked = self._peeked, None
            return await peeked
        return await self._reader.read(_CHUNK)

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if not data:
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            raise ClientLeftError from None

    def close(self) -> None:
        """Stop watching the client. Whoever accepted the connection closes it."""
        if self._peeked is not None:
            self._peeked.cancel()
