"""Processes that lost their token and their parents: found as what this process adopted, and told from all others.

Being a subreaper is for the whole life of a process: every scenario here runs in a process of its own.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

from .programs import skip_module_unless

skip_module_unless(sys.platform == "linux", "subreapers: Linux")
assert sys.platform == "linux"

import asyncio
import concurrent.futures.thread  # noqa: F401 - what would be imported once this is an ordinary user's process
import encodings.ascii  # noqa: F401
import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from subprocess import PIPE

import pytest

from hookproof.processes import (
    CaseProcesses,
    Identity,
    ProcessInfo,
    become_subreaper,
    identify,
    is_alive,
    registry,
    spawn,
)

from .leavers import BARE, LEAVES_AT_ONCE, by, leaves
from .programs import LIVES, SECONDS, environment, in_own_process, played, python, zombies

NOBODY = 65534
TITLED = """
import os
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0), os.dup2(null, 1)
    os.execvp("perl", ["perl", "-e", '$0 = "a title of its own " x 2000; sleep 30012'])
os._exit(0)
"""

RESTLESS = """
import os, time
os.environ.clear()
os.chdir("/")
if os.fork(): os._exit(0)
print('here', flush=True)
os.dup2(os.open("/dev/null", os.O_RDWR), 1)
began = time.monotonic()
while time.monotonic() < began + 60:
    os.setsid() if os.getsid(0) != os.getpid() else None
    if os.fork(): os._exit(0)
"""
"""Never the same process nor the same session for long."""


async def is_swept(case: CaseProcesses, identity: Identity, how: str) -> ProcessInfo:
    """It is in the census, recognised as `how` says, and a sweep ends it; nothing is left."""
    info = next(each for each in case.census() if each.identity == identity)
    assert info.by == how
    swept = await case.sweep(seconds=SECONDS)
    assert identity in [each.identity for each in swept.ended]
    assert swept.left == []
    assert not is_alive(identity)
    return info


def one_case(play: Callable[[CaseProcesses], object]) -> None:
    """Play in a case with this process as subreaper; afterwards there is no child left, dead or alive."""
    assert become_subreaper()

    async def main() -> None:
        with CaseProcesses(token_hex(16)) as case:
            await play(case)  # type: ignore[misc]

    played(main)
    assert registry.entries() == ()
    assert zombies() == set()
    with pytest.raises(ChildProcessError):  # no child at all, neither dead nor alive
        os.waitpid(-1, os.WNOHANG)


async def plays_bare(case: CaseProcesses) -> None:
    info = await is_swept(case, await leaves(case, BARE), "only case")
    assert info.argv == ["sleep", "30011"]
    assert info.ppid == os.getpid()


async def plays_leader(case: CaseProcesses) -> None:
    await is_swept(case, await leaves(case, BARE, "leads"), "only case")


async def plays_session(case: CaseProcesses) -> None:
    # stays in the session of what the case started
    await is_swept(case, await leaves(case, LEAVES_AT_ONCE), "session")


async def plays_title(case: CaseProcesses) -> None:
    identity = await leaves(case, TITLED)
    await until(lambda: Path(f"/proc/{identity.pid}/cmdline").read_bytes().startswith(b"a title"))
    (info,) = [each for each in case.census() if each.identity == identity]
    assert info.argv[0].startswith("a title of its own")
    swept = await case.sweep(seconds=SECONDS)
    assert identity in [each.identity for each in swept.ended]
    assert not is_alive(identity)


async def until(there: Callable[[], bool]) -> None:
    """Wait for what no event tells of: what another process writes into its own memory."""
    async with asyncio.timeout(SECONDS):
        while not there():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def plays_parents(case: CaseProcesses) -> None:
    """A child without the token whose parent, which has it, lives on."""
    program = (
        f"import os, subprocess, sys\n"
        f"child = subprocess.Popen({python(LIVES)!r}, env={{}}, stdout=-1, start_new_session=True)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)\nsys.stdin.read()"
    )
    parent = await spawn(python(program), env=environment(), cwd="/", stdin=PIPE, stdout=PIPE, case=case)
    assert parent.stdout is not None
    child = identify(int(await parent.stdout.readline()))
    assert child is not None
    assert by(case.census()) == {parent.identity: "token", child: "descendant"}
    # once it has lost its parent it is still known as what it was
    parent.kill_group()
    await parent.wait()
    parent.close()
    await is_swept(case, child, "descendant")


async def plays_restless(case: CaseProcesses) -> None:
    child = await spawn(python(RESTLESS), env=environment(), cwd="/", stdout=PIPE, case=case)
    assert child.stdout is not None
    await child.stdout.readline()
    await child.wait()
    child.close()
    swept = await case.sweep(seconds=SECONDS)
    assert swept.ended
    assert swept.left == []


def scenario_bare() -> None:
    one_case(plays_bare)


def scenario_leader() -> None:
    one_case(plays_leader)


def scenario_session() -> None:
    one_case(plays_session)


def scenario_title() -> None:
    one_case(plays_title)


def scenario_parents() -> None:
    one_case(plays_parents)


def scenario_restless() -> None:
    one_case(plays_restless)


@pytest.mark.parametrize(
    "scenario", [scenario_bare, scenario_leader, scenario_session, scenario_parents, scenario_restless]
)
def test_what_lost_its_token_is_recognised_and_ended(scenario: Callable[[], None]) -> None:
    in_own_process(scenario)


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl, which can overwrite its title")
def test_one_that_overwrote_its_title_and_environment_is_ended() -> None:
    in_own_process(scenario_title)


def as_ordinary_user() -> None:
    """Give up root for good, if this is root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


async def plays_undumpable(case: CaseProcesses) -> None:
    # the kernel keeps everybody out of a program that may be run and not be read
    program = Path(tempfile.mkdtemp()) / "sleep"
    shutil.copy("/bin/sleep", program)
    program.chmod(0o111)
    script = '(setsid "$0" 30014 </dev/null >/dev/null & echo $!) '
    shell = await spawn(["/bin/sh", "-c", script, str(program)], env=environment(), cwd="/", stdout=PIPE, case=case)
    assert shell.stdout is not None
    identity = identify(int(await shell.stdout.readline()))
    assert identity is not None
    await shell.wait()
    shell.close()
    await until(lambda: Path(f"/proc/{identity.pid}/environ").stat().st_uid == 0)
    with pytest.raises(PermissionError):
        open(f"/proc/{identity.pid}/environ", "rb").close()  # noqa: ASYNC230, PTH123
    assert (await is_swept(case, identity, "only case")).argv[1:] == ["30014"]
    shutil.rmtree(program.parent)


async def plays_ssh_agent(case: CaseProcesses) -> None:
    agent = await spawn(["ssh-agent"], env=environment(), cwd="/", stdout=PIPE, case=case)
    assert agent.stdout is not None
    said_of_it = (await agent.stdout.read()).decode()
    await agent.wait()
    agent.close()
    identity = identify(int(said_of_it.partition("SSH_AGENT_PID=")[2].partition(";")[0]))
    assert identity is not None
    info = await is_swept(case, identity, "only case")
    assert info.argv[0].endswith("ssh-agent")


def scenario_undumpable() -> None:
    as_ordinary_user()
    one_case(plays_undumpable)


def scenario_ssh_agent() -> None:
    as_ordinary_user()
    one_case(plays_ssh_agent)


def test_one_that_no_ordinary_user_may_look_into_is_ended() -> None:
    in_own_process(scenario_undumpable)


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="ssh-agent")
def test_an_ssh_agent_of_an_ordinary_user_is_ended() -> None:
    in_own_process(scenario_ssh_agent)


def scenario_two_cases() -> None:
    become_subreaper()

    async def main() -> None:
        with CaseProcesses(token_hex(16)) as second:
            with CaseProcesses(token_hex(16)) as first:
                stray = await leaves(first, BARE)
                assert first.census() == second.census() == []
                assert by(first.undecided()) == by(second.undecided()) == {stray: "undecided"}
                assert (await first.sweep(seconds=SECONDS)).ended == []
                assert is_alive(stray)
            # the other case might need it: it lives until that is closed, and is told to both
            assert is_alive(stray)
            assert second.census() == []
            assert [info.argv for info in second.undecided()] == [["sleep", "30011"]]
            # of what comes after it nobody knows whether it came from it
            later = await leaves(second, BARE)
            assert second.census() == []
            assert {info.identity for info in second.undecided()} == {stray, later}
        assert not is_alive(stray)
        assert not is_alive(later)
        assert [info.identity for info in first.undecided()] == [stray, later]

    played(main)
    assert registry.entries() == ()
    assert zombies() == set()


def test_one_that_may_be_of_two_open_cases_is_told_to_both_and_ended_by_the_last() -> None:
    in_own_process(scenario_two_cases)


def scenario_signs_between_two_cases() -> None:
    become_subreaper()
    folders = [Path(tempfile.mkdtemp()).resolve() for _ in range(2)]
    in_folder = BARE.replace('os.chdir("/")', "os.chdir(sys.argv[1])")
    with_file = BARE.replace('os.chdir("/")', 'os.chdir("/"); os.open(sys.argv[1] + "/f", os.O_CREAT | os.O_RDWR)')
    with_file = with_file.replace("os.dup2(0, 1)", "os.set_inheritable(3, True), os.dup2(0, 1)")

    async def main() -> None:
        with (
            CaseProcesses(token_hex(16), folder=folders[0]) as first,
            CaseProcesses(token_hex(16), folder=folders[1]) as second,
        ):
            known = await leaves(first, LEAVES_AT_ONCE)
            inside = await leaves(second, in_folder, str(folders[1]))
            holds = await leaves(first, with_file, str(folders[0]))
            beside = await leaves(second, in_folder, str(folders[1]) + "/..")
            assert by(first.census()) == {known: "session", holds: "folder"}
            assert by(second.census()) == {inside: "folder"}
            assert set(by(first.undecided())) == set(by(second.undecided())) == {beside}
            assert {info.identity for info in (await second.sweep(seconds=SECONDS)).ended} == {inside}
            assert {info.identity for info in (await first.sweep(seconds=SECONDS)).ended} == {known, holds}
            assert is_alive(beside)
        assert not is_alive(beside)

    played(main)
    for folder in folders:
        shutil.rmtree(folder)
    assert zombies() == set()


def test_what_a_stray_still_shows_decides_between_two_cases() -> None:
    in_own_process(scenario_signs_between_two_cases)


def scenario_dropped() -> None:
    become_subreaper()

    async def main() -> None:
        CaseProcesses(token_hex(16))  # nobody closes it
        gc.collect()
        with CaseProcesses(token_hex(16)) as case:
            await is_swept(case, await leaves(case, BARE), "only case")

    played(main)
    assert registry.entries() == ()


def test_a_case_that_nobody_closed_is_no_candidate() -> None:
    in_own_process(scenario_dropped)


def scenario_another_user() -> None:
    """What becomes another user's is told; what may not be ended is left, at once and not at the deadline."""
    become_subreaper()

    async def main() -> None:
        with CaseProcesses(token_hex(16)) as case:
            stray = await leaves(case, BARE.replace("os.execve", f"os.setuid({NOBODY - 1}); os.execve"))
            os.seteuid(NOBODY)
            try:
                assert by(case.census()) == {stray: "only case"}
                swept = await case.sweep(seconds=SECONDS * 100)
            finally:
                os.seteuid(0)
            assert [info.identity for info in swept.left] == [stray]
            assert swept.ended == []
            await is_swept(case, stray, "only case")

    played(main)
    assert zombies() == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a process another user's")
def test_another_users_is_told_and_left() -> None:
    in_own_process(scenario_another_user)


def scenario_many_times() -> None:
    """Two cases at a time in threads of their own, whose daemons show where they are from, twenty times."""
    become_subreaper()
    seen = "seen before"  # by the other case's look, while it still had the token
    wrong: list[object] = []
    open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    def case() -> None:
        async def main() -> None:
            folder = Path(tempfile.mkdtemp())
            with CaseProcesses(token_hex(16), folder=folder) as mine:
                program = BARE.replace('os.chdir("/")', "os.chdir(sys.argv[1])")
                shown = await leaves(mine, program, str(folder), "leads")
                stayed = await leaves(mine, LEAVES_AT_ONCE)
                unknown = await leaves(mine, BARE)
                found = by(mine.census())
                if found.get(shown) not in {"folder", seen} or found.get(stayed) not in {"session", seen}:
                    wrong.append(found)
                swept = await mine.sweep(seconds=SECONDS)
                if swept.left or not {shown, stayed} <= {info.identity for info in swept.ended}:
                    wrong.append(swept)
            all_of_them.append(unknown)
            shutil.rmtree(folder)

        try:
            played(main)
        except BaseException as error:
            wrong.append(error)

    all_of_them: list[Identity] = []
    for _ in range(20):
        threads = [threading.Thread(target=case) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == [], wrong
    assert len(all_of_them) == 40
    assert [identity for identity in all_of_them if is_alive(identity)] == []
    assert zombies() == set()
    assert registry.entries() == ()
    assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208


def test_twenty_rounds_of_two_cases_leave_nothing() -> None:
    in_own_process(scenario_many_times)
