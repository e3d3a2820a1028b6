"""One HTTP/1.1 request over a raw socket, and its answer as a stream of bytes.

Written out because http.client costs 60 ms of import. The answer may take minutes: there is no read timeout; whoever
wants to give up closes the exchange from another thread.
"""

from __future__ import annotations

from .sockets import SHUT_RDWR, Socket, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 10.0


class Exchange:
    """A request under way. Reading raises OSError when the connection breaks off or is closed."""

    def __init__(self, base_url: str) -> None:
        scheme, mark, rest = base_url.partition("://")
        if scheme != "http" or not mark:
            raise OSError(f"expected a http:// address, found {base_url!r}")
        self._authority, _, path = rest.partition("/")
        self._prefix = "/" + path.rstrip("/") if path.rstrip("/") else ""
        host, colon, port = self._authority.rpartition(":")
        if not colon or not port.isdigit():
            host, port = self._authority, "80"
        self._socket: Socket = connect(host.strip("[]"), int(port), CONNECT_SECONDS)
        self._socket.settimeout(None)
        self._buffer = b""
        self.status = 0
        self.headers: dict[str, str] = {}

    def post(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Send the request and read the head of the answer."""
        lines = [f"POST {self._prefix}{path} HTTP/1.1", f"host: {self._authority}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"content-length: {len(body)}", "", ""]
        self._socket.sendall("\r\n".join(lines).encode("latin-1") + body)
        while True:
            status = self._line().split(b" ", 2)
            if len(status) < 2 or not status[1].isdigit():
                raise OSError("the answer is not HTTP")
            self.headers = dict(self._headers())
            self.status = int(status[1])
            if self.status >= 200:
                return

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self._line():
            name, _, value = line.partition(b":")
            yield name.decode("latin-1").lower(), value.strip().decode("latin-1")

    def body(self) -> Iterator[bytes]:
        """The answer's body as it comes in."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := int(self._line().partition(b";")[0], 16):
                yield self._exactly(size)
                self._line()
        elif "content-length" in self.headers:
            left = int(self.headers["content-length"])
            while left:
                chunk = self._some(left)
                left -= len(chunk)
                yield chunk
        else:
            if self._buffer:
                yield self._buffer
            while chunk := self._socket.recv(65536):
                yield chunk

    def lines(self) -> Iterator[bytes]:
        """The answer's body, line by line, without the line ends."""
        rest = b""
        for chunk in self.body():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r")
        if rest:
            yield rest

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk

    def _some(self, most: int) -> bytes:
        if not self._buffer:
            self._receive()
        chunk, self._buffer = self._buffer[:most], self._buffer[most:]
        return chunk

    def _receive(self) -> None:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise OSError("the connection was closed in the middle of the answer")
        self._buffer += chunk

    def interrupt(self) -> None:
        """Break the exchange off; a thread that reads it gets an OSError."""
        try:
            self._socket.shutdown(SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
