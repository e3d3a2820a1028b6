"""A subreaper sees how orphans ended, and takes no status but theirs.

Being a subreaper is for the whole life of a process: every scenario here runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from hookproof.processes import (
    CaseProcesses,
    Exit,
    Identity,
    become_subreaper,
    census,
    identify,
    instant,
    is_subreaper,
    kill,
    reap_adopted,
    signal_process,
    spawn,
    sweep,
)

from .programs import (
    LIVES,
    ORPHAN,
    SECONDS,
    Deaths,
    environment,
    in_own_process,
    played,
    python,
    running,
    said,
    wait_until_zombie,
    zombies,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="subreapers: Linux")

TOKEN = "5eed" * 8
SAME_SESSION_ORPHAN = """
import os
if os.fork() == 0:
    if os.fork() == 0:
        os.write(1, b'%d\\n' % os.getpid())
        os.close(1)
        os.read(0, 1)
        os._exit(3)
    os._exit(0)
os.wait()
"""
"""Leaves an orphan in the session of its starter, which ends as soon as its standard input does."""


def orphan(process: subprocess.Popen[bytes]) -> Identity:
    """The orphan that the program left, as soon as it is one."""
    pid = int(said(process))
    process.wait()
    identity = identify(pid)
    assert identity is not None
    return identity


def scenario_watched() -> None:
    assert not is_subreaper()
    assert become_subreaper()
    assert is_subreaper()

    async def main() -> None:
        deaths = Deaths()
        with running(ORPHAN, token=TOKEN) as process:
            identity = orphan(process)
        assert deaths.watch.watch(identity)
        assert signal_process(identity, signal.SIGTERM)
        (death,) = await deaths.of([identity])
        assert death.exit == Exit(code=None, signal=signal.SIGTERM, observed=True)
        deaths.watch.close()

    played(main)
    assert zombies() == set()


def test_how_a_watched_orphan_ended_is_observed_and_no_zombie_stays() -> None:
    in_own_process(scenario_watched)


def scenario_unwatched() -> None:
    since = instant()
    become_subreaper()
    with running(ORPHAN, token=TOKEN) as process:
        identity = orphan(process)
    assert [info.identity for info in census(TOKEN, since=since)] == [identity]
    assert reap_adopted() == 0
    kill(identity)
    wait_until_zombie(identity.pid)
    assert zombies() == {identity.pid}
    assert reap_adopted() == 1
    assert zombies() == set()


def test_an_orphan_that_a_census_saw_is_reaped() -> None:
    in_own_process(scenario_unwatched)


def scenario_never_seen() -> None:
    become_subreaper()

    async def main() -> None:
        child = await spawn(
            python(SAME_SESSION_ORPHAN), env=environment(), cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        pid = int(await child.stdout.readline())
        await child.wait()
        child.close()  # and with it the orphan's standard input
        await asyncio.sleep(0)
        wait_until_zombie(pid)
        assert zombies() == {pid}
        assert reap_adopted() == 1

    played(main)
    assert zombies() == set()


def test_an_orphan_in_the_session_of_a_child_is_reaped_though_nobody_ever_saw_it() -> None:
    in_own_process(scenario_never_seen)


def scenario_a_leader_never_seen() -> None:
    become_subreaper()
    detaches = "import os\nif os.fork() == 0: os.setsid(); os._exit(0)\nos._exit(0)"
    subprocess.run(python(detaches), env=environment(), check=True)
    wait_until_zombie()
    (unseen,) = zombies()
    ours = subprocess.Popen(python("pass"), env=environment())
    wait_until_zombie(ours.pid)
    assert reap_adopted() == 0
    assert zombies() == {unseen, ours.pid}
    assert reap_adopted(only_spawn_detaches=True) == 1
    assert zombies() == {ours.pid}
    assert ours.wait() == 0


def test_a_leader_that_nobody_ever_saw_is_reaped_only_on_a_promise() -> None:
    in_own_process(scenario_a_leader_never_seen)


def scenario_children_of_others() -> None:
    become_subreaper()
    since = instant()
    exits = "import sys; sys.exit(4)"
    plain = subprocess.Popen(python(exits), env=environment())
    leading = subprocess.Popen(python(exits), env=environment(), start_new_session=True)
    marked = subprocess.Popen(python(LIVES), env=environment(TOKEN), stdout=subprocess.PIPE)
    said(marked)
    assert [info.identity.pid for info in census(TOKEN, since=since)] == [marked.pid]
    marked.kill()

    async def main() -> None:
        deaths = Deaths()
        with running(LIVES) as watched:
            identity = identify(watched.pid)
            assert identity is not None
            deaths.watch.watch(identity)
            watched.kill()
            (death,) = await deaths.of([identity])
            assert death.exit == Exit(code=None, signal=9, observed=True)
            assert reap_adopted() == 0
            assert watched.wait() == -9
        deaths.watch.close()

    played(main)
    for process in (plain, leading, marked):
        wait_until_zombie(process.pid)
    assert zombies() == {plain.pid, leading.pid, marked.pid}
    assert reap_adopted() == 0
    assert [process.wait() for process in (plain, leading, marked)] == [4, 4, -9]
    marked.communicate()


def test_the_children_of_others_in_this_process_keep_their_status() -> None:
    in_own_process(scenario_children_of_others)


def scenario_children_of_spawn() -> None:
    become_subreaper()

    async def main() -> None:
        with CaseProcesses(TOKEN) as case:
            child = await spawn(python(LIVES), env=environment(), cwd="/", case=case)
            assert [info.identity for info in case.census()] == [child.identity]
            kill(child.identity)
            wait_until_zombie(child.identity.pid)
            assert reap_adopted(only_spawn_detaches=True) == 0
            assert zombies() == {child.identity.pid}
            assert await child.wait() == Exit(code=None, signal=9, observed=True)
            child.close()

    played(main)
    assert zombies() == set()


def test_a_child_of_spawn_is_its_own_though_it_carries_the_token() -> None:
    in_own_process(scenario_children_of_spawn)


def scenario_watched_by_another() -> None:
    become_subreaper()

    async def main() -> None:
        deaths = Deaths()
        with running(ORPHAN, token=TOKEN) as process:
            identity = orphan(process)
        assert deaths.watch.watch(identity)
        kill(identity)
        wait_until_zombie(identity.pid)
        assert reap_adopted(only_spawn_detaches=True) == 0
        (death,) = await deaths.of([identity])
        assert death.exit == Exit(code=None, signal=9, observed=True)
        deaths.watch.close()

    played(main)
    assert zombies() == set()


def test_what_is_watched_is_left_to_the_watch() -> None:
    in_own_process(scenario_watched_by_another)


def scenario_sweep() -> None:
    become_subreaper()
    since = instant()
    orphans = []
    for _ in range(5):
        with running(ORPHAN, token=TOKEN) as process:
            orphans.append(orphan(process))
    result = sweep(TOKEN, since=since, seconds=SECONDS)
    assert {info.identity for info in result.ended} == set(orphans)
    assert {info.ppid for info in result.ended} == {os.getpid()}
    assert reap_adopted() == 5
    assert zombies() == set()


def test_swept_orphans_are_reaped() -> None:
    in_own_process(scenario_sweep)


def scenario_watch_then_parent_dies() -> None:
    """The orphan dies while its own parent still has its status, and is inherited as a zombie."""
    become_subreaper()
    parent_program = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.setsid(); os.write(1, b'%d\\n' % os.getpid()); sys.stdin.read(); os._exit(0)\n"
        "sys.stdin.read()\n"
    )

    async def main() -> None:
        deaths = Deaths()
        with running(parent_program, token=TOKEN) as parent:
            identity = identify(int(said(parent)))
            assert identity is not None
            assert deaths.watch.watch(identity)
            kill(identity)
            (death,) = await deaths.of([identity])
            assert death.exit == Exit(code=None, signal=9, observed=True)
            assert zombies() == set()
        assert zombies() == {identity.pid}
        assert reap_adopted() == 1
        deaths.watch.close()

    played(main)
    assert zombies() == set()


def test_a_zombie_that_is_inherited_after_its_death_was_told_is_reaped() -> None:
    in_own_process(scenario_watch_then_parent_dies)
