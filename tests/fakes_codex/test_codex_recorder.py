"""A record that has been sent is in the journal; a journal that does not answer is given up."""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
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


@pytest.mark.parametrize(
    "document", ['{"a": ', '"\\x"', '{"a" 1}', "[1 2]", '"a', "{a: 1}", "nul", "", "[] []", "[" * 100_000]
)
@pytest.mark.parametrize("first", ["import standin.wire", "import json, standin.wire"])
def test_damaged_json_is_a_value_error_whoever_has_imported_json(document: str, first: str) -> None:
    """The scanner takes its error from `json.decoder`, which a stand-in need not have imported."""
    code = f"""
import sys; sys.path.insert(0, {str(PROGRAM.parents[1] / "shared")!r})
{first}
try:
    print("read", standin.wire.decoded(sys.stdin.read()))
except ValueError:
    print("damaged, said", "with" if "json" in sys.modules else "without", "json")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        input=document,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stdout == f"damaged, said {'with' if 'json' in first else 'without'} json\n", done.stderr
