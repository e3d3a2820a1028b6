"""What is remembered: where, under whom, once, and all of it when many hooks run at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_world import DEADLINE, World

MAIN = "You are the main session"
PLANNER = "You plan one issue of"
AT_ONCE = 12


def answers_at_once(world: World, payloads: list[dict[str, object]]) -> list[str]:
    """Start a hook for each payload, then let all of them go on, and wait for each."""
    hooks = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", str(world.plugin / "hooks" / "scripts" / "hook_codex.py")],
            cwd=world.project,
            env=world.environment(PLUGIN_DATA=str(world.data)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in payloads
    ]
    for hook, payload in zip(hooks, payloads, strict=True):
        assert hook.stdin
        hook.stdin.write(json.dumps(payload).encode())
    outcomes = []
    for hook in hooks:
        out, err = hook.communicate(timeout=DEADLINE)
        assert (hook.returncode, err) == (0, b"")
        outcomes.append(out.decode())
    return outcomes


def start_of(world: World, thread: str, parent: str) -> dict[str, object]:
    transcript = world.rollout(world.child_meta(thread, parent, "issue-planner", "Zed"))
    where = {"cwd": str(world.project), "transcript_path": str(transcript)}
    return {"hook_event_name": "SessionStart", "source": "startup", "session_id": thread, **where}


def test_children_that_begin_at_once_are_all_recorded(tmp_path: Path) -> None:
    world = World(tmp_path)
    threads = [world.new_id() for _ in range(AT_ONCE)]
    outcomes = answers_at_once(world, [start_of(world, thread, "root") for thread in threads])
    assert all(PLANNER in out for out in outcomes)
    fact = {"agent_type": "issue-planner", "parent_thread_id": "root"}
    assert world.subagents() == {thread: {"agent_id": thread, **fact} for thread in threads}
    assert not [path for path in world.data.rglob("*") if path.is_file() and path.suffix != ".json"]


def test_of_many_hooks_for_one_thread_one_gives_the_block(tmp_path: Path) -> None:
    world = World(tmp_path)
    outcomes = answers_at_once(world, [start_of(world, "child", "root")] * AT_ONCE)
    assert sorted(PLANNER in out for out in outcomes) == [False] * (AT_ONCE - 1) + [True]
    assert set(world.subagents()) == {"child"}


def test_a_host_that_fires_both_events_gets_the_block_once(tmp_path: Path) -> None:
    first, second = (World(tmp_path / name, "correct", name) for name in ("0.130.0", "0.169.0"))
    second.data = first.data
    assert PLANNER in first.child("child", parent="root", role="issue-planner").context
    assert second.child("child", parent="root", role="issue-planner").is_silent


def test_a_session_that_was_never_told_is_told_when_it_is_resumed(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert MAIN in world.main("thread", "resume").context
    assert world.main("thread", "resume").is_silent
    assert world.announced() == {"thread"}


def test_what_a_compaction_took_away_is_told_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert MAIN in world.main("thread", "startup").context
    assert MAIN in world.main("thread", "compact").context
    assert world.announced() == {"thread"}


@pytest.mark.parametrize("source", ["fork", "", "anything"])
def test_other_sources_tell_nothing_and_note_nothing(tmp_path: Path, source: str) -> None:
    world = World(tmp_path)
    assert world.main("thread", source).is_silent
    assert world.announced() == set()


@pytest.mark.parametrize(
    ("variables", "where"),
    [
        (("PLUGIN_DATA", "CLAUDE_PLUGIN_DATA"), "PLUGIN_DATA"),
        (("CLAUDE_PLUGIN_DATA",), "CLAUDE_PLUGIN_DATA"),
        ((), "project/.workflow/state"),
    ],
)
def test_records_are_kept_in_the_first_place_that_there_is(
    tmp_path: Path, variables: tuple[str, ...], where: str
) -> None:
    world = World(tmp_path)
    named = {variable: str(tmp_path / variable) for variable in variables} or {"NOTHING": "named"}
    world.hook(start_of(world, "child", "root"), **named)
    assert (tmp_path / where / "subagents" / "root" / "child.json").is_file()


def test_an_id_is_never_a_path(tmp_path: Path) -> None:
    world = World(tmp_path)
    payload = start_of(world, "child", "../../../../outside")
    payload["agent_id"] = "child"
    assert PLANNER in world.hook(payload).context
    assert [path.parent.name for path in world.data.glob("subagents/*/*.json")] == ["------------outside"]


@pytest.mark.skipif(os.name == "nt", reason="a directory that cannot be made is made differently there")
def test_where_nothing_can_be_noted_it_is_said_all_the_same(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.data.write_text("in the way")
    run = world.child("child", parent="root", role="issue-planner")
    assert PLANNER in run.context
    assert "cannot note" in run.stderr
