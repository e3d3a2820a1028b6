"""Tells the harness's journal what happens in here; a record that has been sent has been written there.

The connection opens with the first record and lasts as long as the process. Without `HOOKPROOF_RECORDER`, or when
nobody answers there, records are dropped and Codex works on.
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock

from .sockets import Socket, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ACKNOWLEDGEMENT_SECONDS = 5.0


class Recorder:
    """Shared by all threads of the process."""

    def __init__(self, address: str | None, token: str | None) -> None:
        self._address = address
        self._token = token
        self._socket: Socket | None = None
        self._lock = allocate_lock()

    def record(self, kind: str, **fields: Any) -> None:
        """Write one record and wait until the journal has it."""
        with self._lock:
            if not self._address:
                return
            try:
                if self._socket is None:
                    self._socket = self._introduced(self._address)
                _tell(self._socket, {"kind": kind, **fields})
            except (OSError, ValueError):
                # a harness that is gone must not change what Codex does
                self._address = None

    def _introduced(self, address: str) -> Socket:
        host, _, port = address.rpartition(":")
        connection = connect(host, int(port), ACKNOWLEDGEMENT_SECONDS)
        _tell(connection, {"token": self._token, "source": "codex", "pid": os.getpid()})
        return connection


def _tell(connection: Socket, record: dict[str, Any]) -> None:
    connection.sendall(json.dumps(record).encode() + b"\n")
    if not connection.recv(1):
        raise OSError("the recorder closed the connection")


def recorder_of_the_run() -> Recorder:
    """The recorder that the environment names, or one that drops everything."""
    return Recorder(os.environ.get("HOOKPROOF_RECORDER"), os.environ.get("HOOKPROOF_TOKEN"))
