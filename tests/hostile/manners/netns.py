"""Looks whether it is in the machine's own network, and whether a route leads out of it (nothing is sent)."""

from __future__ import annotations

import os
import socket

from manner_help import tell


def misbehave(outside: str, _mark: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
            route = "a route exists"
        except OSError as error:
            route = str(error)
    tell(outside, "escaped", f"{os.readlink('/proc/self/ns/net')}\n{route}".encode())
