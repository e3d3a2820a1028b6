"""Threads on disk: when a file is written, what is in it, what later processes make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_world import Codex, RefusedError, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def talk(world: World, codex: Codex, prompt: str, **params: Any) -> str:
    thread = codex.start_thread(**params)
    turn = codex.start_turn(thread, prompt)
    world.model.asked_about(prompt).say(f"answer to {prompt}")
    codex.wait_turn(turn)
    return thread


def listed(codex: Codex, **params: Any) -> list[str]:
    return [thread["id"] for thread in codex.request("thread/list", params)["data"]]


def test_a_file_is_born_with_the_first_turn(world: World) -> None:
    codex = world.codex()
    thread = codex.request("thread/start", {"cwd": str(world.project)})["thread"]
    assert not Path(thread["path"]).exists()
    turn = codex.start_turn(thread["id"], "hold")
    world.model.asked()
    (lines,) = world.rollouts()
    assert lines[0]["type"] == "session_meta"
    meta = lines[0]["payload"]
    assert (meta["id"], meta["cwd"], meta["source"]) == (thread["id"], str(world.project), "vscode")
    assert (meta["originator"], meta["cli_version"]) == ("Claude Code", "0.130.0")
    assert Path(thread["path"]).parent.relative_to(world.home).parts[0] == "sessions"
    assert Path(thread["path"]).name.endswith(f"-{thread['id']}.jsonl")
    told = [line["payload"]["type"] for line in lines if line["type"] == "event_msg"]
    assert told == ["task_started", "user_message"]
    codex.request("turn/interrupt", {"threadId": thread["id"], "turnId": turn})
    codex.wait_turn(turn)
    assert world.rollouts()[0][-1]["payload"]["type"] == "turn_aborted"


def test_an_ephemeral_thread_leaves_nothing(world: World) -> None:
    codex = world.codex()
    thread = codex.request("thread/start", {"ephemeral": True})["thread"]
    assert (thread["path"], thread["ephemeral"]) == (None, True)
    turn = codex.start_turn(thread["id"], "go")
    world.model.asked().say("gone")
    codex.wait_turn(turn)
    with pytest.raises(RefusedError, match="thread not found"):
        codex.request("thread/name/set", {"threadId": thread["id"], "name": "a name"})
    assert not listed(codex)
    assert not world.home.exists()


def test_a_name_is_told_and_kept(world: World) -> None:
    codex = world.codex()
    thread = talk(world, codex, "hello")
    codex.request("thread/name/set", {"threadId": thread, "name": "  Task: hello "})
    with pytest.raises(RefusedError, match="must not be empty"):
        codex.request("thread/name/set", {"threadId": thread, "name": "  "})
    (data,) = world.codex().request("thread/list")["data"]
    assert (data["id"], data["name"], data["preview"]) == (thread, "Task: hello", "hello")
    assert codex.notified("thread/name/updated") == [{"threadId": thread, "threadName": "Task: hello"}]


def test_threads_are_listed_newest_first_and_by_what_is_asked(world: World, tmp_path: Path) -> None:
    codex = world.codex()
    first = talk(world, codex, "the first")
    elsewhere = talk(world, codex, "elsewhere", cwd=str(tmp_path))
    third = talk(world, codex, "the third")
    codex.start_thread()  # nothing said in it: not listed
    assert listed(codex) == [third, elsewhere, first]
    assert listed(codex, sortDirection="asc") == [first, elsewhere, third]
    assert listed(codex, limit=1) == [third]
    assert listed(codex, cwd=str(tmp_path)) == [elsewhere]
    assert listed(codex, cwd=[str(tmp_path), str(world.project)]) == [third, elsewhere, first]
    assert listed(codex, searchTerm="the ") == [third, first]
    assert listed(codex, searchTerm="THE") == []
    assert listed(codex, sourceKinds=["exec", "vscode"]) == [third, elsewhere, first]
    # measured: codex-plugin-cc asks for these alone, and finds none on 0.130.0
    assert listed(codex, sourceKinds=["appServer"]) == []


@pytest.mark.parametrize("params", [{"cwd": 5}, {"sourceKinds": [5]}, {"searchTerm": 5}])
def test_a_list_that_makes_no_sense_is_refused(world: World, params: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="expected"):
        world.codex().request("thread/list", params)


def test_another_process_resumes_a_thread(world: World) -> None:
    first = world.codex()
    thread = talk(world, first, "hello")
    first.close_stdin()
    first.wait_exit()
    codex = world.codex()
    shown = codex.request("thread/resume", {"threadId": thread})["thread"]
    assert (shown["id"], shown["preview"], shown["cwd"]) == (thread, "hello", str(world.project))
    assert [turn["status"] for turn in shown["turns"]] == ["completed"]
    assert [item["type"] for item in shown["turns"][0]["items"]] == ["userMessage", "agentMessage"]
    turn = codex.start_turn(thread, "go on")
    asked = world.model.asked(1)
    assert asked.prompts == ["hello", "go on"]
    assert asked.headers["thread_id"] == thread
    asked.say("gone on")
    codex.wait_turn(turn)
    assert [line["type"] for line in world.rollouts()[0]].count("session_meta") == 1
    (data,) = world.codex().request("thread/list")["data"]
    assert data["preview"] == "hello"


def test_a_turn_that_died_with_its_process_is_resumed_as_interrupted(world: World) -> None:
    first = world.codex()
    thread = first.start_thread()
    first.start_turn(thread, "hold")
    world.model.asked()
    first.process.kill()
    first.wait_exit()
    with next(world.home.glob("sessions/*/*/*/*")).open("a") as file:
        file.write('{"type": "event_msg", "payl')
    shown = world.codex().request("thread/resume", {"threadId": thread})["thread"]
    assert [turn["status"] for turn in shown["turns"]] == ["interrupted"]


def test_what_is_no_thread_cannot_be_resumed(world: World) -> None:
    codex = world.codex()
    directory = world.home / "sessions" / "2026" / "01" / "01"
    directory.mkdir(parents=True)
    for name, line in {
        "list": ["no", "thread"],
        "item": {"type": "response_item", "payload": {}},
        "number": {"type": "session_meta", "payload": {"id": 5}},
        "other": {"type": "session_meta", "payload": {"id": "another"}},
    }.items():
        said = {"type": "event_msg", "payload": {"type": "user_message", "message": "hi"}}
        path = directory / f"rollout-2026-01-01T00-00-00-{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, [line, said])))
    for thread in ("list", "item", "number", "other", "none", ""):
        with pytest.raises(RefusedError, match="no rollout found"):
            codex.request("thread/resume", {"threadId": thread})
    assert listed(codex) == []
