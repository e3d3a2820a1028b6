"""Logs that somebody holds open: the list stays whole, and only on Windows the file outlives its row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from companion_world import Open, World, opened, processes, state

play = pytest.fixture(opened)


def log_of(world: World, job_id: str) -> Path:
    return world.workspace / "jobs" / f"{job_id}.log"


def test_the_log_of_a_job_at_work_is_in_nobodys_way(play: Open) -> None:
    world = play("correct")
    job_id = world.launch("look")
    turn = world.turn()
    # its Codex has the log as its stderr, and somebody reads along
    with log_of(world, job_id).open(encoding="utf-8"):
        assert world.status(job_id)["status"] == "running"
        world.hook("SessionEnd", "main")
        world.finish(turn, job_id)
        assert world.run("result", job_id, session="next").stdout == "all good\n"
        other = world.launch("again")
        world.turn()
        assert world.run("cancel", other).returncode == 0
    assert {row["status"] for row in world.listed().values()} == {"completed", "cancelled"}


@pytest.mark.parametrize("rules", ["as-reported", "fix-1-refuse"])
def test_the_end_of_a_session_erases_the_row_of_a_log_that_is_read(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("look")
    world.finish(world.turn(), job_id)
    log = log_of(world, job_id)
    with log.open("ab"):
        world.hook("SessionEnd", "main")  # says nothing, and above all no traceback
    assert world.rows() == {}
    assert log.exists() is (sys.platform == "win32")
    assert not log.with_suffix(".json").exists()


def test_what_the_cap_forgets_is_forgotten_although_it_is_read(play: Open) -> None:
    world = play("correct")
    job_id = world.launch("the oldest")
    world.finish(world.turn(), job_id)
    with log_of(world, job_id).open(encoding="utf-8"):
        newer = [{"id": f"task-{n}", "status": "completed", "createdAt": f"2999-01-01T00:00:{n:02}"} for n in range(50)]
        workspace = state.Workspace(str(world.project), world.rules)
        workspace.home, workspace.list_file = str(world.workspace), str(world.workspace / "state.json")
        workspace.change(lambda rows: rows.extend(newer))
        assert job_id not in world.listed()
        assert len(world.listed()) == 50


def test_a_file_that_is_held_open_is_left_and_any_other_removed(tmp_path: Path) -> None:
    free, held = tmp_path / "free", tmp_path / "held"
    free.touch()
    with held.open("w"):
        processes.remove(str(free))
        processes.remove(str(held))
    assert (free.exists(), held.exists()) == (False, sys.platform == "win32")
