"""A server on loopback for one run: its port is the kernel's choice, and at its end every connection is closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class LoopbackServer:
    """Calls `serve` for every connection and closes the connection after it. Belongs to one event loop."""

    def __init__(self, serve: Serve, *, limit: int = 2**16) -> None:
        """`limit` is the longest line in bytes that a connection's readline takes."""
        self._serve = serve
        self._limit = limit
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen. Returns the port."""
        self._server = await asyncio.start_server(self._connection, HOST, 0, limit=self._limit)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port, and every connection that is still open."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # by `stop`, the only one that knows this task; asyncio would log it as an error
        finally:
            writer.close()
            # the other side may have gone first, and `stop` may come in the middle of this
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
