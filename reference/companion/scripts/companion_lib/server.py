"""The shared server: one `codex app-server` a workspace, kept by a detached process that its workers connect to.

The first worker starts it; `server.json` says where it listens and what the first line to it must be. It hands each
client's requests on under numbers of its own, and each notification to the client whose thread it is about. It goes
when its Codex goes, or when a client asks it to: it answers, and waits for that client to let go of the connection.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator

from . import Json, Stream, plain_json, processes
from .codex_client import CodexClient
from .jobs import MARK
from .policy import SCRIPTS
from .state import Workspace


def connect(workspace: Workspace) -> socket.socket:
    """A connection to the workspace's server, which is started if there is none."""
    with processes.Lock(workspace.path("server.lock")):  # under every policy: a second server would help nobody
        try:
            return _reach(workspace)
        except (OSError, ValueError):
            companion = os.path.join(SCRIPTS, "companion.py")
            argv = [sys.executable, "-I", "-S", companion, "server", "--workspace", workspace.root]
            log = workspace.path("server.log")
            unmarked = {name: value for name, value in os.environ.items() if name != MARK}
            if not processes.start(argv, unmarked, log, detached=True).speaks():
                raise OSError(f"the shared server did not start; {log} may say why") from None
            return _reach(workspace)


def _address(workspace: Workspace) -> Json:
    with open(workspace.path("server.json"), encoding="utf-8") as file:
        address: Json = plain_json.loads(file.read())
    return address


def _reach(workspace: Workspace) -> socket.socket:
    address = _address(workspace)
    connection = socket.create_connection(("127.0.0.1", address["port"]))
    connection.sendall(address["secret"].encode() + b"\n")
    return connection


@contextlib.contextmanager
def shutting_down(workspace: Workspace) -> Iterator[None]:
    """Asks the server to go, whoever uses it, and waits for its answer for however long that takes, as 1.0.4 does.

    What happens inside happens before anybody sees the server go; after that its group, Codex included, is ended.
    """
    with contextlib.ExitStack() as until_then:
        with contextlib.suppress(OSError, ValueError):
            connection = until_then.enter_context(_reach(workspace))
            connection.sendall(b'{"id": 1, "method": "server/shutdown"}\n')
            connection.recv(1)
        yield
        with contextlib.suppress(OSError, ValueError):
            processes.end_group(_address(workspace)["pid"])
            os.unlink(workspace.path("server.json"))


def serve(workspace: Workspace) -> None:
    codex = processes.start(["codex", "app-server"], dict(os.environ), workspace.path("server.log"))
    CodexClient(codex.stdout, codex.stdin).greet()
    listener = socket.create_server(("127.0.0.1", 0))
    pid, secret = os.getpid(), os.urandom(16).hex()
    address = {"port": listener.getsockname()[1], "secret": secret, "pid": pid, "pidStart": processes.start_time(pid)}
    private = os.open(workspace.path("server.json"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(private, "w", encoding="utf-8") as file:
        file.write(plain_json.dumps(address))
    print("ready", flush=True)
    exchange = Exchange(codex)
    threading.Thread(target=exchange.deliver, daemon=True).start()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=exchange.attend, args=(client, secret), daemon=True).start()


class Exchange:
    """Between one Codex and its clients: one thread reads Codex, one each client."""

    def __init__(self, codex: processes.Child) -> None:
        self._codex = codex
        self._writing, self._numbering = threading.Lock(), threading.Lock()
        self._asked: list[tuple[socket.socket, object]] = []  # who asked, under which id; the place here is the new id
        self._owners: dict[str, socket.socket] = {}
        self._turns: dict[socket.socket, Json] = {}

    def attend(self, client: socket.socket, secret: str) -> None:
        """Serve one client until it closes or dies. What it leaves unfinished is interrupted."""
        asked_to_go = False
        with contextlib.suppress(OSError), client, client.makefile("rb") as lines:
            for line in lines if lines.readline().strip() == secret.encode() else ():
                message = plain_json.loads(line)
                asked_to_go = message.get("method") == "server/shutdown"
                self._take(client, message)
        if asked_to_go:
            os._exit(0)
        if turn := self._turns.pop(client, None):
            self._hand_on(client, {"id": None, "method": "turn/interrupt", "params": turn})

    def _take(self, client: socket.socket, message: Json) -> None:
        if message.get("method") in ("initialize", "server/shutdown"):
            self._write(client.makefile("wb"), {"id": message["id"], "result": {}})
        elif "id" in message:
            self._hand_on(client, message)

    def _hand_on(self, client: socket.socket, message: Json) -> None:
        with self._numbering:
            number = len(self._asked)
            self._asked.append((client, message["id"]))
        self._write(self._codex.stdin, {**message, "id": number})

    def deliver(self) -> None:
        """Bring what Codex says to whom it concerns, until Codex is gone."""
        for line in self._codex.stdout:
            message = plain_json.loads(line)
            if "method" in message:
                client = self._owners.get(message.get("params", {}).get("threadId"))
                if client and message["method"] == "turn/completed":
                    self._turns.pop(client, None)
            else:
                client, message["id"] = self._asked[message["id"]]
                self._note(client, message.get("result") or {})
            if client:
                self._write(client.makefile("wb"), message)
        os._exit(0)

    def _note(self, client: socket.socket, result: Json) -> None:
        if "thread" in result:
            self._owners[result["thread"]["id"]] = client
        if "turn" in result:
            thread = next(thread for thread, owner in self._owners.items() if owner is client)
            self._turns[client] = {"threadId": thread, "turnId": result["turn"]["id"]}

    def _write(self, stream: Stream, message: Json) -> None:
        with self._writing, contextlib.suppress(OSError):
            stream.write(plain_json.dumps(message).encode() + b"\n")
            stream.flush()
