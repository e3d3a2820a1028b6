"""The policies that are wrong, as real processes: each is wrong in the way that its name says, and in no other."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from companion_world import DEADLINE, Open, World, is_running, kill, opened, refusal

LIKE_REPORTED = ["as-reported", "fix-1-refuse", "fix-2-retag", "fix-3-document"]
AGENT = {"agent_id": "agent-1", "agent_type": "codex:codex-rescue"}


play = pytest.fixture(opened)


def server_of(world: World) -> int:
    pid: int = json.loads((world.workspace / "server.json").read_text())["pid"]
    return pid


@pytest.fixture
def orphans_come_here() -> Iterator[None]:
    """This process adopts the orphans below it, so that it can tell how a detached worker ended."""
    if sys.platform != "linux":
        yield
        return
    set_child_subreaper = 36
    libc = ctypes.CDLL(None)
    assert libc.prctl(set_child_subreaper, 1, 0, 0, 0) == 0
    yield
    libc.prctl(set_child_subreaper, 0, 0, 0, 0)


def end_of(world: World, pid: int) -> int | None:
    """The exit code, or the negative number of the signal that it died of; None where only a parent may ask."""
    world.wait_for_end_of(pid)
    if sys.platform != "linux":
        return None
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("rules", LIKE_REPORTED)
@pytest.mark.usefixtures("orphans_come_here")
def test_the_end_of_its_session_kills_the_job_and_erases_it(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x", "sub")
    turn, worker, server = world.turn(), world.rows()[job_id]["pid"], server_of(world)
    world.hook("SessionEnd", "sub")
    # The server is asked first but goes last: every time it is the signal that ends the worker.
    ends = [end_of(world, pid) for pid in (worker, server)]
    assert ends == ([-signal.SIGTERM] * 2 if sys.platform == "linux" else [None, None])
    world.wait_for_end_of(turn.pid)
    assert world.status("--all") == {
        "workspaceRoot": str(world.project),
        "running": [],
        "latestFinished": None,
        "recent": [],
        "needsReview": False,
    }
    assert (world.rows(), list((world.workspace / "jobs").iterdir())) == ({}, [])
    assert world.processes() == []


@pytest.mark.parametrize("rules", LIKE_REPORTED)
def test_the_end_of_a_session_erases_its_finished_jobs_too(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x")
    world.finish(world.turn(), job_id)
    world.hook("SessionEnd", "main")
    assert world.run("result", job_id).returncode == 1
    assert list((world.workspace / "jobs").iterdir()) == []


@pytest.mark.parametrize("rules", LIKE_REPORTED)
@pytest.mark.usefixtures("orphans_come_here")
def test_the_end_of_another_session_leaves_a_ghost(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x", "main")
    turn, worker = world.turn(), world.rows()[job_id]["pid"]
    world.hook("SessionEnd", "other")
    assert end_of(world, worker) in {0, None}
    turn.wait_until_dropped()
    row = world.listed()[job_id]
    assert (row["status"], row["errorMessage"]) == ("running", None)


def test_the_end_of_a_session_cannot_signal_a_job_that_is_waited_for(play: Open) -> None:
    world = play("as-reported")
    waiting = world.start("task", "--wait", "x")
    world.turn()
    world.hook("SessionEnd", "main")  # it leads no group; but it loses its server, and goes without a word
    # taskkill asks for no group
    assert (waiting.communicate(timeout=DEADLINE), waiting.returncode) == (
        ("", ""),
        1 if sys.platform == "win32" else 0,
    )


@pytest.mark.parametrize("rules", [*LIKE_REPORTED, "keep-background"])
def test_a_dead_worker_is_never_noticed(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x")
    turn, worker = world.turn(), world.rows()[job_id]["pid"]
    kill(worker)
    world.wait_for_end_of(worker)
    turn.wait_until_dropped()
    world.hook("SessionStart", "next")
    assert world.listed()[job_id]["status"] == "running"


@pytest.mark.parametrize("rules", [*LIKE_REPORTED, "keep-background"])
def test_status_all_shows_the_asking_session_only(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x", "sub")
    assert world.listed("main") == {}
    assert list(world.listed("sub")) == [job_id]


@pytest.mark.parametrize("rules", [*LIKE_REPORTED, "keep-background"])
def test_pattern_a_finishes_and_is_told_once(play: Open, rules: str) -> None:
    world = play(rules)
    job_id = world.launch("x")
    world.finish(world.turn(), job_id)
    assert job_id in world.hook("UserPromptSubmit")["additionalContext"]
    assert world.hook("UserPromptSubmit") == {}
    assert world.run("result").stdout == "all good\n"


def test_jobs_share_one_server(play: Open) -> None:
    world = play("as-reported")
    first = world.launch("1")
    turns = [world.turn()]
    second = world.launch("2")
    turns.append(world.turn())
    assert turns[0].pid == turns[1].pid
    if sys.platform != "win32":
        assert os.getpgid(turns[0].pid) == server_of(world)
        assert (world.workspace / "server.json").stat().st_mode & 0o777 == 0o600
    world.finish(turns[1], second, "two")
    world.finish(turns[0], first, "one")
    assert [world.run("result", job_id).stdout for job_id in (first, second)] == ["one\n", "two\n"]


def test_a_server_talks_only_to_those_who_know_its_secret(play: Open) -> None:
    world = play("as-reported")
    world.launch("x")
    world.turn()
    port = json.loads((world.workspace / "server.json").read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as stranger:
        stranger.sendall(b'guess\n{"id": 1, "method": "server/shutdown"}\n')
        assert stranger.recv(1) == b""
    assert is_running(server_of(world))


def test_cancel_interrupts_the_turn_and_leaves_the_server(play: Open) -> None:
    world = play("as-reported")
    job_id = world.launch("x")
    turn, worker = world.turn(), world.rows()[job_id]["pid"]
    world.run("cancel", job_id)
    world.wait_for_end_of(worker)
    turn.wait_until_dropped()
    assert world.listed()[job_id]["status"] == "cancelled"
    # taskkill takes the shared server along, which this worker had started
    assert is_running(turn.pid) is (sys.platform != "win32")


def test_a_server_that_stays_silent_holds_the_end_of_a_session_up(play: Open) -> None:
    world = play("as-reported")
    world.launch("x")
    world.turn()
    psutil.Process(server_of(world)).suspend()
    hook = world.start_hook("SessionEnd", "main")
    with pytest.raises(subprocess.TimeoutExpired):
        hook.communicate(timeout=1.5)  # what Claude Code gives it
    psutil.Process(server_of(world)).resume()
    world.hook_answer(hook)


def test_keep_background_ends_nothing_and_leaves_its_server_for_ever(play: Open) -> None:
    world = play("keep-background")
    job_id = world.launch("x", "sub")
    turn, server = world.turn(), server_of(world)
    world.hook("SessionEnd", "sub")
    world.finish(turn, job_id)
    world.hook("SessionEnd", "main")
    assert world.rows()[job_id]["status"] == "completed"
    assert (is_running(server), is_running(turn.pid)) == (True, True)


def test_a_hundred_starts_grow_the_environment_file(play: Open) -> None:
    world = play("as-reported")
    for _ in range(3):
        world.hook("SessionStart")
    assert len((world.home / "main.sh").read_text().splitlines()) == 6


def test_without_the_variables_the_shell_s_state_is_elsewhere(play: Open) -> None:
    world = play("as-reported")
    job_id = world.launch("x", None)
    turn = world.turn()
    world.hook("SessionEnd", "main")
    assert is_running(turn.pid)
    assert not (world.plugin_data / "state").exists()
    (kept,) = Path(world.environment["TMPDIR"], "codex-companion", "state").iterdir()
    assert list(world.listed(None)) == [job_id] == [path.stem for path in (kept / "jobs").glob("*.json")]


# Fix 1: refuse.


def in_bash(world: World, arguments: str, session: str = "main", **payload: object) -> dict[str, str]:
    command = f'python3 "{world.plugin}/scripts/companion.py" {arguments}'
    return world.bash_hook("PreToolUse", command, session, **payload)


def test_fix_1_refuses_in_a_hook_that_names_an_agent(play: Open) -> None:
    world = play("fix-1-refuse")
    assert in_bash(world, "task --background 'x'", **AGENT) == {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": refusal.SENTENCE,
    }
    assert in_bash(world, "task --background 'x'") == {}
    assert in_bash(world, "task --wait 'explain --background'", **AGENT) == {}


@pytest.mark.parametrize("rules", ["as-reported", "fix-2-retag", "fix-3-document", "keep-background", "correct"])
def test_no_other_policy_refuses(play: Open, rules: str) -> None:
    world = play(rules)
    assert in_bash(world, "task --background 'x'", **AGENT) == {}
    world.launch("x", CLAUDE_CODE_SUBAGENT="1")


def test_fix_1_refuses_where_a_variable_marks_a_subagent(play: Open) -> None:
    world = play("fix-1-refuse")
    done = world.run("task", "--background", "x", CLAUDE_CODE_SUBAGENT="1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{refusal.SENTENCE}\n")
    assert world.listed() == {}


def test_fix_1_does_not_refuse_pattern_a_on_a_host_that_calls_every_child_one(play: Open) -> None:
    world = play("fix-1-refuse")
    job_id = world.launch("x", CLAUDE_CODE_CHILD_SESSION="1")
    assert world.listed()[job_id]["status"] == "running"


def test_young_session_refuses_a_main_session_that_has_just_begun(play: Open) -> None:
    world = play("fix-1-refuse+young-session")
    world.hook("SessionStart", "main")
    done = world.run("task", "--background", "x")
    assert (done.returncode, done.stderr) == (1, f"{refusal.SENTENCE}\n")
    assert world.run("task", "--background", "x", session="unknown").returncode == 0


def test_an_old_session_is_not_made_young_by_a_compaction(play: Open) -> None:
    world = play("fix-1-refuse+young-session")
    (world.plugin_data / "sessions").mkdir(parents=True)
    (world.plugin_data / "sessions" / "began=main").write_text("1000000000.0")
    world.hook("SessionStart", "main", source="compact")
    assert world.run("task", "--background", "x").returncode == 0


# Fix 2: re-tag.


def test_fix_2_tags_with_the_parent_where_one_is_visible(play: Open) -> None:
    world = play("fix-2-retag")
    job_id = world.launch("x", "sub", CLAUDE_PARENT_SESSION_ID="main")
    turn, worker = world.turn(), world.rows()[job_id]["pid"]
    assert world.rows()[job_id]["sessionId"] == "main"
    world.hook("SessionEnd", "sub")
    world.wait_for_end_of(worker)
    turn.wait_until_dropped()
    row = world.listed("main")[job_id]  # not ended as its session's own, but its server was: H2
    assert (row["status"], row["errorMessage"]) == ("running", None)


@pytest.mark.parametrize("rules", [*LIKE_REPORTED, "keep-background"])
def test_without_a_parent_the_tag_is_the_shell_s(play: Open, rules: str) -> None:
    world = play(rules)
    world.hook("SubagentStart", "main", **AGENT)
    in_bash(world, "task 'x'", session="sub", **AGENT)
    plain = world.launch("x", "sub")
    with_parent = world.launch("x", "sub", CLAUDE_PARENT_SESSION_ID="main")
    assert world.rows()[plain]["sessionId"] == "sub"
    assert world.rows()[with_parent]["sessionId"] == ("main" if rules == "fix-2-retag" else "sub")


def test_a_launch_that_waits_does_not_say_for_which_job(play: Open) -> None:
    world = play("as-reported")
    waiting = world.start("task", "--wait", "look")
    world.turn().order(say="seen")
    assert waiting.communicate(timeout=DEADLINE) == ("seen\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="a process that adopts orphans and does not reap them: Linux")
@pytest.mark.parametrize(("rules", "status"), [("correct", "failed"), ("correct+blind-to-zombies", "running")])
@pytest.mark.usefixtures("orphans_come_here")
def test_a_dead_worker_that_nobody_reaps(play: Open, rules: str, status: str) -> None:
    world = play(rules)
    job_id = world.launch("x")
    turn, worker = world.turn(), world.rows()[job_id]["pid"]
    kill(worker)
    os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
    turn.wait_until_dropped()
    assert world.status(job_id)["status"] == status
    assert not is_running(worker)
    assert os.waitpid(worker, 0) == (worker, signal.SIGKILL)
    assert world.status(job_id)["status"] == "failed"
