"""JSON, TCP and the wire to the harness's journal, without the json and socket modules.

Each of the two costs a fifth of a program's start, and doubles the tap's. A record is one line, acknowledged with a
byte once it is in the journal. A harness that is not there, or has gone, changes nothing: records are dropped and the
program works on.
"""

from __future__ import annotations

import os
from _json import encode_basestring_ascii as quoted
from _json import make_scanner
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, TCP_NODELAY, getaddrinfo
from _socket import socket as Socket  # noqa: N812 - a class with a lower-case name
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SHUT_RDWR", "Raw", "Recorder", "Socket", "connect", "decoded", "encoded", "recorder_of_the_run"]

ACKNOWLEDGEMENT_SECONDS = 5.0


class Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


class _Rules:
    """What the scanner of the standard library asks of its caller."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = parse_constant = float
    parse_int = int
    memo: dict[str, str] = {}


def decoded(text: str) -> Any:
    """The one JSON document that `text` is. Raises ValueError."""
    text = text.strip(" \t\r\n")
    try:
        value, end = make_scanner(_Rules())(text, 0)  # type: ignore[arg-type] # all that it looks at
    except (StopIteration, RecursionError, SystemError):
        # the scanner's own words come from json.decoder: where nobody has imported that, it fails without any
        raise ValueError("not JSON") from None
    if end != len(text):
        raise ValueError("more than one document")
    return value


def encoded(value: object) -> str:
    """`value`, of strings, whole numbers, booleans, None, lists and objects of them, as JSON."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        return str(quoted(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{encoded(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encoded(each) for each in value) + "]"
    return "null" if value is None else str(value).lower()


def connect(host: str, port: int, seconds: float) -> Socket:
    """A connected socket. `seconds` holds for connecting and stays set as its timeout. Raises OSError."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in getaddrinfo(host, port, 0, SOCK_STREAM):
        if family not in (AF_INET, AF_INET6):
            continue
        client = Socket(family, kind, protocol)
        try:
            client.settimeout(seconds)
            client.connect(address)
            client.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        except OSError as error:
            client.close()
            failure = error
        else:
            return client
    raise failure or OSError(f"no address for {host}")


class Recorder:
    """The connection to the journal, from the first record on, for as long as it holds. Shared by all threads."""

    def __init__(
        self,
        address: str | None,
        token: str | None,
        source: str,
        *,
        speaker: int | None = None,
        encode: Callable[[object], str] = encoded,
    ) -> None:
        """`speaker` is the process that the records are of, this one if not given.

        `encode`: `json.dumps` in a program that imports json anyway and has more to write than `encoded` can.
        """
        self._address = address
        self._encode = encode
        self._greeting: object = {"token": token, "source": source, "pid": speaker or os.getpid()}
        self._socket: Socket | None = None
        self._lock = allocate_lock()

    def write(self, kind: str, /, **fields: object) -> None:
        """Write one record and wait until it is in the journal."""
        with self._lock:
            if not self._address:
                return
            record = {"kind": kind, **fields}
            try:
                if self._socket is not None:
                    self._send(self._socket, record)
                    return
                host, _, port = self._address.rpartition(":")
                self._socket = connect(host.strip("[]"), int(port), ACKNOWLEDGEMENT_SECONDS)
                # the greeting goes out with the first record: one way there and back less
                self._send(self._socket, self._greeting, record)
            except (OSError, ValueError, OverflowError):
                self._give_up()

    def _send(self, connection: Socket, *records: object) -> None:
        connection.sendall("".join(self._encode(record) + "\n" for record in records).encode())
        answers = len(records)
        while answers:
            came = len(connection.recv(answers))
            if not came:
                raise OSError("the recorder closed the connection")
            answers -= came

    def wait(self) -> bool:
        """Wait, as long as it takes, for one more answer to the last record. False where none will come."""
        with self._lock:
            if self._socket is None:
                return False
            try:
                self._socket.settimeout(None)
                return bool(self._socket.recv(1))
            except OSError:
                return False

    def close(self) -> None:
        """Hang up; later records are dropped."""
        with self._lock:
            self._give_up()

    def _give_up(self) -> None:
        self._address = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def recorder_of_the_run(
    source: str, *, speaker: int | None = None, encode: Callable[[object], str] = encoded
) -> Recorder:
    """The recorder that the environment names, or one that drops everything."""
    address, token = os.environ.get("HOOKPROOF_RECORDER"), os.environ.get("HOOKPROOF_TOKEN")
    return Recorder(address, token, source, speaker=speaker, encode=encode)
