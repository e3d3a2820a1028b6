"""A pid is not a name: who has it may have got it from another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hookproof.processes import Identity, identify, instant, is_alive, is_unreaped, kill, signal_process

from .programs import LINUX, LIVES, SECONDS, environment, python, running, said, wait_until_zombie

_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def test_this_process_is_alive_and_keeps_its_identity() -> None:
    me = identify(os.getpid())

    assert me is not None
    assert me == identify(os.getpid())
    assert is_alive(me)


def test_nobody_has_a_pid_that_was_reaped() -> None:
    with running(LIVES) as process:
        identity = identify(process.pid)
        assert identity is not None
        process.kill()
        process.wait()

        assert identify(process.pid) is None
        assert not is_alive(identity)
        assert not kill(identity)


@pytest.mark.skipif(not LINUX, reason="zombies and waitid with WNOWAIT: Linux")
def test_a_zombie_is_dead() -> None:
    with running(LIVES) as process:
        identity = identify(process.pid)
        assert identity is not None
        process.kill()
        assert not is_unreaped(Identity(identity.pid, identity.start + 1))
        wait_until_zombie(process.pid)

        assert identify(process.pid) is None
        assert not is_alive(identity)
        assert is_unreaped(identity)
        assert not is_unreaped(Identity(identity.pid, identity.start + 1))
        assert not signal_process(identity, signal.SIGTERM)
        process.wait()
        assert not is_unreaped(identity)


def test_what_lives_is_reaped_by_nobody_and_counts_as_no_zombie() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert not is_unreaped(me)


@pytest.mark.skipif(not LINUX, reason="a thread that has a pid of its own: Linux")
def test_a_pid_that_has_come_round_as_a_threads_is_nobodys() -> None:
    from hookproof.processes.linux import pidfd

    told: list[Identity | None] = []
    began, may_end = threading.Event(), threading.Event()

    def thread() -> None:
        told.append(identify(threading.get_native_id()))
        began.set()
        may_end.wait(SECONDS)

    other = threading.Thread(target=thread)
    other.start()
    try:
        assert began.wait(SECONDS)
        (identity,) = told
        assert identity is not None
        assert identity.pid != os.getpid()
        assert pidfd.open_pidfd(identity) is None
        assert not signal_process(identity, signal.SIGABRT)
    finally:
        may_end.set()
        other.join()


@pytest.mark.skipif(not LINUX, reason="a thread that outlives the first of its process: Linux")
def test_a_process_whose_first_thread_has_ended_is_alive() -> None:
    program = (
        "import ctypes, threading, time\n"
        "first = threading.main_thread().native_id\n"
        "def stay():\n"
        "    while 'Z' not in open(f'/proc/self/task/{first}/stat').read().rpartition(')')[2]: time.sleep(0)\n"
        "    print('alone', flush=True); time.sleep(600)\n"
        "threading.Thread(target=stay).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)\n"
    )
    with running(program) as process:
        assert said(process) == "alone"
        identity = identify(process.pid)

        assert identity is not None
        assert is_alive(identity)
        assert kill(identity)


def test_a_signal_for_another_with_the_same_pid_is_not_sent() -> None:
    with running(LIVES) as process:
        said(process)
        identity = identify(process.pid)
        assert identity is not None
        for other in (Identity(process.pid, identity.start - 1), Identity(process.pid, identity.start + 1)):
            assert not is_alive(other)
            assert not signal_process(other, signal.SIGABRT)
            assert not kill(other)

        # Had it got the one or the other, it would have ended by that before this.
        assert signal_process(identity, signal.SIGTERM)
        assert abs(process.wait()) == signal.SIGTERM


@pytest.mark.skipif(not LINUX, reason="reusing a pid on purpose: Linux")
def test_a_pid_that_came_round_again_is_never_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookproof.processes.linux import proc

    with running(LIVES) as first:
        said(first)
        old = identify(first.pid)
        assert old is not None
    subprocess.run(python("pass"), env=environment(), check=True)  # takes longer than a clock tick
    try:
        _LAST_PID.write_text(str(old.pid - 1), "ascii")
    except OSError:
        pytest.skip("choosing the next pid needs CAP_CHECKPOINT_RESTORE and a kernel built with it")
    with running(LIVES) as second:
        if second.pid != old.pid:
            pytest.skip("another process was quicker to take the pid")
        said(second)
        if identify(second.pid) == old:
            pytest.skip("the pid came round within one clock tick")
        assert not is_alive(old)
        assert not kill(old)

        # As if the first had died between the first look and the pidfd.
        monkeypatch.setattr(proc, "is_alive", lambda _identity: True)
        assert not kill(old)
        monkeypatch.undo()

        assert second.poll() is None
        new = identify(second.pid)
        assert new is not None
        assert is_alive(new)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="a process that may not be signalled: root drops to nobody"
)
def test_a_process_of_somebody_else_raises() -> None:
    with running(LIVES) as process:
        said(process)
        identity = identify(process.pid)
        program = (
            "import sys; sys.path[:0] = eval(sys.argv[1])\n"
            "from hookproof.processes import *\n"
            "import os; os.setuid(65534)\n"
            "try: kill(Identity(int(sys.argv[2]), int(sys.argv[3])))\n"
            "except PermissionError: print('refused')\n"
        )
        assert identity is not None
        result = subprocess.run(
            [sys.executable, "-c", program, repr(sys.path), str(identity.pid), str(identity.start)],
            capture_output=True,
            check=True,
        )
        assert result.stdout.strip() == b"refused"
        assert is_alive(identity)


def test_the_clock_of_starts_does_not_go_back() -> None:
    before = instant()
    subprocess.run(python("pass"), env=environment(), check=True)

    assert instant() > before
