"""A child from its start to the taking of its status.

asyncio's own subprocesses are not used: on 3.11 they reap in a thread of their own, which races with every other
reader of the status, and what they report of a status that somebody else took is an invented 255. Here the child's
pidfd wakes the loop that started it, and `Owned` is the only one to reap.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import IO

from hookproof.isolation.linux.view import Starter
from hookproof.processes.base import Container, Exit, Identity, Stream
from hookproof.processes.linux import status
from hookproof.processes.linux.pidfd import signal_process


class LinuxChild:
    """A `Child` that leads a session, and so a process group, of its own."""

    def __init__(self, owned: status.Owned, loop: asyncio.AbstractEventLoop) -> None:
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._owned = owned
        self._loop = loop
        self._ended: asyncio.Future[Exit] = loop.create_future()
        self._reading: list[asyncio.ReadTransport] = []
        self._writing: asyncio.WriteTransport | None = None
        if owned.pidfd is None:
            self._ended.set_result(owned.collect() or Exit.unseen())
        else:
            loop.add_reader(owned.pidfd, self._died)

    @property
    def identity(self) -> Identity:
        return self._owned.identity

    @property
    def exit(self) -> Exit | None:
        return self._owned.exit

    async def wait(self) -> Exit:
        return await asyncio.shield(self._ended)

    def signal(self, number: int) -> bool:
        return signal_process(self.identity, number)

    def kill_group(self) -> bool:
        return self._owned.kill_group()

    def close(self) -> None:
        for transport in self._reading:
            transport.close()
        # Closing would wait until all is written, and nobody may be reading. (abort must not come twice.)
        if self._writing is not None and (not self._writing.is_closing() or self._writing.get_write_buffer_size()):
            self._writing.abort()
        if self._owned.pidfd is not None:
            self._unwatch()
            self._ended.cancel()
            self._owned.abandon()

    async def connect(self, limit: int) -> None:
        """Make asyncio streams of the pipes that were asked for."""
        popen = self._owned.popen
        if popen.stdin is not None:
            self.stdin = await self._writer(popen.stdin)
        if popen.stdout is not None:
            self.stdout = await self._reader(popen.stdout, limit)
        if popen.stderr is not None:
            self.stderr = await self._reader(popen.stderr, limit)

    async def _reader(self, pipe: IO[bytes], limit: int) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit, loop=self._loop)
        transport, _ = await self._loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader, loop=self._loop), pipe
        )
        self._reading.append(transport)
        return reader

    async def _writer(self, pipe: IO[bytes]) -> asyncio.StreamWriter:
        # The reader has nothing to read: its protocol is what gives a writer its flow control.
        reader = asyncio.StreamReader(loop=self._loop)
        transport, protocol = await self._loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(reader, loop=self._loop), pipe
        )
        self._writing = transport
        return asyncio.StreamWriter(transport, protocol, None, self._loop)

    def _died(self) -> None:
        exit_ = self._owned.collect()
        self._unwatch()
        if not self._ended.done():
            self._ended.set_result(exit_ or Exit.unseen())

    def _unwatch(self) -> None:
        if self._owned.pidfd is not None:
            self._loop.remove_reader(self._owned.pidfd)
            self._owned.close()


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    limit: int,
    container: Container | None,
) -> LinuxChild:
    """Start a child in a session of its own; see `hookproof.processes.spawn`."""

    def start() -> status.Owned:
        return status.start(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            start_new_session=True,
        )

    owned = container.call(start) if isinstance(container, Starter) else start()
    try:
        child = LinuxChild(owned, asyncio.get_running_loop())
    except BaseException:
        _give_up(owned)
        raise
    try:
        await child.connect(limit)
    except BaseException:
        child.kill_group()
        child.close()
        _give_up(owned)
        raise
    return child


def _give_up(owned: status.Owned) -> None:
    owned.kill_group()
    owned.close()
    owned.abandon()
    for pipe in (owned.popen.stdin, owned.popen.stdout, owned.popen.stderr):
        if pipe is not None:
            pipe.close()
