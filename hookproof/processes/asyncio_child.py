"""A child of asyncio's own making, for the platforms whose loop learns of its end by an event and in any thread.

asyncio's `Process.wait` is not used: in some releases of 3.11 and 3.12 it waits for the end of the pipes as well,
and a grandchild may hold those for ever. The protocol is told of the exit itself.
"""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hookproof.processes.base import Exit, Identity, Stream

_left: set[asyncio.SubprocessTransport] = set()


class Protocol(asyncio.subprocess.SubprocessStreamProtocol):
    """Streams, and a future of the exit."""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit, loop)
        self.ended: asyncio.Future[Exit] = loop.create_future()
        self._of_process: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._of_process = transport
        super().connection_made(transport)

    def process_exited(self) -> None:
        assert self._of_process is not None
        code = self._of_process.get_returncode()
        if not self.ended.done():
            self.ended.set_result(Exit.unseen() if code is None else Exit.from_returncode(code))
        super().process_exited()


@dataclass(frozen=True, slots=True)
class Started:
    """A process just started, and asyncio's two halves of it."""

    pid: int
    transport: asyncio.SubprocessTransport
    protocol: Protocol


async def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    limit: int,
    **how: Any,
) -> Started:
    """Start a process in the running loop; `how` is for subprocess.Popen."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(
        lambda: Protocol(limit, loop), *argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, **how
    )
    return Started(transport.get_pid(), transport, protocol)


class AsyncioChild:
    """The half of a `Child` that is the same wherever asyncio starts it."""

    def __init__(self, started: Started, identity: Identity) -> None:
        self.stdin: asyncio.StreamWriter | None = started.protocol.stdin
        self.stdout: asyncio.StreamReader | None = started.protocol.stdout
        self.stderr: asyncio.StreamReader | None = started.protocol.stderr
        self._transport = started.transport
        self._ended = started.protocol.ended
        self._identity = identity

    @property
    def identity(self) -> Identity:
        return self._identity

    @property
    def exit(self) -> Exit | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> Exit:
        return await asyncio.shield(self._ended)

    def close(self) -> None:
        if self.exit is not None:
            self._transport.close()
            return
        # Closing its transport would end it, and so would forgetting it.
        _left.add(self._transport)
        self._ended.add_done_callback(lambda _: _left.discard(self._transport))
        for number in range(3):
            pipe = self._transport.get_pipe_transport(number)
            if isinstance(pipe, asyncio.WriteTransport):
                if not pipe.is_closing() or pipe.get_write_buffer_size():
                    pipe.abort()  # closing would wait until all is written (and abort must not come twice)
            elif pipe is not None:
                pipe.close()
