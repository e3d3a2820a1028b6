"""What hears the hooks of a hostile copy, which can write nowhere that their test can read, and reach no port of it.

A hook comes to a socket among the files, says one thing and may get an answer (`manner_help.tell`). What was said is
left in files, which is also where a hook leaves it on Windows.
"""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class Ear:
    """Listens while it is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, name="ear")

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(str(self._folder / "ear"))
            (self._folder / "ear").chmod(0o777)
            self._server.listen(64)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._server.close()

    def _listen(self) -> None:
        assert self._server is not None
        while True:
            try:
                said, _ = self._server.accept()
            except OSError:
                return
            with said, said.makefile("rb") as file:
                try:
                    what, _, text = file.read().partition(b"\n")
                    said.sendall(self._hear(what.decode(), text))
                except OSError:
                    continue  # it was ended while it spoke

    def _hear(self, what: str, text: bytes) -> bytes:
        path = self._folder / what
        if what == "first":
            # the preflight is no case: whose home is heard first is let be
            preflight = self._folder / "preflight"
            if not preflight.exists():
                preflight.write_bytes(text)
            if preflight.read_bytes() == text:
                return b"no"
            first = not path.exists()
            path.touch()
            return b"yes" if first else b"no"
        with path.open("ab") as file:
            file.write(text)
        return b"heard"
