"""An app-server that is a host: forks, compactions, reviews and resumed threads have hooks as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from codex_hosted import HELD, HostWorld, call, mark, texts
from codex_world import Codex, RefusedError

VERSIONS = ("0.130", "0.133", "0.169")
Make = Callable[..., HostWorld]
everywhere = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(HostWorld(tmp_path, *args, **kwargs))


def say(codex: Codex, thread: str, prompt: str) -> None:
    codex.wait_turn(codex.start_turn(thread, prompt))


def end(codex: Codex) -> None:
    codex.close_stdin()
    assert codex.wait_exit() == 0


@everywhere
def test_every_thread_has_a_session(make: Make, version: str) -> None:
    world = make(version, {"main": ["One.", "Two."]})
    codex = world.codex()
    thread = codex.start_thread()
    say(codex, thread, mark("main"))
    say(codex, thread, "more")
    end(codex)
    turn = [("UserPromptSubmit",), ("Stop",)]
    ended = [("SessionEnd",)] if version == "0.169" else []
    assert world.fired() == [("SessionStart",), *turn, *turn, *ended]
    ((meta,),) = world.metas()
    assert (meta["source"], meta.get("thread_source"), meta["originator"]) == ("vscode", None, "Claude Code")


@everywhere
def test_a_fork_begins_with_what_was_said(make: Make, version: str) -> None:
    world = make(version, {"main": ["One."]})
    codex = world.codex()
    thread = codex.start_thread()
    say(codex, thread, mark("main"))
    fork = codex.request("thread/fork", {"threadId": thread})["thread"]
    assert fork["forkedFromId"] == thread
    say(codex, fork["id"], mark("fork"))
    source = "fork" if version == "0.169" else "startup"
    assert texts(world.model.of("fork"))[-5:] == [
        "developer: <UserPromptSubmit >",
        "assistant: One.",
        f"developer: <SessionStart {source}>",
        f"user: {mark('fork')}",
        "developer: <UserPromptSubmit >",
    ]
    own, *inherited = world.metas()[1]
    assert own["forked_from_id"] == thread
    # the latest names the lines that it goes on from
    assert len(inherited) == (0 if version == "0.169" else 1)
    end(codex)
    again = world.codex()
    again.request("thread/resume", {"threadId": fork["id"]})
    say(again, fork["id"], "again")
    assert "assistant: One." in texts(world.model.of("fork", 1))
    end(again)


@everywhere
def test_a_compacted_thread_begins_anew(make: Make, version: str) -> None:
    world = make(version, {"main": ["One.", "In short.", "Two."]})
    codex = world.codex()
    thread = codex.start_thread()
    say(codex, thread, mark("main"))
    codex.request("thread/compact/start", {"threadId": thread})
    codex.wait("the compaction's end", lambda one: one.get("method") == "turn/completed" and len(ends(codex)) == 2)
    say(codex, thread, "more")
    end(codex)
    assert "CONTEXT CHECKPOINT COMPACTION" in texts(world.model.of("main", 1))[-1]
    asked = world.model.of("main", 2)
    read = texts(asked)
    assert any(text.endswith("In short.") for text in read)
    assert "assistant: One." not in read
    assert asked.headers["x-codex-window-id"] == f"{thread}:1"
    compact = [] if version == "0.130" else ["developer: <SessionStart compact>"]
    assert read[-2 - len(compact) :] == [*compact, "user: more", "developer: <UserPromptSubmit >"]
    events = [event for (event,) in world.fired()]
    assert events[3:5] == ["PreCompact", "PostCompact"]
    assert world.fired("trigger")[3] == ("PreCompact", "manual")


def ends(codex: Codex) -> list[Any]:
    return codex.notified("turn/completed")


@everywhere
def test_a_reviewer_has_hooks_of_its_version(make: Make, version: str) -> None:
    world = make(version, {"main": ["One.", "Two."], "review": ["Fine."]})
    codex = world.codex()
    thread = codex.start_thread()
    say(codex, thread, mark("main"))
    target = {"type": "custom", "instructions": "Look at it."}
    review = codex.request("review/start", {"threadId": thread, "target": target})
    codex.wait_turn(review["turn"]["id"])
    reviewer = world.model.id_of("review")
    fired = world.fired("session_id", of=lambda record: record["thread_id"] == reviewer)
    if version == "0.130":
        assert fired == [(event, reviewer) for event in ("SessionStart", "UserPromptSubmit", "Stop")]
    else:
        assert fired == [("UserPromptSubmit", thread)]
    headers = world.model.of("review").headers
    assert headers["x-openai-subagent"] == "review"
    assert ("x-codex-parent-thread-id" in headers) is (version == "0.169")
    assert world.metas()[1][0]["source"] == {"subagent": "review"}
    say(codex, thread, "more")
    assert "assistant: Fine." in texts(world.model.of("main", 1))
    assert world.told("thread.started")[1]["source"] == "review"
    end(codex)


def test_the_latest_reviews_inline_alone(make: Make) -> None:
    codex = make("0.169", {}).codex()
    target = {"type": "uncommittedChanges"}
    with pytest.raises(RefusedError, match="unknown variant `detached`"):
        codex.request("review/start", {"threadId": codex.start_thread(), "target": target, "delivery": "detached"})


def test_turns_of_a_client_may_have_agents(make: Make) -> None:
    spawn = call("spawn_agent", message=mark("kid"), agent_type="worker")
    wait = call("wait_agent", targets=["kid"], timeout_ms=30_000)
    world = make("0.133", {"main": [spawn, wait, "Done."], "kid": ["One."]})
    codex = world.codex()
    say(codex, codex.start_thread(), mark("main"))
    items = [one["item"] for one in codex.notified("item/completed") if one["item"]["type"] == "collabAgentToolCall"]
    assert [item["tool"] for item in items] == ["spawnAgent", "wait"]
    kid = world.model.id_of("kid")
    assert items[1]["agentsStates"] == {kid: {"status": "completed", "message": "One."}}


def test_a_turn_that_waits_for_an_agent_can_be_interrupted(make: Make) -> None:
    spawn = call("spawn_agent", message=mark("kid"))
    world = make("0.133", {"main": [spawn, call("wait_agent", targets=["kid"], timeout_ms=60_000)], "kid": [HELD]})
    codex = world.codex()
    thread = codex.start_thread()
    turn = codex.start_turn(thread, mark("main"))
    codex.wait("the wait", lambda one: one.get("params", {}).get("item", {}).get("tool") == "wait")
    codex.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    assert codex.wait_turn(turn)["status"] == "interrupted"
    assert ("Stop",) not in world.fired()


def test_the_config_of_a_host_is_what_its_file_says(make: Make) -> None:
    world = make("0.130", {})
    codex = world.codex()
    assert json.dumps(codex.request("config/read", {})["config"]).count(world.model.url) == 1
    assert codex.request("hooks/list", {"cwds": [str(world.project)]})["data"][0]["hooks"]
