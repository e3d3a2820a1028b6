"""The recorder: the loopback port on which the stand-ins, the tap and the observer report what they do.

Every line is answered with one byte once it is in the journal, and its sender waits for that: so the journal's order
is the order in which things happened, across processes. A connection that does not begin with the run's token is
closed and told in the journal.
"""

from __future__ import annotations

import asyncio
import json

from hookproof.journal import Journal
from hookproof.loopback import HOST, LoopbackServer

_LIMIT = 16 * 1024 * 1024
_OURS = frozenset({"seq", "at"})
HELD = "shell.held"
"""A record whose sender waits for a second byte: `fakes/hold`."""


class Recorder:
    """Listens from the run's start to its end."""

    def __init__(self, journal: Journal, token: str) -> None:
        self._journal = journal
        self._token = token
        self._loopback = LoopbackServer(self._connection, limit=_LIMIT)
        self._goes_on = asyncio.Event()

    async def start(self) -> str:
        """Listen on loopback. Returns host:port."""
        return f"{HOST}:{await self._loopback.start()}"

    def let_go(self) -> None:
        """Let every command that is held go on, now or when it comes."""
        self._goes_on.set()

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._loopback.stop()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender died; what it had sent is in the journal
        except ValueError as error:
            self._journal.write("error", where="recorder", what=f"a record that is no JSON object: {error}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = _decode(await reader.readline())
        if hello.get("token") != self._token:
            self._journal.write("stranger", what="a connection to the recorder without this run's token was closed")
            return
        source = {"source": hello.get("source"), "by": hello.get("pid")}
        writer.write(b"\n")
        while line := await reader.readline():
            record = _decode(line)
            kind = str(record.pop("kind", "unknown"))
            fields = {name: value for name, value in record.items() if name not in _OURS}
            self._journal.write(kind, **source, **{k: v for k, v in fields.items() if k not in source})
            writer.write(b"\n")
            await writer.drain()
            if kind == HELD:
                await self._goes_on.wait()
                writer.write(b"\n")
                await writer.drain()


def _decode(line: bytes) -> dict[str, object]:
    value = json.loads(line) if line.strip() else {}
    if not isinstance(value, dict):
        raise ValueError(f"found {line[:60]!r}")
    return value
