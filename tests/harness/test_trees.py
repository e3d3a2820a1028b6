"""Which processes belong together, and that a tree is killed whole, newborns included."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import cast

import pytest

from hookproof import processes
from hookproof.journal import Journal
from hookproof.play.patience import Patience
from hookproof.play.rest import Rest
from hookproof.play.run import Run
from hookproof.play.trees import below, kill_tree, left_by_codex, outlived, topmost_naming
from hookproof.records import Record
from hookproof.records.model import GateReached
from hookproof.records.sent import CodexGrandchild, CodexTurn

PARENT = """
import subprocess, sys
waits = "print('here', flush=True); input()"
subprocess.Popen([sys.executable, "-I", "-S", "-c", waits], stdin=subprocess.PIPE).wait()
"""


ENV = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}


def info(pid: int, ppid: int, *argv: str) -> processes.ProcessInfo:
    return processes.ProcessInfo(processes.Identity(pid, 1), ppid, pid, pid, list(argv), 0.0, 0.0)


ALIVE = [
    info(1, 0),
    info(2, 1, "sh", "-c", "run 'job=review x'"),
    info(3, 2, "run", "job=review x"),
    info(4, 3),
    info(5, 4),
]


@pytest.mark.parametrize(
    ("pid", "without", "inside"),
    [(3, None, {3, 4, 5}), (3, 4, {3}), (2, 5, {2, 3, 4}), (9, None, set()), (3, 3, set())],
)
def test_below(pid: int, without: int | None, inside: set[int]) -> None:
    assert {each.identity.pid for each in below(pid, ALIVE, without=without)} == inside


def turn(by: int, thread: str, state: str = "started") -> Record:
    return CodexTurn(by=by, thread_id=thread, turn_id="u", state=state)


def left(by: int, pid: int) -> Record:
    return CodexGrandchild(by=by, pid=pid, mode="detached")


def asked(job: str, thread: str) -> Record:
    return GateReached(n=1, job=job, thread=thread)


REVIEW = asked("review", "t1")


@pytest.mark.parametrize(
    ("records", "pids"),
    [
        ([turn(5, "t1"), left(5, 6), REVIEW], [6]),
        ([turn(5, "t1"), left(5, 6), REVIEW, turn(5, "t2"), asked("other", "t2")], [6]),
        ([turn(5, "t1"), left(5, 6), turn(7, "t2"), left(7, 8), REVIEW, asked("other", "t2")], [6]),
        ([turn(5, "t2"), left(5, 6), asked("other", "t2"), turn(5, "t1"), REVIEW], []),
        ([turn(5, "t1"), turn(5, "t2"), left(5, 6), REVIEW, asked("other", "t2")], []),
        ([turn(5, "t1"), left(5, 6)], []),
        ([left(5, 6), REVIEW], []),
    ],
    ids=["its own", "shared later", "another Codex", "another job's", "nobody can tell", "never asked", "no turn"],
)
def test_what_a_codex_has_left_running_is_the_only_jobs_that_it_had(records: list[Record], pids: list[int]) -> None:
    assert left_by_codex("review", records) == pids


def test_the_shell_of_a_launch_is_the_topmost_that_names_the_job() -> None:
    found = topmost_naming("review", ALIVE)
    assert found is not None
    assert found.identity.pid == 2
    assert topmost_naming("other", ALIVE) is None
    assert topmost_naming("rev", ALIVE) is None


def test_a_tree_is_killed_whole_and_its_deaths_are_seen(tmp_path: Path) -> None:
    async def played() -> tuple[list[int], list[int], int]:
        journal = Journal(tmp_path / "j.jsonl")
        watch = processes.DeathWatch(asyncio.get_running_loop(), lambda _death: None)
        with processes.CaseProcesses(secrets.token_hex(16)) as group:
            argv = [sys.executable, "-I", "-S", "-c", PARENT]
            parent = await processes.spawn(argv, env=ENV, cwd=tmp_path, stdout=PIPE, case=group)
            assert parent.stdout is not None
            assert await parent.stdout.readline()
            tree = below(parent.identity.pid, group.census())
            rest = Rest(journal, group, Patience(4.0), 30.0)
            run = cast(Run, SimpleNamespace(deaths=watch, rest=rest))
            outlive = await outlived(tree, run, until=lambda: True)
            killed = kill_tree(parent.identity)
            left = await outlived(tree, run, until=lambda: True)
            parent.close()
            watch.close()
        journal.close()
        assert sorted(killed) == sorted(each.identity.pid for each in tree) == outlive
        return outlive, left, len(killed)

    outlive, left, killed = asyncio.run(played())
    assert (len(outlive), left, killed) == (2, [], 2)
