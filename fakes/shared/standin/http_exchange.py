"""One HTTP/1.1 request over a raw socket, and its answer as a stream of bytes.

Written out because http.client costs 60 ms of import. The answer may take minutes: there is no read timeout; whoever
wants to give up interrupts the exchange from another thread.
"""

from __future__ import annotations

import sys

from .wire import SHUT_RDWR, Socket, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONNECT_SECONDS = 30.0
LONGEST_LINE = 64 * 1024 * 1024
# only there does a shutdown not wake a thread that waits for data
_CLOSE_WAKES = sys.platform == "win32"


class Exchange:
    """A request under way. Everything raises OSError or ValueError: no connection, none any more, no HTTP."""

    def __init__(self, base_url: str) -> None:
        """Connect."""
        scheme, mark, rest = base_url.partition("://")
        if scheme != "http" or not mark:
            raise ValueError(f"expected a http:// address, found {base_url!r}")
        self._authority, _, path = rest.partition("/")
        self._prefix = "/" + path.rstrip("/") if path.rstrip("/") else ""
        host, colon, port = self._authority.rpartition(":")
        if not colon or not port.isdigit():
            host, port = self._authority, "80"
        self._socket: Socket = connect(host.strip("[]"), int(port), CONNECT_SECONDS)
        self._socket.settimeout(None)
        self._buffer = bytearray()
        self.status = 0
        self.headers: dict[str, str] = {}

    def post(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Send the request and read the head of the answer."""
        lines = {"host": self._authority, "connection": "close", **headers, "content-length": str(len(body))}
        head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in lines.items())
        self._socket.sendall(f"POST {self._prefix}{path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        while self.status < 200:
            version, _, rest = (self._line() or b"").partition(b" ")
            if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
                raise ValueError("no HTTP response")
            self.status = int(rest[:3])
            self.headers = dict(self._headers())

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            yield name.strip().lower(), value.strip()

    def body(self) -> Iterator[bytes]:
        """The answer's body as it comes in."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := int((self._line() or _broken_off()).partition(b";")[0], 16):
                yield from self._exactly(size)
                self._line()
        elif "content-length" in self.headers:
            yield from self._exactly(int(self.headers["content-length"]))
        else:
            while piece := self._some():
                yield piece

    def lines(self) -> Iterator[bytes]:
        """The answer's body, line by line, without the line ends."""
        rest = b""
        for piece in self.body():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r")
        if rest:
            yield rest

    def _line(self) -> bytes | None:
        """The next line without its end, or None at the end of the stream."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LONGEST_LINE:
                raise ValueError("a line of the answer does not end")
            if not self._receive():
                return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self._some(size) or _broken_off()
            size -= len(piece)
            yield piece

    def _some(self, most: int | None = None) -> bytes:
        """What has come, at least one byte and at most so many; nothing at the end of the stream."""
        if not self._buffer:
            self._receive()
        data = bytes(self._buffer[:most])
        del self._buffer[: len(data)]
        return data

    def _receive(self) -> bool:
        data = self._socket.recv(65536)
        self._buffer += data
        return bool(data)

    def interrupt(self) -> None:
        """Break the exchange off; a thread that reads it gets an error, and the other side notices at once."""
        try:
            self._socket.shutdown(SHUT_RDWR)
            if _CLOSE_WAKES:
                self._socket.close()
        except OSError:
            return  # the other side was faster

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def events(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The data of the server-sent events among the lines of a body."""
    data: list[bytes] = []
    for line in lines:
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif not line.strip() and data:
            yield b"\n".join(data)
            data = []


def _one_line(value: str) -> str:
    # a client chooses its own name, and that becomes a header
    return value.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")


def _broken_off() -> bytes:
    raise ValueError("the answer breaks off")
