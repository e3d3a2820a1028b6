"""A plugin whose hook comes to a socket of the test and stays: what it started is known to run, and to be gone."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from hookproof import places

SECONDS = 60.0
PROGRAM = """\
import socket, subprocess, sys
own = {"creationflags": 0x208} if sys.platform == "win32" else {"start_new_session": True}
if sys.argv[2:]:
    subprocess.Popen([sys.executable, "-I", "-S", *sys.argv[:2]], **own)
if sys.argv[1].isdigit():
    met = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
else:
    met = socket.socket(socket.AF_UNIX)
    met.connect(sys.argv[1])
met.sendall(b"here")
met.recv(1)
"""
"""Comes to a socket of the test and stays; one with a word more first starts another, detached, that does the same."""


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    """Where the hooks come to. An isolated one reaches no port of this machine, and of its files what Python needs."""
    if sys.platform == "win32":
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(SECONDS)
            yield server
        return
    place = Path(sys.prefix) / f"hp-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        try:
            server.listen()
            server.settimeout(SECONDS)
            yield server
        finally:
            place.unlink()


def address(meeting: socket.socket) -> str:
    """How PROGRAM is told where it is to come to: a port, or a path."""
    name = meeting.getsockname()
    return name if isinstance(name, str) else str(name[1])


def plugin_that_stays(folder: Path, meeting: socket.socket) -> Path:
    """The reference, with a hook that never comes back."""
    copy = folder / "plugin"
    shutil.copytree(places.REFERENCE / "companion", copy)
    (copy / "scripts" / "meet.py").write_text(PROGRAM, encoding="utf-8")
    command = f'python3 -I -S "${{CLAUDE_PLUGIN_ROOT}}/scripts/meet.py" {address(meeting)} first'
    hooks = {"SessionStart": [{"hooks": [{"type": "command", "command": command, "timeout": 600}]}]}
    (copy / "hooks" / "hooks.json").write_text(json.dumps({"hooks": hooks}), encoding="utf-8")
    return copy


def met(meeting: socket.socket, count: int) -> list[socket.socket]:
    """The connections of that many processes."""
    connections = []
    for _ in range(count):
        connection, _ = meeting.accept()
        connection.settimeout(SECONDS)
        assert connection.recv(4) == b"here"
        connections.append(connection)
    return connections


def let_preflight_go(meeting: socket.socket) -> None:
    """Let go what comes of a plugin's preflight: its hook, and what that has started."""
    for connection in met(meeting, 2):
        connection.close()


def is_gone(connection: socket.socket) -> bool:
    """Whether the process at the other end ends; raises TimeoutError when it does not."""
    with connection, contextlib.suppress(ConnectionError):
        return connection.recv(1) == b""
    return True


def is_gone_already(connection: socket.socket) -> bool:
    """Whether the process at the other end has ended by now."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
