"""Jobs under `correct`, as real processes: finished, failed, cancelled, found dead; never lost, never another's."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from companion_world import DEADLINE, WAITS, World, is_running, kill, posix


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, "correct") as world:
        yield world


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[str]]:
    """A process of somebody else, which leads a group, as a worker does."""
    argv = [sys.executable, "-I", "-S", "-c", WAITS]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def plant(world: World, **row: object) -> None:
    """Put a row into the list that no launch has put there."""
    file = world.workspace / "state.json"
    content = json.loads(file.read_text())
    content["jobs"].append({"id": "task-planted", "kind": "task", "sessionId": "main", "summary": "planted", **row})
    file.write_text(json.dumps(content))


def test_a_background_job_runs_to_its_end(world: World) -> None:
    done = world.run("task", "--background", "--task", "review the diff")
    assert done.returncode == 0
    (job_id,) = world.listed()
    assert f"started in the background as {job_id}" in done.stdout
    turn = world.turn()
    assert turn.prompt == "review the diff"
    row = world.status(job_id)
    assert (row["status"], row["kind"], row["sessionId"]) == ("running", "task", "main")
    assert is_running(row["pid"])
    world.finish(turn, job_id, "LGTM ✓")
    assert world.listed()[job_id]["status"] == "completed"
    assert world.run("result").stdout == "LGTM ✓\n"
    assert world.processes() == []


@posix("sessions and groups")
def test_a_worker_leads_its_own_session_and_its_codex_is_in_it(world: World) -> None:
    job_id = world.launch("x")
    turn, worker = world.turn(), world.listed()[job_id]["pid"]
    assert (os.getsid(worker), os.getpgid(turn.pid), psutil.Process(turn.pid).ppid()) == (worker, worker, worker)


def test_a_job_that_is_waited_for_prints_its_result(world: World) -> None:
    waiting = world.start("task", "--wait", "explain --background")
    turn = world.turn()
    assert turn.prompt == "explain --background"
    turn.order(say="it detaches")
    told, job_named = waiting.communicate(timeout=DEADLINE)
    assert told == "it detaches\n"
    assert job_named == f"Codex job {next(iter(world.listed()))} is at work; waiting for it.\n"
    (row,) = world.listed().values()
    assert (row["status"], row["background"]) == ("completed", False)
    assert world.processes() == []


def test_waiting_is_the_default_and_json_tells_the_row(world: World) -> None:
    waiting = world.start("task", "--json", "x")
    world.turn().order(say="y")
    answer = json.loads(waiting.communicate(timeout=DEADLINE)[0])
    assert (answer["result"], answer["job"]["status"]) == ("y", "completed")


def test_an_adversarial_review_honours_background(world: World) -> None:
    done = world.run("adversarial-review", "--background", "the locking")
    assert "started in the background as task-" in done.stdout
    assert world.turn().prompt.endswith("the locking")
    (row,) = world.listed().values()
    assert row["kind"] == "adversarial-review"


def test_the_summary_is_one_short_line(world: World) -> None:
    job_id = world.launch("word\n" * 100)
    assert len(world.listed()[job_id]["summary"]) == 96
    assert world.listed()[job_id]["summary"].startswith("word word ")


def test_eight_launches_at_once_are_eight_jobs_with_eight_results(world: World) -> None:
    launches = [world.start("task", "--background", f"job={n}") for n in range(8)]
    turns = [world.turn() for _ in launches]
    for launch in launches:
        assert launch.communicate(timeout=DEADLINE)[1] == ""
    rows = world.listed()
    assert sorted(row["summary"] for row in rows.values()) == [f"job={n}" for n in range(8)]
    for turn in turns:
        turn.order(say=f"result of {turn.prompt}")
    for row in rows.values():
        world.wait_for_end_of(row["pid"])
    results = {row["summary"]: world.run("result", job_id).stdout for job_id, row in rows.items()}
    assert results == {f"job={n}": f"result of job={n}\n" for n in range(8)}


def test_a_turn_that_fails_is_a_failed_job(world: World) -> None:
    waiting = world.start("task", "x")
    world.turn().order(fail="out of credit")
    out, err = waiting.communicate(timeout=DEADLINE)
    assert (waiting.returncode, out) == (1, "")
    assert "failed: the turn is failed: out of credit" in err


def test_a_codex_that_leaves_in_mid_turn_is_a_failed_job(world: World) -> None:
    job_id = world.launch("x")
    turn, worker = world.turn(), world.listed()[job_id]["pid"]
    turn.order(leave=3)
    world.wait_for_end_of(worker)
    row = world.listed()[job_id]
    assert (row["status"], row["errorMessage"]) == ("failed", "codex app-server went away in mid-turn")


@pytest.mark.parametrize("how", ["--wait", "--background"])
def test_without_codex_the_job_fails_and_says_so(world: World, how: str) -> None:
    done = world.run("task", how, "x", PATH="/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert ("'codex'" in done.stderr) or sys.platform == "win32"  # which says "the system cannot find the file" alone
    assert re.search("No such file|cannot find|File not found", done.stderr)


@pytest.mark.parametrize("asked_by", ["status", "UserPromptSubmit", "SessionStart", "SessionEnd"])
def test_a_worker_killed_in_mid_turn_is_noticed_by_whoever_looks(world: World, asked_by: str) -> None:
    job_id = world.launch("x")
    turn, worker = world.turn(), world.listed()[job_id]["pid"]
    kill(worker)
    world.wait_for_end_of(worker)
    turn.wait_until_dropped()
    if asked_by == "status":
        world.run("status")
    else:
        world.hook(asked_by)
    row = world.rows()[job_id]
    assert (row["status"], row["errorMessage"]) == ("failed", f"its process {worker} ended without recording a result")
    assert row["completedAt"] is not None


@posix("the mark in the environment of orphans, which is not read on Windows")
def test_what_a_killed_worker_leaves_behind_is_ended_with_it(world: World) -> None:
    job_id = world.launch("x")
    turn, worker = world.turn(), world.listed()[job_id]["pid"]
    grandchild = turn.spawn("detached")
    os.killpg(worker, signal.SIGKILL)
    world.wait_for_end_of(worker)
    assert is_running(grandchild)
    world.run("status")
    world.wait_for_end_of(grandchild)
    assert world.processes() == []


@posix("signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_group_that_the_host_ends_leaves_a_terminal_row(world: World, number: str) -> None:
    waiting = world.start("task", "x")
    turn = world.turn()
    waiting.send_signal(signal.Signals[number])
    waiting.communicate(timeout=DEADLINE)
    (row,) = world.rows().values()
    assert (row["status"], row["errorMessage"]) == ("failed", f"its worker was ended by {number}")
    assert not is_running(turn.pid)


@pytest.mark.parametrize("grandchild", ["same-group", "detached"])
def test_cancel_ends_the_whole_tree(world: World, grandchild: str) -> None:
    job_id = world.launch("x")
    turn, worker = world.turn(), world.listed()[job_id]["pid"]
    pids = [worker, turn.pid, turn.spawn(grandchild)]
    assert world.run("cancel", job_id).stdout == f"Codex job {job_id} is cancelled.\n"
    assert [pid for pid in pids if is_running(pid)] == []
    assert world.listed()[job_id]["status"] == "cancelled"
    assert world.run("result", job_id).returncode == 1
    assert "is cancelled, so it is none that can be cancelled" in world.run("cancel", job_id).stderr


def test_cancel_ends_a_job_that_is_waited_for(world: World) -> None:
    waiting = world.start("task", "x")
    turn = world.turn()
    assert world.run("cancel").returncode == 0
    _, err = waiting.communicate(timeout=DEADLINE)
    assert waiting.returncode == 1
    assert "cancelled by the user" in err or sys.platform == "win32"  # taskkill leaves it no last word
    assert not is_running(turn.pid)


def test_a_job_that_is_cancelled_while_queued_never_starts(world: World) -> None:
    finished = world.launch("first")
    world.finish(world.turn(), finished)
    record = json.loads((world.workspace / "jobs" / f"{finished}.json").read_text())
    plant(world, status="queued", pid=os.getpid(), pidStart=None, request=record["request"])
    assert world.run("cancel", "task-planted").returncode == 0
    argv = ["worker", "--workspace", str(world.project), "--job-id", "task-planted"]
    worker = subprocess.run(
        [sys.executable, "-I", "-S", world.plugin / "scripts" / "companion.py", *argv],
        input=b"go\n",
        check=True,
        env=world.environment,
        timeout=DEADLINE,
    )
    assert worker.returncode == 0
    assert world.rows()["task-planted"]["status"] == "cancelled"
    assert world.processes() == []


def test_a_worker_whose_launch_died_before_the_list_was_written_does_nothing(world: World) -> None:
    job_id = world.launch("first")
    world.turn()
    argv = ["worker", "--workspace", str(world.project), "--job-id", job_id]
    assert world.run(*argv).returncode == 0
    assert world.rows()[job_id]["status"] == "running"


@pytest.mark.parametrize("started", [None, "1", "not a number"])
@pytest.mark.parametrize("order", [("cancel", "task-planted"), ("status", "--all"), "SessionEnd", "SessionStart"])
def test_a_pid_that_is_somebody_else_s_is_never_signalled(
    world: World, bystander: subprocess.Popen[str], started: str | None, order: tuple[str, ...] | str
) -> None:
    world.launch("first")
    plant(world, status="running", pid=bystander.pid, pidStart=started)
    if isinstance(order, str):
        world.hook(order)
    else:
        world.run(*order)
    row = world.rows()["task-planted"]
    assert bystander.poll() is None
    if started is None:  # as an earlier version wrote it: nothing proves that the process is not the job's
        assert row["status"] == ("cancelled" if order[0] == "cancel" else "running")
    else:
        assert row["status"] == "failed"


@pytest.mark.parametrize("pid", [0, -1, 1, "self", None, 2**40, True])
def test_a_planted_pid_that_is_none_harms_nobody(world: World, pid: object) -> None:
    world.launch("first")
    plant(world, status="running", pid=pid, pidStart=None)
    world.hook("SessionEnd")
    world.run("cancel", "task-planted")
    assert world.rows()["task-planted"]["status"] in ("failed", "cancelled")


def test_a_result_survives_a_writer_that_died_before_the_list(world: World) -> None:
    job_id = world.launch("x")
    world.finish(world.turn(), job_id, "saved")
    file = world.workspace / "state.json"
    content = json.loads(file.read_text())
    content["jobs"][0].update(status="running", completedAt=None)
    file.write_text(json.dumps(content))
    assert world.listed()[job_id]["status"] == "completed"
    assert world.run("result", job_id).stdout == "saved\n"


def test_a_torn_list_does_not_lose_a_running_job(world: World) -> None:
    job_id = world.launch("x")
    turn = world.turn()
    (world.workspace / "state.json").write_text('{"version": 1, "jobs": [{"id": "ta')
    assert world.listed()[job_id]["status"] == "running"
    (world.workspace / "state.json").write_text("")
    turn.order(say="still here")
    world.wait_for_end_of(json.loads((world.workspace / "jobs" / f"{job_id}.json").read_text())["pid"])
    assert world.listed()[job_id]["status"] == "completed"


@posix("a directory that can be removed while somebody sits in it")
def test_a_job_outlives_its_workspace(world: World) -> None:
    job_id = world.launch("x")
    turn = world.turn()
    shutil.rmtree(world.project)
    world.finish(turn, job_id)
    assert world.rows()[job_id]["status"] == "completed"
    world.project.mkdir()
    assert world.listed()[job_id]["status"] == "completed"


def test_a_prefix_names_a_job_if_it_is_the_only_one(world: World) -> None:
    job_id = world.launch("x")
    assert world.status(job_id[:-2])["id"] == job_id
    assert "no job is called 'nope'" in world.run("status", "nope").stderr
    world.launch("y")
    assert "several jobs are called 'task-'" in world.run("cancel", "task-").stderr


def test_what_is_not_understood_is_said_with_exit_2(world: World) -> None:
    done = world.run("task", "--resume-last")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("companion: task has no option --resume-last")
    (world.plugin / "policy").write_text("corect\n")
    done = world.run("status")
    assert (done.returncode, done.stderr[:44]) == (2, "companion: no policy is called 'corect'; the")


def test_the_list_for_people(world: World) -> None:
    assert world.run("status").stdout == "No Codex jobs here.\n"
    job_id = world.launch("look around")
    world.turn()
    assert world.run("status").stdout == f"{job_id}  running    look around\n"
    assert world.run("result").stderr == "companion: no job of this session is over; see `status --all`\n"
