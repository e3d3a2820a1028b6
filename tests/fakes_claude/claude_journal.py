"""Lists that grow from other threads, and the recorder's other end, for the tests of the stand-in of claude."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

SECONDS = 30.0

Record = dict[str, Any]


class Waitable:
    """A list that grows from other threads and can be waited on."""

    def __init__(self) -> None:
        self.items: list[Record] = []
        self._changed = threading.Condition()
        self.ended = False

    def add(self, item: Record) -> None:
        """One more."""
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait(self, fits: Callable[[Record], bool], waiting_for: str, *, nth: int = 1) -> Record:
        """The nth item that fits, now or later."""

        def found() -> list[Record]:
            return [item for item in self.items if fits(item)]

        with self._changed:
            came = self._changed.wait_for(lambda: len(found()) >= nth or self.ended, SECONDS)
            if not came or len(found()) < nth:
                raise AssertionError(f"waited for {waiting_for}, which did not come; there is {self.items}")
            return found()[nth - 1]


class Journal(Waitable):
    """The recorder's other end: keeps every record and acknowledges it, one kind perhaps not before its gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.hellos: list[Record] = []
        self.holds: dict[str, threading.Event] = {}
        self._connections: list[socket.socket] = []
        journal = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                journal._connections.append(self.connection)
                journal.hellos.append(json.loads(self.rfile.readline()))
                self.wfile.write(b"\n")
                for line in self.rfile:
                    record = json.loads(line)
                    journal.add(record)
                    if (gate := journal.holds.get(record["kind"])) is not None:
                        gate.wait(SECONDS)
                    self.wfile.write(b"\n")

        class Server(ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A program that was killed in the middle of a record is part of some tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def kinds(self) -> list[str]:
        """The kinds of all records, in order."""
        return [record["kind"] for record in self.items]

    def of(self, kind: str, **fields: Any) -> list[Record]:
        """The records of a kind whose fields are as given."""
        return [
            record
            for record in self.items
            if record["kind"] == kind and all(record.get(name) == value for name, value in fields.items())
        ]

    def events(self, **fields: Any) -> list[str]:
        """The events of the hooks that ran, in the order in which they started."""
        return [record["event"] for record in self.of("hook.started", **fields)]

    def position(self, kind: str, **fields: Any) -> int:
        """Where the first such record stands."""
        return self.items.index(self.of(kind, **fields)[0])

    def wait_for(self, kind: str, *, nth: int = 1, **fields: Any) -> Record:
        """The nth such record, now or later."""
        wanted = f"record {nth} of {kind} with {fields}"
        return self.wait(lambda record: record in self.of(kind, **fields), wanted, nth=nth)

    def drop(self) -> None:
        """Break every connection off."""
        for connection in self._connections:
            connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
