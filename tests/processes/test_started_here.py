"""What others start in this process is told from what it adopts, and left alone."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

from .programs import skip_module_unless

skip_module_unless(sys.platform == "linux", "subreapers: Linux")
assert sys.platform == "linux"

import asyncio
import gc
import os
import pty
import signal
import subprocess
import threading
import warnings
from secrets import token_hex
from subprocess import PIPE

import pytest

from hookproof.processes import CaseProcesses, become_subreaper, identify, reap_adopted
from hookproof.processes.linux import ours, proc

from .leavers import BARE, by, leaves
from .programs import SECONDS, in_own_process, played, python, said


def detached(**more: object) -> subprocess.Popen[bytes]:
    """A process of somebody else's in this process, in a session of its own."""
    popen = subprocess.Popen(
        ["/bin/sleep", "30013"],
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **more,  # type: ignore[call-overload]
    )
    assert isinstance(popen, subprocess.Popen)
    return popen


def scenario_foreign() -> None:  # noqa: PLR0915
    become_subreaper()
    warnings.simplefilter("ignore", ResourceWarning)  # which subprocess gives for what is forgotten
    alive: list[int] = [detached().pid]  # before; and forgotten, so that subprocess keeps it

    def in_thread() -> None:
        alive.append(detached().pid)
        alive.append(os.posix_spawn("/bin/sleep", ["sleep", "30013"], {}, setsid=True))
        done.set()
        may_end.wait(SECONDS)

    done, may_end = threading.Event(), threading.Event()
    thread = threading.Thread(target=in_thread)

    async def main() -> None:
        with CaseProcesses(token_hex(16)) as case:
            during = detached()
            alive.append(during.pid)
            alive.append(detached(preexec_fn=lambda: None).pid)
            program = await asyncio.create_subprocess_exec("/bin/sleep", "30013", env={}, start_new_session=True)
            alive.append(program.pid)
            pid, _ = pty.fork()
            if pid == 0:
                os.execve("/bin/sleep", ["sleep", "30013"], {})  # noqa: S606
            alive.append(pid)
            pid = os.fork()
            if pid == 0:
                os.setsid()
                os.execve("/bin/sleep", ["sleep", "30013"], {})  # noqa: S606
            alive.append(pid)
            thread.start()
            done.wait(SECONDS)
            # a server that daemonises, of somebody else's, while its starter is seen alive
            starter = subprocess.Popen(  # noqa: ASYNC220
                python(BARE.replace("os._exit(0)", "sys.stdin.read(); os._exit(0)")), env={}, stdin=PIPE, stdout=PIPE
            )
            daemon = int(said(starter))
            assert case.census() == []
            starter.communicate(b"")
            alive.append(daemon)
            gc.collect()
            mine = await leaves(case, BARE)
            assert set(by(case.census())) == {mine}
            assert {info.identity for info in (await case.sweep(seconds=SECONDS)).ended} == {mine}
            assert case.undecided() == []
            identities = [identify(pid) for pid in alive]
            program._transport.close()  # type: ignore[attr-defined]  # ends it, as asyncio does at the end of its loop
            await program.wait()  # else who watches it may tell a loop that is closed
            alive.remove(program.pid)
        assert None not in identities
        assert all(identify(pid) is not None for pid in alive)
        assert reap_adopted() == 0

    played(main)
    with CaseProcesses(token_hex(16)) as other:
        assert other.census() == []
    assert all(identify(pid) is not None for pid in alive)
    may_end.set()
    thread.join()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0) == (pid, signal.SIGKILL)
    # subprocess looks after what was forgotten, and finds its status taken
    subprocess._cleanup()  # type: ignore[attr-defined]


def test_what_others_start_in_this_process_is_never_ended_however_it_detaches_itself() -> None:
    in_own_process(scenario_foreign)


def test_a_kernel_without_lists_of_children_is_served_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    child = detached()
    try:
        expected = set(proc.children())
        read = proc.read
        monkeypatch.setattr(proc, "read", lambda path, entry=None: None if "children" in path else read(path, entry))
        monkeypatch.setattr(proc.os.path, "exists", lambda path: "children" not in str(path))
        assert set(proc.children()) == expected
        assert child.pid in expected
    finally:
        monkeypatch.undo()
        child.kill()
        child.wait()
    assert identify(child.pid) is None


def test_a_derived_popen_is_found_and_so_is_one_that_is_about_to_have_its_child() -> None:
    class Derived(subprocess.Popen[bytes]):
        pass

    class Further(Derived):
        pass

    about_to = Further.__new__(Further)
    with Further(["/bin/sleep", "30013"], env={}) as child:
        assert {None, child.pid} <= ours._pids_of_popens()
        child.kill()
    del about_to
    gc.collect()
    assert None not in ours._pids_of_popens()


def test_a_popen_that_knows_of_its_childs_end_says_nothing_of_who_has_the_pid_now() -> None:
    popen = detached()
    assert popen.pid in ours._pids_of_popens()
    popen.kill()
    popen.wait()
    assert popen.pid not in ours._pids_of_popens()
