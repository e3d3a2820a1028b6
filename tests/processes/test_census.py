"""Who is found by a token, wherever it has gone, and who only looks like it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hookproof import machine
from hookproof.processes import STARTED_BY_VARIABLE, TOKEN_VARIABLE, Instant, census, instant

from .programs import LINUX, LIVES, ORPHAN, environment, python, running, said, wait_until_zombie


def pids(token: str, since: Instant) -> set[int]:
    return {info.identity.pid for info in census(token, since=since)}


def test_a_process_is_described(token: str, since: Instant) -> None:
    works = "import time\nwhile time.process_time() < 0.05: pass\n" + LIVES
    with running(works, "--two words", token=token) as process:
        said(process)
        (info,) = census(token, since=since)

    assert info.identity.pid == process.pid
    assert info.ppid == os.getpid()
    assert info.argv == python(works, "--two words")
    assert 0.03 < info.cpu_seconds < 60 or machine.wine()  # which does not tell them
    assert abs(info.created - time.time()) < 60
    if LINUX:
        assert info.pgid == info.sid == process.pid


def test_what_started_it_is_read_from_its_environment(token: str, since: Instant) -> None:
    with running(LIVES, token=token, **{STARTED_BY_VARIABLE: "run-1"}) as process:
        said(process)
        (info,) = census(token, since=since)
    assert info.started_by == "run-1"


@pytest.mark.skipif(not LINUX, reason="fork")
def test_a_detached_orphan_is_found(token: str, since: Instant) -> None:
    with running(ORPHAN, token=token) as process:
        orphan = int(said(process))
        process.wait()
        (info,) = census(token, since=since)

    assert info.identity.pid == orphan
    assert info.sid == orphan
    assert info.ppid != process.pid


def test_neither_the_dead_nor_zombies_are_found(token: str, since: Instant) -> None:
    with running(LIVES, token=token) as process:
        said(process)
        process.kill()
        if LINUX:
            wait_until_zombie(process.pid)
            assert pids(token, since) == set()
        process.wait()
        assert pids(token, since) == set()


@pytest.mark.parametrize(
    "variables",
    [
        {TOKEN_VARIABLE: "{other}"},
        {TOKEN_VARIABLE: "{token}0"},
        {TOKEN_VARIABLE: "0{token}"},
        {TOKEN_VARIABLE: ""},
        {f"X{TOKEN_VARIABLE}": "{token}"},
        {f"{TOKEN_VARIABLE}X": "{token}"},
        {"OTHER": f"{TOKEN_VARIABLE}={{token}}"},
        {"OTHER": f"\n{TOKEN_VARIABLE}={{token}}"},
    ],
    ids=["other", "longer", "shifted", "empty", "name-longer", "name-shorter", "in-a-value", "on-a-line"],
)
def test_a_lookalike_is_not_found(token: str, since: Instant, variables: dict[str, str]) -> None:
    filled = {name: value.format(token=token, other=token[::-1]) for name, value in variables.items()}
    with ExitStack() as stack:
        lookalike = stack.enter_context(running(LIVES, f"{TOKEN_VARIABLE}={token}", **filled))
        real = stack.enter_context(running(LIVES, token=token, OTHER="1"))
        said(lookalike)
        said(real)

        assert pids(token, since) == {real.pid}


def test_a_token_after_a_long_environment_is_found(token: str, since: Instant) -> None:
    long = {f"LONG_{number}": "x" * (20_000 if LINUX else 2_000) for number in range(10)}
    process = subprocess.Popen(
        python(LIVES), env={**long, **environment(), TOKEN_VARIABLE: token}, stdout=subprocess.PIPE
    )
    try:
        said(process)
        assert pids(token, since) == {process.pid}
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not LINUX, reason="replaces its image by exec")
def test_a_process_is_found_while_it_replaces_itself(token: str, since: Instant) -> None:
    forever = 'exec /bin/sh -c "$1" - "$1"'
    process = subprocess.Popen(["/bin/sh", "-c", forever, "-", forever], env=environment(token))
    try:
        for _ in range(300):
            assert pids(token, since) == {process.pid}
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not LINUX, reason="/proc")
def test_a_process_that_begins_while_others_are_looked_at_is_found_once(
    token: str, since: Instant, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = "import threading, time\nfor _ in range(3): threading.Thread(target=time.sleep, args=[600]).start()\n"
    begun: list[int] = []

    with ExitStack() as stack:

        def list_and_begin() -> Iterator[int]:
            yield from ()  # what follows comes after the listing
            process = stack.enter_context(running(threads + LIVES, token=token))
            said(process)
            begun.append(process.pid)

        monkeypatch.setattr("hookproof.processes.linux.proc._listed_pids", list_and_begin)
        found = [info.identity.pid for info in census(token, since=since)]

    assert found == begun


def test_what_began_before_is_not_found(token: str, since: Instant) -> None:
    with running(LIVES, token=token) as process:
        said(process)

        assert pids(token, Instant(instant() + 0.9)) == set()
        assert pids(token, since) == {process.pid}


def test_the_asker_is_not_found(token: str, since: Instant) -> None:
    asks = (
        "import sys; sys.path[:0] = eval(sys.argv[1])\n"
        "from hookproof.processes import *\n"
        "print([info.identity.pid for info in census(sys.argv[2], since=Instant(float(sys.argv[3])))])\n"
    )
    with running(LIVES, token=token) as process:
        said(process)
        asker = subprocess.run(
            [sys.executable, "-c", asks, repr(sys.path), token, str(since)],
            env=environment(token),
            capture_output=True,
            text=True,
            check=True,
        )

    assert asker.stdout.strip() == f"[{process.pid}]"


@pytest.mark.parametrize("token", ["", "abc", "x" * 32, "AB" * 16, "ab" * 16 + "\n"])
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="no token"):
        census(token, since=instant())


def test_a_time_of_another_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="still to come"):
        census("ab" * 16, since=Instant(time.time() + 3600))
