"""Children of the harness: what they get, how their end is learned, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from hookproof.processes import (
    CaseProcesses,
    Child,
    Exit,
    is_alive,
    kill,
    reap_adopted,
    spawn,
)

from .programs import (
    LINUX,
    LIVES,
    SECONDS,
    Deaths,
    environment,
    group_and_session,
    in_own_process,
    played,
    python,
    take_status,
    wait_until_zombie,
    zombies,
)

ECHO = "import sys; [print(line.strip()[::-1], flush=True) for line in sys.stdin]"


async def lives(case: CaseProcesses | None = None) -> Child:
    child = await spawn(python(LIVES), env=environment(), cwd=".", stdout=PIPE, case=case)
    assert child.stdout is not None
    assert await child.stdout.readline()
    return child


def test_streams_and_exit_code() -> None:
    async def main() -> None:
        child = await spawn(python(ECHO + "; sys.exit(3)"), env=environment(), cwd=".", stdin=PIPE, stdout=PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is None
        child.stdin.write(b"abc\n")
        assert (await child.stdout.readline()).strip() == b"cba"
        child.stdin.close()

        assert await child.wait() == Exit(code=3, signal=None, observed=True)
        assert child.exit == Exit(code=3, signal=None, observed=True)
        assert not is_alive(child.identity)
        child.close()
        child.close()

    played(main)


def test_a_line_of_a_megabyte_is_read() -> None:
    async def main() -> None:
        child = await spawn(python("print('x' * 2**20)"), env=environment(), cwd=".", stdout=PIPE)
        assert child.stdout is not None
        assert len((await child.stdout.readline()).strip()) == 2**20
        await child.wait()
        child.close()

    played(main)


def test_exactly_the_environment_and_the_directory_that_were_given(
    tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_USER", "secret")
    program = "import os; print(sorted(os.environ)); print(os.getcwd()); print(os.environ['HOOKPROOF_TOKEN'])"

    async def main() -> None:
        with CaseProcesses(token) as case:
            child = await spawn(
                python(program), env=environment(GIVEN="1"), cwd=tmp_path, stdout=PIPE, stderr=STDOUT, case=case
            )
            assert child.stdout is not None
            names, directory, marked = (await child.stdout.read()).decode().splitlines()
            await child.wait()
            child.close()
        assert "OF_THE_USER" not in names
        assert "GIVEN" in names
        assert directory == str(tmp_path)
        assert marked == token

    played(main)


@pytest.mark.skipif(not LINUX, reason="sessions and signals")
def test_a_child_leads_a_session_and_dies_of_the_signal_it_is_sent() -> None:

    async def main() -> None:
        child = await lives()
        assert group_and_session(child.identity.pid) == (child.identity.pid, child.identity.pid)
        assert child.exit is None
        assert child.signal(signal.SIGTERM)
        assert await child.wait() == Exit(code=None, signal=signal.SIGTERM, observed=True)
        assert not child.signal(signal.SIGTERM)
        assert not child.kill_group()
        child.close()

    played(main)


def test_many_may_wait_and_one_may_stop_waiting() -> None:
    async def main() -> None:
        child = await lives()
        waits = [asyncio.ensure_future(child.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        waits[0].cancel()
        kill(child.identity)
        results = await asyncio.gather(*waits, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert results[1] == results[2] == await child.wait()
        assert isinstance(results[1], Exit)
        child.close()

    played(main)


@pytest.mark.skipif(not LINUX, reason="only there a status can be taken away")
def test_a_status_that_somebody_else_took_is_not_invented() -> None:

    async def main() -> None:
        child = await lives()
        kill(child.identity)
        take_status(child.identity.pid)
        # Linux 6.15 and later tell it to whoever held a pidfd.
        assert await child.wait() in {Exit.unseen(), Exit(code=None, signal=9, observed=True)}
        child.close()

    played(main)


def test_what_cannot_be_started_raises(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(FileNotFoundError):
            await spawn([str(tmp_path / "nothing")], env=environment(), cwd=".", stdout=PIPE)
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            await spawn(python("pass"), env=environment(), cwd=tmp_path / "nowhere")
        with pytest.raises(TypeError, match="one string"):
            await spawn("echo 1; echo 2", env=environment(), cwd=".")
        with pytest.raises(ValueError, match="empty"):
            await spawn([], env=environment(), cwd=".")

    played(main)


@pytest.mark.skipif(not LINUX, reason="zombies")
def test_a_child_that_was_closed_alive_is_reaped_later() -> None:

    async def main() -> int:
        child = await lives()
        child.close()
        assert is_alive(child.identity)
        assert reap_adopted() == 0
        kill(child.identity)
        wait_until_zombie(child.identity.pid)
        assert reap_adopted() == 1
        return child.identity.pid

    pid = played(main)
    assert pid not in zombies()


def scenario_signals_ignored() -> None:
    if sys.platform == "linux":
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # as one may inherit it: the kernel then reaps by itself

    async def main() -> None:
        for _ in range(20):
            child = await spawn(["/bin/true"], env=environment(), cwd="/")
            assert await child.wait() in {Exit.unseen(), Exit(code=0, signal=None, observed=True)}
            child.close()
        child = await lives()
        kill(child.identity)
        assert await child.wait() in {Exit.unseen(), Exit(code=None, signal=9, observed=True)}
        child.close()

    played(main)


@pytest.mark.skipif(not LINUX, reason="SIGCHLD")
def test_nothing_depends_on_sigchld() -> None:
    in_own_process(scenario_signals_ignored)


def scenario_two_hundred() -> None:
    async def some(count: int) -> None:
        deaths = Deaths()
        for _ in range(count):
            child = await spawn(
                python("print(input())"), env=environment(), cwd="/", stdin=PIPE, stdout=PIPE, stderr=PIPE
            )
            assert deaths.watch.watch(child.identity)
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b"hello\n")
            assert await child.stdout.readline() == b"hello\n"
            assert await child.wait() == Exit(code=0, signal=None, observed=True)
            child.close()
        deaths.watch.close()

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    played(lambda: some(1))
    before = descriptors()
    errors: list[BaseException] = []

    def case() -> None:
        try:
            played(lambda: some(50))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=case) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert not errors, errors
    assert descriptors() == before
    assert zombies() == set()


@pytest.mark.skipif(not LINUX, reason="/proc")
def test_two_hundred_children_of_four_loops_in_four_threads_leave_nothing() -> None:
    in_own_process(scenario_two_hundred)
