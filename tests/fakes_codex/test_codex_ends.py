"""How the process ends: with its stdin, or of a signal whose sender it names first. And what it leaves running."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from codex_world import DEADLINE, Codex, Journal, World, is_running, wait_dead

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the sender of a signal")
ENDING = ["SIGTERM", "SIGINT", "SIGHUP"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def hold(world: World, codex: Codex) -> str:
    """A held turn's thread."""
    thread = codex.start_thread()
    codex.start_turn(thread, "hold")
    world.model.asked().begin()
    return thread


def test_the_process_introduces_itself(world: World) -> None:
    codex = world.codex()
    record = world.journal.wait("codex.started")
    assert (record["pid"], record["ppid"], record["argv"][1:]) == (codex.pid, os.getpid(), ["app-server"])
    if sys.platform != "win32":
        assert record["pgid"] == os.getpgid(codex.pid)
    assert world.journal.records[0] == {"token": world.token, "source": "codex", "pid": codex.pid}


def test_the_end_of_stdin_ends_the_process_and_lets_go_of_the_model(world: World) -> None:
    codex = world.codex()
    hold(world, codex)
    codex.close_stdin()
    world.model.asked().wait_gone()
    assert codex.wait_exit() == 0
    assert world.journal.wait("codex.exit")["why"] == "stdin closed"
    assert not codex.notified("turn/completed")


def test_what_was_asked_before_the_end_of_stdin_is_answered(world: World) -> None:
    codex = world.codex()
    numbers = [codex.post("account/read") for _ in range(20)]
    codex.close_stdin()
    assert codex.wait_exit() == 0
    assert [message["id"] for message in codex.messages if "id" in message][1:] == numbers


@linux
@pytest.mark.parametrize("name", ENDING)
@pytest.mark.parametrize("busy", [True, False], ids=["held", "idle"])
def test_a_signal_is_recorded_with_its_sender_and_then_does_its_work(world: World, name: str, busy: bool) -> None:
    codex = world.codex()
    if busy:
        hold(world, codex)
    number = signal.Signals[name]
    os.kill(codex.pid, number)
    assert codex.wait_exit() == -number
    record = world.journal.wait("codex.signal")
    assert (record["signal"], record["name"]) == (number, name)
    assert (record["sender_pid"], record["sender_uid"]) == (os.getpid(), os.getuid())
    assert not [row for row in world.journal.records if row.get("kind") == "codex.exit"]
    if busy:
        world.model.asked().wait_gone()


@linux
def test_a_signal_before_any_request_is_recorded_too(world: World) -> None:
    codex = world.start()
    world.journal.wait("codex.started")
    os.kill(codex.pid, signal.SIGTERM)
    assert codex.wait_exit() == -signal.SIGTERM
    assert world.journal.wait("codex.signal")["sender_pid"] == os.getpid()


@linux
def test_a_signal_to_the_group_names_its_sender(world: World) -> None:
    codex = world.codex()
    hold(world, codex)
    os.killpg(codex.pid, signal.SIGTERM)
    assert codex.wait_exit() == -signal.SIGTERM
    assert world.journal.wait("codex.signal")["sender_pid"] == os.getpid()


@linux
def test_without_a_recorder_a_signal_still_ends_it(world: World) -> None:
    codex = world.start(without="HOOKPROOF_RECORDER")
    codex.greet()
    turn = codex.start_turn(codex.start_thread(), "go")
    world.model.asked(0).say("gone")
    assert codex.wait_turn(turn)["status"] == "completed"
    os.kill(codex.pid, signal.SIGTERM)
    assert codex.wait_exit() == -signal.SIGTERM
    assert world.journal.records == []


@pytest.mark.parametrize("recorder", ["deaf", "gone", "nonsense", "127.0.0.1:port"])
def test_a_recorder_that_does_not_work_changes_nothing(world: World, recorder: str) -> None:
    journal = Journal(deaf=True)
    address = journal.address if recorder in ("deaf", "gone") else recorder
    if recorder == "gone":
        journal.close()
    codex = world.codex(HOOKPROOF_RECORDER=address)
    turn = codex.start_turn(codex.start_thread(), "go")
    world.model.asked().say("gone")
    assert codex.wait_turn(turn)["status"] == "completed"
    codex.close_stdin()
    assert codex.wait_exit() == 0
    journal.close()


def grandchild(world: World, mode: str) -> tuple[Codex, psutil.Process]:
    codex = world.codex(HOOKPROOF_CODEX_GRANDCHILD=mode)
    hold(world, codex)
    record = world.journal.wait("codex.grandchild")
    assert record["mode"] == mode
    return codex, psutil.Process(record["pid"])


@linux
@pytest.mark.parametrize("mode", ["same-group", "detached"])
def test_the_grandchild_is_where_it_was_asked_to_be(world: World, mode: str) -> None:
    codex, child = grandchild(world, mode)
    own_group, own_session = os.getpgid(child.pid) == child.pid, os.getsid(child.pid) == child.pid
    assert (own_group, own_session) == ((mode == "detached"),) * 2
    assert (os.getpgid(child.pid) == codex.pid) == (mode == "same-group")
    # between its exec and its first instruction a process has no environment yet, and nothing tells when that is over
    deadline = time.monotonic() + DEADLINE
    while not child.environ() and time.monotonic() < deadline:
        os.sched_yield()
    assert child.environ()["HOOKPROOF_TOKEN"] == world.token


@pytest.mark.parametrize("mode", ["same-group", "detached"])
def test_the_grandchild_outlives_codex(world: World, mode: str) -> None:
    codex, child = grandchild(world, mode)
    codex.close_stdin()
    assert codex.wait_exit() == 0
    assert is_running(child.pid)


@linux
@pytest.mark.parametrize(("mode", "survives"), [("same-group", False), ("detached", True)])
def test_a_kill_of_the_group_takes_only_a_grandchild_in_it(world: World, mode: str, survives: bool) -> None:
    codex, child = grandchild(world, mode)
    os.killpg(codex.pid, signal.SIGTERM)
    assert codex.wait_exit() == -signal.SIGTERM
    if not survives:
        wait_dead(child.pid)
    assert is_running(child.pid) == survives


@linux
def test_the_grandchild_is_not_deaf_to_signals_and_is_reaped(world: World) -> None:
    codex, child = grandchild(world, "detached")
    child.terminate()
    child.wait(DEADLINE)
    assert codex.request("account/read")


def test_there_is_one_grandchild_however_many_turns(world: World) -> None:
    codex, _ = grandchild(world, "same-group")
    for number in range(1, 4):
        codex.start_turn(codex.start_thread(), f"another {number}")
        world.model.asked(number)
    assert [row["kind"] for row in world.journal.records[1:]].count("codex.grandchild") == 1


def test_without_a_wish_there_is_no_grandchild(world: World) -> None:
    codex = world.codex()
    hold(world, codex)
    assert [process.pid for process in world.marked()] == [codex.pid]
