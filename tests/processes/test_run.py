"""A program is judged by its own end, and never waited for without a deadline."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from hookproof.errors import DeadlineMissedError
from hookproof.processes import CaseProcesses, Exit, Finished, run

from .programs import LIVES, SECONDS, environment, played, python

HOLDS_THE_PIPE = """
import subprocess, sys
holder = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
print("x" * 100_000 + "end", flush=True)
"""
WITH_A_CHILD = """
import subprocess, sys
calls = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
subprocess.Popen([sys.executable, "-I", "-S", "-c", calls, sys.argv[1]]).wait()
"""
"""Its child calls, and is heard to hang up when it dies."""


def ran(program: str, *arguments: str, content: bytes | None = None, limit: int = 2**22) -> Finished:
    return played(
        lambda: run(
            python(program, *arguments),
            env=environment(),
            cwd=".",
            input=content,
            seconds=SECONDS,
            waiting_for="the program",
            limit=limit,
        )
    )


def test_exit_and_both_outputs() -> None:
    finished = ran("import sys; print('out'); print('err', file=sys.stderr); sys.exit(6)")

    assert finished.exit == Exit(code=6, signal=None, observed=True)
    assert (finished.stdout.strip(), finished.stderr.strip()) == (b"out", b"err")
    assert finished.drained
    assert not finished.truncated


def test_input_goes_in_and_comes_back_whole() -> None:
    content = bytes(range(256)) * 8192
    program = "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data); sys.stderr.buffer.write(data)"
    finished = ran(program, content=content)

    assert finished.stdout == content
    assert finished.stderr == content


def test_without_input_standard_input_is_empty() -> None:
    assert ran("import sys; print(repr(sys.stdin.read()))").stdout.strip() == b"''"


def test_a_program_that_does_not_read_its_input() -> None:
    assert ran("pass", content=b"x" * 2**20).exit.code == 0


def test_a_program_that_closes_its_input_and_goes_on() -> None:
    program = "import os, time; os.close(0)\nwhile time.process_time() < 0.2: pass"

    assert ran(program, content=b"x" * 2**20).exit.code == 0


def test_more_than_the_limit_is_read_and_dropped() -> None:
    finished = ran("import sys; sys.stdout.write('a' * 10 + 'b' * 10**6)", limit=12)

    assert finished.exit.code == 0
    assert finished.stdout == b"a" * 10 + b"bb"
    assert finished.truncated


def test_a_grandchild_that_holds_the_pipe_is_not_waited_for(token: str) -> None:
    async def main() -> Finished:
        with CaseProcesses(token) as case:
            finished = await run(
                python(HOLDS_THE_PIPE), env=environment(), cwd=".", seconds=SECONDS, waiting_for="it", case=case
            )
            assert len(case.census()) == 1
            assert len((await case.sweep(seconds=SECONDS)).ended) == 1
            return finished

    finished = played(main)
    assert finished.exit.code == 0
    assert finished.stdout.strip().endswith(b"end")
    assert not finished.drained


def test_the_deadline_names_what_was_waited_for_and_ends_the_program(token: str) -> None:
    async def main() -> None:
        with CaseProcesses(token) as case:
            waiting = run(
                python(LIVES), env=environment(), cwd=".", seconds=0, waiting_for="the answer of nobody", case=case
            )
            with pytest.raises(DeadlineMissedError, match="waited 0 s for the answer of nobody"):
                await waiting
            assert case.census() == []

    played(main)


def test_a_cancelled_run_ends_the_program_and_its_group() -> None:
    async def main() -> None:
        called, hung_up = asyncio.Event(), asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            called.set()
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            hung_up.set()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1") as server:
            port = str(server.sockets[0].getsockname()[1])
            task = asyncio.ensure_future(
                run(python(WITH_A_CHILD, port), env=environment(), cwd=".", seconds=SECONDS, waiting_for="it")
            )
            await called.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await hung_up.wait()

    played(main)
