"""Looks whether it is in the machine's own network, and whether a route leads out of it (nothing is sent)."""

from __future__ import annotations

import os
import socket


def misbehave(outside: str, _mark: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
            route = "a route exists"
        except OSError as error:
            route = str(error)
    with open(os.path.join(outside, "escaped"), "w", encoding="utf-8") as file:
        file.write(f"{os.readlink('/proc/self/ns/net')}\n{route}")
