"""A record that has been sent is in the journal; a journal that does not answer is given up."""

from __future__ import annotations

import importlib
import json
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from codex_world import DEADLINE, PROGRAM

sys.path.insert(0, str(PROGRAM.parents[1] / "shared"))
wire: Any = importlib.import_module("standin.wire")

MOMENT = 0.1
"""How long a thing that must not happen is given to happen all the same."""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)
        yield server


def address(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_every_line_is_acknowledged_before_the_next_step(server: socket.socket) -> None:
    to_journal = wire.Recorder(address(server), "abc", "codex")
    recording = threading.Thread(target=to_journal.write, args=("codex.exit",), kwargs={"why": "a test"}, daemon=True)
    recording.start()
    connection, _ = server.accept()
    connection.settimeout(DEADLINE)
    with connection, connection.makefile("rb") as lines:
        introduction = json.loads(lines.readline())
        assert (introduction["token"], introduction["source"]) == ("abc", "codex")
        connection.sendall(b"\n")
        assert json.loads(lines.readline()) == {"kind": "codex.exit", "why": "a test"}
        recording.join(MOMENT)
        assert recording.is_alive(), "went on before the journal had the record"
        connection.sendall(b"\n")
        recording.join(DEADLINE)
        assert not recording.is_alive()


def test_a_silent_recorder_is_given_up_for_good(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ACKNOWLEDGEMENT_SECONDS", 0.01)
    to_journal = wire.Recorder(address(server), "abc", "codex")
    to_journal.write("codex.exit")
    server.accept()[0].close()
    server.settimeout(0)
    to_journal.write("codex.exit")
    with pytest.raises(BlockingIOError):
        server.accept()
