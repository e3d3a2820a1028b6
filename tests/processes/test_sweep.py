"""What a sweep ends, and what it does not touch."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

import pytest

from hookproof.processes import CaseProcesses, Identity, Instant, census, identify, is_alive, spawn, sweep
from hookproof.processes.platform import native

from .programs import LINUX, LIVES, ORPHAN, SECONDS, environment, played, python, running, said

FORKS_ON = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print('here', flush=True)
os.close(0), os.close(1)
began = time.monotonic()
generation = children = 0
while time.monotonic() < began + 60:
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            time.sleep(0.05)
            os._exit(0)
    if generation < 6 and children < 2:
        children += 1
        if os.fork() == 0:
            os.setsid()
            generation, children = generation + 1, 0
    time.sleep(0.02)
"""
"""Grows, to 127: each of its processes has short-lived children, and long-lived ones that do the same, all detached.

Not without end: whether a sweep can outrun what doubles every fiftieth of a second depends on the machine's load.
"""

RUNS_AWAY = """
import os, time
print('here', flush=True)
os.close(0), os.close(1)
began = time.monotonic()
while time.monotonic() < began + 60:
    if os.fork():
        os._exit(0)
    os.setsid()
"""
"""Never the same process for long: forks, and the parent ends."""


def identity_of(pid: int) -> Identity:
    identity = identify(pid)
    assert identity is not None
    return identity


def test_nothing_to_sweep(token: str, since: Instant) -> None:
    result = sweep(token, since=since, seconds=SECONDS)

    assert (result.ended, result.left) == ([], [])


def test_what_was_ended_is_told_as_it_was(token: str, since: Instant) -> None:
    with running(LIVES, "first", token=token) as first, running(LIVES, "second", token=token) as second:
        said(first)
        said(second)
        result = sweep(token, since=since, seconds=SECONDS)

        assert {info.identity.pid: info.argv[-1] for info in result.ended} == {
            first.pid: "first",
            second.pid: "second",
        }
        assert result.left == []
        assert (first.wait(), second.wait()) == ((-9, -9) if LINUX else (1, 1))


@pytest.mark.skipif(not LINUX, reason="fork and signals")
def test_orphans_and_those_that_ignore_signals_are_ended(token: str, since: Instant) -> None:
    stubborn = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 13, 15)]; " + LIVES
    with running(ORPHAN, token=token) as parent, running(stubborn, token=token) as deaf:
        orphan = identity_of(int(said(parent)))
        said(deaf)
        deaf.send_signal(19)  # SIGSTOP: does not even run
        parent.wait()
        sweep(token, since=since, seconds=SECONDS)

        assert not is_alive(orphan)
        assert deaf.wait() == -9


def test_a_sweep_waits_for_the_deaths(token: str, since: Instant) -> None:
    takes_long_to_die = "memory = b'x' * 2**28; " + LIVES
    with running(takes_long_to_die, token=token) as process:
        said(process)
        (info,) = sweep(token, since=since, seconds=SECONDS).ended

        assert not is_alive(info.identity)


@pytest.mark.skipif(not LINUX, reason="fork")
@pytest.mark.parametrize("program", [FORKS_ON, RUNS_AWAY], ids=["grows", "runs-away"])
def test_those_that_fork_while_they_are_swept(token: str, since: Instant, program: str) -> None:
    with running(program, token=token) as process:
        said(process)
        result = sweep(token, since=since, seconds=SECONDS)

        assert result.left == []
        assert result.ended
        assert census(token, since=since) == []


@pytest.mark.parametrize("other", ["0" * 32, ""], ids=["other-token", "no-token"])
def test_neighbours_live_on(token: str, since: Instant, other: str) -> None:
    with ExitStack() as stack:
        lookalike = stack.enter_context(running(LIVES, f"HOOKPROOF_TOKEN={token}", token=other, OTHER=token))
        longer = stack.enter_context(running(LIVES, token=token + "0"))
        ours = stack.enter_context(running(LIVES, token=token))
        neighbours = [identity_of(process.pid) for process in (lookalike, longer)]
        for process in (lookalike, longer, ours):
            said(process)
        result = sweep(token, since=since, seconds=SECONDS)

        assert [info.identity.pid for info in result.ended] == [ours.pid]
        assert all(is_alive(neighbour) for neighbour in neighbours)


def test_the_deadline_tells_who_is_left(token: str, since: Instant, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_identity: Identity) -> bool:
        raise PermissionError

    with running(LIVES, token=token) as process:
        said(process)
        with monkeypatch.context() as patched:
            patched.setattr(native, "kill", refuse)
            result = sweep(token, since=since, seconds=0)

        assert result.ended == []
        assert [info.identity.pid for info in result.left] == [process.pid]


def test_a_case_sweeps_while_its_loop_goes_on(token: str) -> None:
    async def main() -> None:
        with CaseProcesses(token) as case:
            children = [await spawn(python(LIVES), env=environment(), cwd=".", case=case) for _ in range(3)]
            assert {info.identity for info in case.census()} == {child.identity for child in children}
            ends = asyncio.gather(*(child.wait() for child in children))
            result = await case.sweep(seconds=SECONDS)
            assert {info.identity for info in result.ended} == {child.identity for child in children}
            assert all(end.observed for end in await ends)
            for child in children:
                child.close()

    played(main)


def test_cases_in_threads_sweep_only_their_own() -> None:
    barrier = threading.Barrier(3, timeout=SECONDS)
    wrong: list[object] = []

    def case(token: str) -> None:
        async def main() -> None:
            with CaseProcesses(token) as mine:
                children = [await spawn(python(LIVES), env=environment(), cwd=".", case=mine) for _ in range(4)]
                await asyncio.to_thread(barrier.wait)
                ended = {info.identity for info in (await mine.sweep(seconds=SECONDS)).ended}
                if ended != {child.identity for child in children}:
                    wrong.append(ended)
                for child in children:
                    await child.wait()
                    child.close()

        try:
            played(main)
        except BaseException as error:
            wrong.append(error)
            barrier.abort()

    threads = [threading.Thread(target=case, args=(digit * 32,)) for digit in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS * 2)
    assert wrong == []
