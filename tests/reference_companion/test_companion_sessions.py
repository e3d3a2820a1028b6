"""Under `correct`: whose job it is, who is told of its end and how often, what the end of a session leaves alone."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from companion_world import DEADLINE, World, is_running, kill, policy, posix, sessions

AGENT = {"agent_id": "agent-1", "agent_type": "codex:codex-rescue"}
LAUNCH = "python3 companion.py task --background x"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, "correct") as world:
        yield world


def start_subagent(world: World, session: str) -> None:
    """The host begins a subagent whose hooks and shells carry the given session."""
    world.hook("SubagentStart", "main", **AGENT)
    if session != "main":
        world.hook("SessionStart", session)
    world.bash_hook("PreToolUse", LAUNCH, session, **AGENT)


@pytest.mark.parametrize("session", ["main", "sub"], ids=["as measured", "as reported"])
def test_pattern_c_belongs_to_the_root_and_outlives_the_subagent(world: World, session: str) -> None:
    start_subagent(world, session)
    job_id = world.launch("x", session)
    turn = world.turn()
    assert world.listed("main")[job_id]["sessionId"] == "main"
    world.hook("SubagentStop", "main", **AGENT)
    if session == "sub":
        world.hook("SessionEnd", "sub", reason="other")
    assert is_running(turn.pid)
    world.finish(turn, job_id)
    assert world.listed("main")[job_id]["status"] == "completed"
    assert job_id in world.hook("UserPromptSubmit", "main")["additionalContext"]


def test_a_nested_subagent_s_job_belongs_to_the_root(world: World) -> None:
    start_subagent(world, "sub")
    world.hook("SubagentStart", "sub", agent_id="agent-2")
    world.bash_hook("PreToolUse", LAUNCH, "sub-sub", agent_id="agent-2")
    job_id = world.launch("x", "sub-sub")
    assert world.listed()[job_id]["sessionId"] == "main"


def test_sessions_that_descend_from_each_other_have_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    known = sessions.Sessions(policy.parse("correct"))
    for agent, starter, child in [("a", "x", "y"), ("b", "y", "x")]:
        known.agent_started(agent, starter)
        known.agent_acted(agent, child)
    assert known.root_of("x") in ("x", "y")
    assert known.root_of("../../etc/passwd") == "../../etc/passwd"
    known.agent_started("../../agent", "x")
    assert [path.name for path in (tmp_path / ".codex-companion").iterdir()] == ["sessions"]


def test_the_end_of_a_session_forgets_what_was_known_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    known = sessions.Sessions(policy.parse("correct"))
    known.agent_started("a", "main")
    known.agent_acted("a", "sub")
    known.agent_started("other", "other-main")
    assert known.root_of("sub") == "main"
    known.forget("main")
    assert known.root_of("sub") == "sub"
    assert len(list((tmp_path / ".codex-companion" / "sessions").iterdir())) == 1


@pytest.mark.parametrize("json_wanted", [True, False])
def test_a_shell_without_a_session_is_told_apart_by_the_hook_after_it(world: World, json_wanted: bool) -> None:
    done = world.run("task", "--background", *["--json"] * json_wanted, "x", session=None)
    (job_id,) = world.listed(None)
    assert world.rows()[job_id]["sessionId"] is None
    turn = world.turn()
    world.bash_hook("PostToolUse", LAUNCH, tool_response={"stdout": done.stdout, "stderr": ""})
    assert world.rows()[job_id]["sessionId"] == "main"
    world.finish(turn, job_id)
    assert job_id in world.hook("UserPromptSubmit")["additionalContext"]


def test_so_is_a_subagent_s_shell_without_a_session(world: World) -> None:
    start_subagent(world, "sub")
    done = world.run("task", "--background", "x", session=None)
    world.bash_hook("PostToolUse", LAUNCH, "sub", tool_response={"stdout": done.stdout}, **AGENT)
    (row,) = world.rows().values()
    assert row["sessionId"] == "main"


def test_who_only_lists_a_job_does_not_come_to_own_it(world: World) -> None:
    job_id = world.launch("x", None)
    listing = world.run("status", "--all", "--json", session=None).stdout
    world.bash_hook("PostToolUse", "companion.py status --all", "other", tool_response={"stdout": listing})
    assert world.rows()[job_id]["sessionId"] is None


def test_status_all_lists_the_workspace_and_status_the_session(world: World) -> None:
    ours, theirs = world.launch("x", "main"), world.launch("y", "other")
    assert set(world.listed("main")) == set(world.listed("other")) == set(world.listed(None)) == {ours, theirs}
    assert [row["id"] for row in world.status(session="other")["running"]] == [theirs]


def finished_job(world: World, session: str = "main") -> str:
    job_id = world.launch("x", session)
    world.finish(world.turn(), job_id)
    return job_id


@pytest.mark.parametrize("event", ["UserPromptSubmit", "PostToolUse"])
def test_the_session_is_told_once(world: World, event: str) -> None:
    job_id = finished_job(world)
    bash: dict[str, Any] = {"tool_input": {"command": "ls"}, "tool_response": {"stdout": ""}}
    assert world.hook(event, "other", **bash) == {}
    assert world.hook(event, "main", **bash, **AGENT) == {}
    answer = world.hook(event, "main", **bash)
    assert answer["hookEventName"] == event
    companion = f"{world.plugin / 'scripts'}/companion.py"
    assert answer["additionalContext"] == (
        f'Codex job {job_id} finished: completed. Read it with: python3 -I -S "{companion}" result {job_id}'
    )
    for again in ("UserPromptSubmit", "PostToolUse"):
        assert world.hook(again, "main", **bash) == {}


def test_hooks_at_the_same_moment_tell_it_once_between_them(world: World) -> None:
    job_ids = {finished_job(world), finished_job(world)}
    hooks = [world.start_hook("UserPromptSubmit", "main") for _ in range(6)]
    told = [answer["additionalContext"] for hook in hooks if (answer := world.hook_answer(hook))]
    assert sorted(line.split()[2] for text in told for line in text.splitlines()) == sorted(job_ids)


def test_a_job_that_failed_or_died_is_told_too(world: World) -> None:
    world.launch("x")
    world.turn().order(fail="no credit")
    world.wait_for_end_of(next(iter(world.rows().values()))["pid"])
    assert "finished: failed (the turn is failed: no credit)" in world.hook("UserPromptSubmit")["additionalContext"]


def test_nobody_is_told_of_a_job_that_runs_was_waited_for_or_cancelled(world: World) -> None:
    waiting = world.start("task", "--wait", "x")
    world.turn().order(say="y")
    waiting.communicate(timeout=DEADLINE)
    cancelled = world.launch("x")
    world.turn()
    world.run("cancel", cancelled)
    world.launch("x")
    world.turn()
    assert world.hook("UserPromptSubmit") == {}


def test_two_ends_at_the_same_moment_lose_nothing(world: World) -> None:
    done, died = finished_job(world), world.launch("x")
    kill(world.rows()[died]["pid"])
    world.wait_for_end_of(world.rows()[died]["pid"])
    for hook in [world.start_hook("SessionEnd", session) for session in ("main", "other", "third")]:
        world.hook_answer(hook)
    assert {job_id: row["status"] for job_id, row in world.rows().items()} == {done: "completed", died: "failed"}


def test_a_session_that_ended_is_told_when_it_is_resumed(world: World) -> None:
    job_id = world.launch("x")
    world.hook("SessionEnd", "main", reason="resume")
    world.finish(world.turn(), job_id)
    world.hook("SessionStart", "main", source="resume")
    assert job_id in world.hook("UserPromptSubmit", "main")["additionalContext"]


@pytest.mark.parametrize("reason", ["clear", "prompt_input_exit", "other"])
def test_the_end_of_a_session_ends_and_forgets_no_job(world: World, reason: str) -> None:
    done = finished_job(world)
    mine, theirs = world.launch("x", "main"), world.launch("y", "other")
    turns = [world.turn(), world.turn()]
    world.hook("SessionEnd", "main", reason=reason)
    for turn in turns:
        turn.order(say=turn.prompt)
    for job_id in (mine, theirs):
        world.wait_for_end_of(world.rows()[job_id]["pid"])
    found = {job_id: (row["status"], row["errorMessage"]) for job_id, row in world.listed("next").items()}
    assert found == dict.fromkeys((done, mine, theirs), ("completed", None))
    assert world.run("result", done, session="next").stdout == "all good\n"
    assert world.processes() == []


def test_the_end_of_a_session_waits_for_no_silent_server(world: World) -> None:
    world.launch("x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = {"port": silent.getsockname()[1], "secret": "s", "pid": 1, "pidStart": "1"}
        (world.workspace / "server.json").write_text(json.dumps(address))
        began = time.monotonic()
        world.hook("SessionEnd")
        assert time.monotonic() - began < 1.5


def test_a_hundred_starts_leave_the_environment_file_as_one_does(world: World) -> None:
    file = world.home / "main.sh"
    file.write_text("export OTHER='1'\nexport CODEX_COMPANION_SESSION_ID='stale'\n")
    for _ in range(3):
        world.hook("SessionStart", source="resume")
    assert file.read_text().splitlines() == [
        "export OTHER='1'",
        "export CODEX_COMPANION_SESSION_ID='main'",
        f"export CLAUDE_PLUGIN_DATA='{world.plugin_data}'",
    ]


@posix("quotes in the names of files, and sh")
def test_a_shell_reads_the_environment_file_as_it_was_meant(world: World) -> None:
    session = 'it\'s "$HOME"'
    (world.home / f"{session}.sh").touch()
    world.hook("SessionStart", session)
    script = '. "$1" && printf %s "$CODEX_COMPANION_SESSION_ID"'
    argv = ["sh", "-c", script, "sh", str(world.home / f"{session}.sh")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True, timeout=DEADLINE).stdout == session


@pytest.mark.parametrize("event", ["SessionStart", "UserPromptSubmit", "SubagentStart", "PreToolUse", "PostToolUse"])
def test_a_hook_in_a_workspace_without_jobs_says_and_writes_nothing(world: World, event: str) -> None:
    bash: dict[str, Any] = {"tool_input": {"command": "ls"}, "tool_response": {"stdout": "task-1"}}
    assert world.hook(event, agent_id="agent-1" if event == "SubagentStart" else "", **bash) == {}
    assert not (world.home / ".codex-companion" / "state").exists()


def test_a_hook_that_gets_nonsense_says_so_and_blocks_nothing(world: World) -> None:
    process = world.start_hook("SubagentStart", "main")
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err) == (1, "", "codex companion: KeyError: 'agent_id'\n")
