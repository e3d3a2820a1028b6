"""Job Objects and handles."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

from .programs import skip_module_unless

skip_module_unless(sys.platform == "win32", "Job Objects and handles: Windows")
assert sys.platform == "win32"

import asyncio
import ctypes
import subprocess
from subprocess import PIPE

import pytest

from hookproof.processes import CaseProcesses, Exit, Identity, Instant, adopt_orphans, census, identify, is_alive, spawn
from hookproof.processes.platform import native
from hookproof.processes.windows import api, job

from .programs import LIVES, SECONDS, Deaths, environment, played, python, running, said

DETACHES = f"""
import os, subprocess, sys, time
del os.environ["HOOKPROOF_TOKEN"]
flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
other = subprocess.Popen([sys.executable, "-I", "-S", "-c", {LIVES!r}], creationflags=flags, stdout=subprocess.PIPE)
other.stdout.readline()
print(other.pid, flush=True)
"""
"""Leaves a detached process without the token, and ends."""


async def detached(case: CaseProcesses) -> Identity:
    child = await spawn(python(DETACHES), env=environment(), cwd=".", stdout=PIPE, case=case)
    assert child.stdout is not None
    identity = identify(int(await child.stdout.readline()))
    assert identity is not None
    assert (await child.wait()).code == 0
    child.close()
    return identity


def test_closing_a_case_ends_what_detached_itself_and_lost_the_token(token: str) -> None:
    async def main() -> None:
        with CaseProcesses(token) as case:
            identity = await detached(case)
            assert case.census() == []
            assert is_alive(identity)
        assert native.wait_dead([identity], seconds=SECONDS) == []

    played(main)


def test_what_a_killed_harness_had_in_a_case_ends_with_it() -> None:
    harness = (
        f"import sys, asyncio; sys.path[:0] = {sys.path!r}\n"
        "from hookproof.processes import *\n"
        "async def main():\n"
        "    case = CaseProcesses('ab' * 16)\n"
        f"    child = await spawn({python(LIVES)!r}, env={environment()!r}, cwd='.', case=case)\n"
        "    print(child.identity.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", harness], stdout=PIPE)
    worker = identify(int(said(process)))
    assert worker is not None
    process.kill()
    process.communicate()

    assert native.wait_dead([worker], seconds=SECONDS) == []


BREAKS_AWAY = (
    "import subprocess, sys, time\n"
    "flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_BREAKAWAY_FROM_JOB\n"
    f"other = subprocess.Popen({python(LIVES)!r}, creationflags=flags, stdout=subprocess.PIPE, env={environment()!r})\n"
    "other.stdout.readline()\n"
    "print(other.pid, flush=True)\n"
    "time.sleep(600)"
)


def test_a_held_run_takes_along_even_what_broke_away_from_its_case() -> None:
    harness = (
        f"import sys, asyncio; sys.path[:0] = {sys.path!r}\n"
        "from subprocess import PIPE\n"
        "from hookproof.processes import *\n"
        "async def main():\n"
        "    assert adopt_orphans() is None\n"
        "    assert adopt_orphans() is None\n"
        "    case = CaseProcesses('ac' * 16)\n"
        f"    child = await spawn({python(BREAKS_AWAY)!r}, env={environment()!r}, cwd='.', stdout=PIPE, case=case)\n"
        "    print((await child.stdout.readline()).decode(), flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", harness], stdout=PIPE)
    broke_away = identify(int(said(process)))
    assert broke_away is not None
    process.kill()
    process.communicate()

    assert native.wait_dead([broke_away], seconds=SECONDS) == []


def test_a_run_that_cannot_be_held_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_job: int, _process: int) -> None:
        raise PermissionError

    monkeypatch.setattr(job, "_of_this_process", [])
    monkeypatch.setattr(api, "assign", refuse)
    told = adopt_orphans()
    assert told is not None
    assert "may not be put into a job" in told
    assert job._of_this_process == []


def test_where_jobs_cannot_be_nested_the_token_remains(
    token: str, since: Instant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_job: int, _process: int) -> None:
        raise ctypes.WinError(api.ERROR_ACCESS_DENIED)

    monkeypatch.setattr(api, "assign", denied)

    async def main() -> None:
        with CaseProcesses(token) as case:
            child = await spawn(python(LIVES), env=environment(), cwd=".", case=case)
        assert [info.identity for info in census(token, since=since)] == [child.identity]
        assert child.kill_group()
        assert await child.wait() == Exit(code=1, signal=None, observed=True)
        child.close()

    played(main)


def test_a_process_may_break_away_and_is_found_all_the_same(token: str) -> None:
    breaks_away = DETACHES.replace('del os.environ["HOOKPROOF_TOKEN"]', "").replace(
        "subprocess.DETACHED_PROCESS", "subprocess.CREATE_BREAKAWAY_FROM_JOB"
    )

    async def main() -> None:
        with CaseProcesses(token) as case:
            child = await spawn(python(breaks_away), env=environment(), cwd=".", stdout=PIPE, case=case)
            assert child.stdout is not None
            pid = int(await child.stdout.readline())
            await child.wait()
            child.close()
            assert [info.identity.pid for info in (await case.sweep(seconds=SECONDS)).ended] == [pid]

    played(main)


def test_killing_a_group_takes_the_detached_and_leaves_the_case(token: str) -> None:
    stays = DETACHES + "time.sleep(600)"

    async def main() -> None:
        with CaseProcesses(token) as case:
            other = await spawn(python(LIVES), env=environment(), cwd=".", case=case)
            child = await spawn(python(stays), env=environment(), cwd=".", stdout=PIPE, case=case)
            assert child.stdout is not None
            grandchild = identify(int(await child.stdout.readline()))
            assert grandchild is not None
            assert child.kill_group()
            assert (await child.wait()).code == 1
            assert native.wait_dead([grandchild], seconds=SECONDS) == []
            assert is_alive(other.identity)
            child.close()
            other.close()

    played(main)


def test_the_exit_of_a_process_that_is_not_ours_is_observed() -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True); sys.stdin.readline(); child.stdin.close(); child.wait()"
    )

    async def main() -> None:
        deaths = Deaths()
        with running(parent, *python("import sys; sys.stdin.read(); sys.exit(42)")) as process:
            identity = identify(int(said(process)))
            assert identity is not None
            assert deaths.watch.watch(identity)
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            (death,) = await deaths.of([identity])
            assert death.exit == Exit(code=42, signal=None, observed=True)
        deaths.watch.close()

    played(main)


def _handles() -> int:
    count = ctypes.c_ulong()
    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.GetProcessHandleCount(ctypes.c_void_p(-1), ctypes.byref(count))
    return count.value


def test_children_and_watches_leave_no_handles(token: str) -> None:
    async def some(count: int) -> None:
        deaths = Deaths()
        with CaseProcesses(token) as case:
            for _ in range(count):
                child = await spawn(python("input()"), env=environment(), cwd=".", stdin=PIPE, stdout=PIPE, case=case)
                assert deaths.watch.watch(child.identity)
                assert child.stdin is not None
                child.stdin.close()
                await child.wait()
                await deaths.of([child.identity])
                child.close()
        deaths.watch.close()
        await asyncio.sleep(0)

    played(lambda: some(2))
    before = _handles()
    played(lambda: some(30))

    assert _handles() < before + 15
