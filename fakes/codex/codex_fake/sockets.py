"""TCP as a client, without the socket module: its import would be a fifth of this program's start."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, TCP_NODELAY, getaddrinfo
from _socket import socket as Socket  # noqa: N812 - a class with a lower-case name

__all__ = ["SHUT_RDWR", "Socket", "connect"]


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
