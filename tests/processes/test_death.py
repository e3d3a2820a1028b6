"""Deaths come by event, with the status where it can be seen, and nobody's status is stolen."""

from __future__ import annotations

import asyncio
import importlib
import signal
import subprocess
import threading
import time

import pytest

from hookproof.processes import DeathWatch, Exit, Identity, identify, kill, signal_process, spawn

from .programs import LINUX, LIVES, SECONDS, Deaths, environment, played, python, running, said, wait_until_zombie

KILLED = Exit(code=None, signal=9, observed=True) if LINUX else Exit(code=1, signal=None, observed=True)

PARENT = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
print(child.wait(), flush=True)
"""
"""Starts a child of its own; reaps it when told, and says what it got."""


def named(pid: int) -> Identity:
    identity = identify(pid)
    assert identity is not None
    return identity


def test_a_child_of_spawn() -> None:
    async def main() -> None:
        deaths = Deaths()
        before = time.monotonic()
        child = await spawn(python("import sys; sys.exit(5)"), env=environment(), cwd=".")
        watched = deaths.watch.watch(child.identity)
        exit_ = await child.wait()
        assert exit_ == Exit(code=5, signal=None, observed=True)
        if watched:
            (death,) = await deaths.of([child.identity])
            assert death.exit == exit_
            assert before < death.at_monotonic <= time.monotonic()
        deaths.watch.close()
        child.close()

    played(main)


def test_a_killed_child_of_spawn_is_told_to_both() -> None:
    async def main() -> None:
        deaths = Deaths()
        child = await spawn(python(LIVES), env=environment(), cwd=".")
        assert deaths.watch.watch(child.identity)
        assert kill(child.identity)
        (death,) = await deaths.of([child.identity])
        assert death.exit == await child.wait() == KILLED
        assert deaths.all == [death]
        deaths.watch.close()
        child.close()

    played(main)


@pytest.mark.skipif(not LINUX, reason="reaping")
def test_a_child_of_spawn_that_was_reaped_just_before_the_watch_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    status = importlib.import_module("hookproof.processes.linux.status")
    monkeypatch.setattr(status, "_exit_by_pidfd", lambda _pidfd: None)  # as before Linux 6.15

    async def main() -> None:
        deaths = Deaths()
        child = await spawn(python(LIVES), env=environment(), cwd=".")
        assert deaths.watch.watch(child.identity)
        kill(child.identity)
        wait_until_zombie(child.identity.pid)
        assert status.owner(child.identity).collect() == KILLED
        (death,) = await deaths.of([child.identity])
        assert death.exit == await child.wait() == KILLED
        deaths.watch.close()
        child.close()

    played(main)


def test_a_child_of_somebody_else_here_keeps_its_status() -> None:
    async def main() -> None:
        deaths = Deaths()
        with running(LIVES) as process:
            identity = named(process.pid)
            assert deaths.watch.watch(identity)
            process.kill()
            (death,) = await deaths.of([identity])
            assert death.exit is not None
            assert death.exit.observed
            assert process.wait() == (-death.exit.signal if death.exit.signal else death.exit.code)
            assert process.wait() != 0
        deaths.watch.close()

    played(main)


def test_the_child_of_another_is_observed_before_its_parent_takes_the_status() -> None:
    async def main() -> None:
        deaths = Deaths()
        with running(PARENT, "-", *python(LIVES)) as parent:
            identity = named(int(said(parent)))
            assert deaths.watch.watch(identity)
            assert signal_process(identity, signal.SIGTERM)
            (death,) = await deaths.of([identity])
            assert death.exit is not None
            assert (death.exit.signal if LINUX else death.exit.code) == signal.SIGTERM
            assert parent.stdin is not None
            parent.stdin.write(b"\n")
            parent.stdin.flush()
            assert abs(int(said(parent))) == signal.SIGTERM
        deaths.watch.close()

    played(main)


def test_whoever_is_dead_or_another_is_not_watched() -> None:
    async def main() -> None:
        deaths = Deaths()
        with running(LIVES) as process:
            identity = named(process.pid)
            assert not deaths.watch.watch(Identity(identity.pid, identity.start - 1))
            process.kill()
            process.wait()
            assert not deaths.watch.watch(identity)
        deaths.watch.close()
        assert deaths.all == []

    played(main)


@pytest.mark.skipif(not LINUX, reason="zombies")
def test_a_zombie_whose_status_is_ours_to_see_is_told() -> None:
    async def main() -> None:
        deaths = Deaths()
        with running(LIVES) as process:
            identity = named(process.pid)
            process.kill()
            wait_until_zombie(process.pid)
            assert deaths.watch.watch(identity)
            (death,) = await deaths.of([identity])
            assert death.exit == KILLED
        with running(PARENT, "-", *python(LIVES)) as parent:
            identity = named(int(said(parent)))
            assert deaths.watch.watch(identity)
            kill(identity)
            await deaths.of([identity])
            assert not deaths.watch.watch(identity)
        deaths.watch.close()

    played(main)


def test_a_closed_watch_tells_nothing() -> None:
    async def main() -> None:
        deaths, others = Deaths(), Deaths()
        with running(LIVES) as process:
            identity = named(process.pid)
            assert deaths.watch.watch(identity)
            assert deaths.watch.watch(identity)
            assert others.watch.watch(identity)
            deaths.watch.close()
            deaths.watch.close()
            process.kill()
            await others.of([identity])
        others.watch.close()
        assert deaths.all == []
        assert len(others.all) == 1

    played(main)


def test_hundred_deaths_in_each_of_three_loops_in_threads() -> None:
    programs = [
        subprocess.Popen(python(LIVES), env=environment(), stdout=subprocess.PIPE) for _ in range(30 if LINUX else 10)
    ]
    told: list[set[int]] = []

    def case() -> None:
        async def main() -> None:
            deaths = Deaths()
            identities = [named(process.pid) for process in programs]
            assert all(deaths.watch.watch(identity) for identity in identities)
            barrier.wait(SECONDS)
            told.append(
                {death.identity.pid for death in await deaths.of(identities) if death.exit == KILLED or not LINUX}
            )
            deaths.watch.close()

        played(main)

    try:
        for process in programs:
            said(process)
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=case) for _ in range(3)]
        for thread in threads:
            thread.start()
        barrier.wait(SECONDS)
        for process in programs:
            process.kill()
        for thread in threads:
            thread.join(SECONDS)
        assert told == [{process.pid for process in programs}] * 3
    finally:
        for process in programs:
            process.kill()
            process.communicate()


def test_a_callback_may_watch_and_close() -> None:
    async def main() -> None:
        done = asyncio.get_running_loop().create_future()
        with running(LIVES) as first, running(LIVES) as second:
            watch: DeathWatch

            def on_death(death: object) -> None:
                seen.append(death)
                if len(seen) == 1:
                    assert watch.watch(named(second.pid))
                    second.kill()
                else:
                    watch.close()
                    done.set_result(None)

            seen: list[object] = []
            watch = DeathWatch(asyncio.get_running_loop(), on_death)
            assert watch.watch(named(first.pid))
            first.kill()
            await done

    played(main)
