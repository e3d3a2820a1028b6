"""A process stands still at each change that it makes to a plugin's state, and the changes of records are counted."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("Linux alone tells of changed files and stops who changes them", allow_module_level=True)

import asyncio
import os
import signal
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import Any, cast

from hookproof.catalogue.descriptor import State, Words
from hookproof.sandbox.changes import StateChanges
from hookproof.sandbox.sandbox import Sandbox

SECONDS = 60.0
STATE = State(
    roots=["{home}/state/*"],
    file="state.json",
    rows="jobs",
    job_file="jobs/{id}.json",
    server_file="server.json",
    words=Words(active=["running"], succeeded=["completed"], ended=["failed"]),
)
DOES = """
import os, sys
sys.stdin.readline()
root = sys.argv[1]
open(root + "/state.lock", "w").write("x")
with open(root + "/state.json", "w") as file:
    file.write("{}")
open(root + "/new", "w").write("{}")
os.rename(root + "/new", root + "/state.json")
os.unlink(root + "/jobs/one.json")
os.unlink(root + "/jobs/one.log")
os.unlink(root + "/server.json")
"""
CHANGES = ["emptied", "written", "replaced", "job gone", "server gone"]


def state(root: Path) -> list[str]:
    """What has been done to the state so far, as the files tell."""
    lists = {"": "emptied", "{}": "written"}
    text = (root / "state.json").read_text()
    done = CHANGES[: CHANGES.index(lists[text]) + 1] if text in lists else []
    if (root / "state.json").stat().st_ino != int((root / "inode").read_text()):
        done = CHANGES[:3]
    done = CHANGES[:4] if not (root / "jobs" / "one.json").exists() else done
    return CHANGES if not (root / "server.json").exists() else done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "home" / "state" / "project"
    (root / "jobs").mkdir(parents=True)
    (root / "state.json").write_text('{"jobs": []}')
    (root / "jobs" / "one.json").write_text("{}")
    (root / "jobs" / "one.log").write_text("")
    (root / "server.json").write_text('{"pid": 1}')
    (root / "inode").write_text(str((root / "state.json").stat().st_ino))
    return root


def sandbox(tmp_path: Path) -> Sandbox:
    return cast(Sandbox, SimpleNamespace(root=tmp_path, home=tmp_path / "home", tmp=tmp_path / "tmp"))


@pytest.mark.parametrize("wanted", range(1, len(CHANGES) + 1))
def test_it_stands_still_exactly_at_the_change_that_is_wanted(wanted: int, root: Path, tmp_path: Path) -> None:
    assert asyncio.run(stopped_at(wanted, root, tmp_path)) == (wanted, CHANGES[:wanted])


async def stopped_at(wanted: int, root: Path, tmp_path: Path) -> tuple[int, list[str]]:
    changes = StateChanges(sandbox(tmp_path), STATE, lambda: None)
    argv = [sys.executable, "-I", "-S", "-c", DOES, str(root)]
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE)
    changes.stop_at_each(process.pid)
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    async with asyncio.timeout(SECONDS):
        while True:
            await asyncio.to_thread(_wait_stopped, process.pid)
            if changes.look() >= wanted:
                break
            os.kill(process.pid, signal.SIGCONT)
    found = changes.look(), state(root)
    changes.close()
    process.kill()
    await process.wait()
    return found


def _wait_stopped(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WSTOPPED)


def test_each_change_is_told_and_none_after_the_end(root: Path, tmp_path: Path) -> None:
    async def within() -> None:
        told: list[Any] = []
        heard = asyncio.Event()

        def on_change() -> None:
            told.append(changes.seen)
            heard.set()

        changes = StateChanges(sandbox(tmp_path), STATE, on_change)
        (root / "jobs" / "two.json").write_text("{}")
        async with asyncio.timeout(SECONDS):
            await heard.wait()
        (root / "jobs" / "two.log").write_text("no record")
        before = changes.look()
        changes.close()
        changes.close()
        (root / "state.json").write_text("{}")
        assert told
        assert before == changes.seen == 1

    asyncio.run(within())
