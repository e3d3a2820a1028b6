"""The wire to the harness's journal: one JSON object a line, each acknowledged before the host goes on.

The connection is opened with the first record and lives as long as the program. Without `HOOKPROOF_RECORDER`, or when
the harness has gone, records are dropped and the host works on.
"""

from __future__ import annotations

import json
import os
import threading

from .sockets import Socket, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ACKNOWLEDGEMENT_SECONDS = 5.0


class Recorder:
    """Sends records; a record that has been sent is in the journal."""

    def __init__(self, address: str | None, token: str | None) -> None:
        self._address = address
        self._token = token
        self._socket: Socket | None = None
        self._lock = threading.Lock()

    def write(self, kind: str, **fields: Any) -> None:
        """Write one record and wait until it is in the journal."""
        with self._lock:
            if self._address is None:
                return
            try:
                if self._socket is None:
                    host, _, port = self._address.rpartition(":")
                    self._socket = connect(host, int(port), ACKNOWLEDGEMENT_SECONDS)
                    self._send({"token": self._token, "source": "claude", "pid": os.getpid()})
                self._send({"kind": kind, **fields})
            except (OSError, ValueError):
                self._address = None
                self._drop()

    def _send(self, record: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.sendall(json.dumps(record, separators=(",", ":"), default=str).encode() + b"\n")
        if not self._socket.recv(1):
            raise OSError("the recorder closed the connection")

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._drop()
