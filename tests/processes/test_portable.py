"""The fallback for systems without pidfds or handles, tried on whatever system this is that has fork."""

# ruff: noqa: E402 - past the assertion mypy reads this file for everything but Windows
from __future__ import annotations

import sys

from .programs import skip_module_unless

skip_module_unless(sys.platform != "win32", "sessions and signals: not on Windows")
assert sys.platform != "win32"

import asyncio
import os
import signal
from subprocess import PIPE

import pytest

from hookproof.processes import Death, Exit, Identity, registry
from hookproof.processes import portable as native
from hookproof.processes.base import Child, Stream
from hookproof.processes.platform import Platform

from .programs import LIVES, ORPHAN, SECONDS, environment, played, python, running, said

_IS_A_PLATFORM: Platform = native


def identity_of(pid: int) -> Identity:
    identity = native.identify(pid)
    assert identity is not None
    return identity


async def spawn(program: str, *, stdout: Stream = PIPE) -> Child:
    return await native.spawn(
        python(program),
        env=environment(),
        cwd=".",
        stdin=PIPE,
        stdout=stdout,
        stderr=None,
        limit=2**16,
        container=None,
    )


def test_what_descends_from_the_run_is_found_without_the_token(token: str) -> None:
    since = native.instant()
    starts = (
        f"import subprocess, sys\nchild = subprocess.Popen({python(LIVES)!r}, env={{}}, stdout=-1)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)\nsys.stdin.read()"
    )
    with running(starts, token=token) as process:
        child = identity_of(int(said(process)))
        found = {info.identity: info.by for info in native.find(token, since=since)}
        entry = registry.Entry("0" * 32, since)
        registry.note(entry, identity_of(process.pid), registry.SPAWNED)
        known = {info.identity: info.by for info in native.find(entry.token, since=entry.since, entry=entry)}
        native.kill(child)

    assert found == {identity_of_dead(process.pid, found): "token", child: "descendant"}
    assert known == {identity_of_dead(process.pid, found): "spawned", child: "descendant"}


def identity_of_dead(pid: int, found: dict[Identity, str]) -> Identity:
    return next(identity for identity in found if identity.pid == pid)


def test_identity() -> None:
    with running(LIVES) as process:
        said(process)
        identity = identity_of(process.pid)
        assert identity == native.identify(process.pid)
        stale = Identity(identity.pid, identity.start - 1)
        assert not native.is_alive(stale)
        assert not native.kill(stale)
        assert native.is_alive(identity)
        assert native.signal_process(identity, signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
        assert native.identify(process.pid) is None
        assert not native.kill(identity)


def test_orphans_are_found_by_token_and_ended() -> None:
    since, token = native.instant(), os.urandom(16).hex()
    with running(ORPHAN, token=token) as process, running(LIVES, token=token + "0") as neighbour:
        orphan = int(said(process))
        said(neighbour)
        process.wait()
        (info,) = native.find(token, since=since)
        assert info.identity.pid == info.sid == orphan
        assert native.kill(info.identity)
        assert native.wait_dead([info.identity], seconds=SECONDS) == []
        assert list(native.find(token, since=since)) == []
        assert neighbour.poll() is None


def test_who_does_not_die_is_told() -> None:
    with running(LIVES) as process:
        identity = identity_of(process.pid)
        assert native.wait_dead([identity], seconds=0) == [identity]


@pytest.mark.parametrize("waitid", [True, False], ids=["waitid", "as on macOS before 3.13"])
def test_deaths_are_told_and_nobodys_status_is_taken(waitid: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not waitid:
        monkeypatch.delattr(os, "waitid", raising=False)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Death] = asyncio.Queue()
        watch = native.watch_deaths(loop, told.put_nowait)
        with running(LIVES) as ours, running(ORPHAN) as process:
            orphan = identity_of(int(said(process)))
            identity = identity_of(ours.pid)
            assert not watch.watch(Identity(identity.pid, identity.start - 1))
            assert watch.watch(identity)
            assert watch.watch(identity)
            assert watch.watch(orphan)
            ours.terminate()
            death = await told.get()
            assert death.identity == identity
            observed = Exit(code=None, signal=signal.SIGTERM, observed=True)
            assert death.exit == (observed if hasattr(os, "waitid") else None)
            assert ours.wait() == -signal.SIGTERM
            native.kill(orphan)
            assert (await told.get()).identity == orphan
            assert not watch.watch(identity)
        watch.close()
        watch.close()
        assert told.empty()

    played(main)


def test_a_child_is_waited_for_though_a_grandchild_holds_its_pipes() -> None:
    holds = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {LIVES!r}]).pid); sys.exit(3)"

    async def main() -> None:
        child = await spawn(holds)
        assert child.stdout is not None
        grandchild = identity_of(int(await child.stdout.readline()))
        assert await child.wait() == Exit(code=3, signal=None, observed=True)
        assert not child.kill_group()
        assert native.kill(grandchild)
        child.close()

    played(main)


def test_a_group_is_killed_and_closing_ends_nothing() -> None:
    async def main() -> None:
        child = await spawn(LIVES)
        assert child.stdout is not None
        await child.stdout.readline()
        child.close()
        assert native.is_alive(child.identity)
        assert child.kill_group()
        assert await child.wait() == Exit(code=None, signal=signal.SIGKILL, observed=True)
        child.close()

    played(main)
