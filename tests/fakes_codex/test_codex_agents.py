"""Agents of the first set of tools: whose session their hooks are in, what their model reads, what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from codex_hosted import HELD, HostWorld, call, mark, outputs, texts

VERSIONS = ("0.130", "0.133", "0.169")
BASE = ("--json", "--dangerously-bypass-approvals-and-sandbox")
Make = Callable[..., HostWorld]
everywhere = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(HostWorld(tmp_path, *args, **kwargs))


def spawn(agent: str, **more: Any) -> Any:
    return call("spawn_agent", message=mark(agent), **more)


def wait(*agents: str) -> Any:
    return call("wait_agent", targets=list(agents), timeout_ms=30_000)


def one(role: str | None = "issue-planner", **more: Any) -> dict[str, list[Any]]:
    """Main spawns one agent and waits for it."""
    asked = spawn("kid", **({"agent_type": role} if role else {}), **more)
    return {"main": [asked, wait("kid"), "Done."], "kid": ["Planned."]}


@everywhere
def test_whose_session_the_hooks_of_a_child_are_in(make: Make, version: str) -> None:
    world = make(version, one())
    assert world.exec(*BASE, mark("main")).status == 0
    main, kid = world.model.id_of("main"), world.model.id_of("kid")
    of_kid = [
        (record["event"], record["session_id"], record["agent_id"], record["agent_type"])
        for record in world.told("hook.started")
        if record["thread_id"] == kid
    ]
    if version == "0.130":
        assert of_kid == [(event, kid, None, None) for event in ("SessionStart", "UserPromptSubmit", "Stop")]
    else:
        who = (main, kid, "issue-planner")
        assert of_kid == [(event, *who) for event in ("SubagentStart", "UserPromptSubmit", "SubagentStop")]


@everywhere
def test_which_keys_the_hooks_of_a_child_read(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec(*BASE, mark("main"))
    kid = world.model.id_of("kid")
    payloads = [record["payload"] for record in world.told("hook.started") if record["thread_id"] == kid]
    keys = world.rows["payload_keys"]
    unknown = {"agent_id", "agent_type"} if version == "0.130" else set()
    for payload in payloads:
        assert list(payload) == [key for key in keys[payload["hook_event_name"]] if key not in unknown]
    transcripts = {thread: str(path) for thread in world.model.names for path in world.home.rglob(f"*-{thread}.jsonl")}
    start, prompt, stop = payloads
    assert start["transcript_path"] == prompt["transcript_path"] == transcripts[kid]
    assert stop["last_assistant_message"] == "Planned."
    if version == "0.130":
        assert (start["source"], stop["transcript_path"]) == ("startup", transcripts[kid])
    else:
        assert stop["transcript_path"] == transcripts[world.model.id_of("main")]
        assert stop["agent_transcript_path"] == transcripts[kid]


@everywhere
def test_a_child_reads_its_contexts_around_its_task(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec(*BASE, mark("main"))
    event = "SessionStart startup" if version == "0.130" else "SubagentStart "
    asked = world.model.of("kid")
    read = texts(asked)
    assert read[-3:] == [f"developer: <{event}>", f"user: {mark('kid')}", "developer: <UserPromptSubmit >"]
    assert not any("main" in text for text in read)
    roles = [part["text"] for item in asked.body["input"] for part in item["content"] if "planner" in part["text"]]
    assert roles == ["You are the planner."]


@everywhere
def test_headers_name_the_child_its_parent_and_the_root(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec(*BASE, mark("main"))
    main, kid, asked = world.model.id_of("main"), world.model.id_of("kid"), world.model.of("kid")
    sign = "_" if version == "0.130" else "-"
    assert (asked.headers[f"session{sign}id"], asked.headers[f"thread{sign}id"]) == (main, kid)
    assert asked.headers["x-openai-subagent"] == "collab_spawn"
    assert asked.headers["x-codex-parent-thread-id"] == main
    assert asked.body["prompt_cache_key"] == (main if version == "0.169" else kid)
    assert not {"x-openai-subagent", "x-codex-parent-thread-id"} & set(world.model.of("main").headers)


@everywhere
def test_tools_are_offered_as_the_version_spells_them(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec(*BASE, mark("main"))
    offered = world.model.of("main").body["tools"]
    tools = ["spawn_agent", "send_input", "resume_agent", "wait_agent", "close_agent"]
    if version == "0.130":
        assert [(tool["type"], tool["name"]) for tool in offered] == [("function", name) for name in tools]
        assert "message" in offered[0]["parameters"]["properties"]
    elif version == "0.133":
        (search,) = offered
        assert search["type"] == "tool_search"
        assert "Multi-agent" in search["description"]
    else:
        (space,) = offered
        assert (space["type"], space["name"]) == ("namespace", "multi_agent_v1")
        assert sorted(tool["name"] for tool in space["tools"]) == sorted(tools)
    # a child is too deep down to have children of its own
    assert world.model.of("kid").body["tools"] == []


@everywhere
def test_main_reads_the_answer_and_the_notice(make: Make, version: str) -> None:
    world = make(version, one())
    ran = world.exec(*BASE, mark("main"))
    kid = world.model.id_of("kid")
    last = world.model.of("main", 2)
    spawned, waited = outputs(last)
    assert spawned == {"agent_id": kid, "nickname": world.rows["nickname"][0]}
    assert waited == {"status": {kid: {"completed": "Planned."}}, "timed_out": False}
    said = f'{{"agent_path":"{kid}","status":{{"completed":"Planned."}}}}'
    # a child that is done before its parent asks again is told of before the wait
    assert texts(last).count(f"user: <subagent_notification>\n{said}\n</subagent_notification>") == 1
    items = [line["item"] for line in ran.lines if line.get("item", {}).get("type") == "collab_tool_call"]
    assert [(item["tool"], item["status"]) for item in items] == [
        ("spawn_agent", "in_progress"),
        ("spawn_agent", "completed"),
        ("wait", "in_progress"),
        ("wait", "completed"),
    ]
    assert items[-1]["agents_states"] == {kid: {"status": "completed", "message": "Planned."}}


@everywhere
def test_the_file_of_a_child_says_where_it_comes_from(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec(*BASE, mark("main"))
    main, kid = world.model.id_of("main"), world.model.id_of("kid")
    _, (meta,) = world.metas()
    named = {"agent_nickname": world.rows["nickname"][0], "agent_role": "issue-planner"}
    spawned = {"parent_thread_id": main, "depth": 1, "agent_path": None, **named}
    assert meta["source"] == {"subagent": {"thread_spawn": spawned}}
    assert (meta["id"], meta["thread_source"]) == (kid, "subagent")
    assert {key: meta[key] for key in named} == named
    later = (main, main) if version == "0.169" else (None, None)
    assert (meta.get("session_id"), meta.get("parent_thread_id")) == later
    assert list(meta) == [key for key in world.rows["session_meta_keys"] if key in meta]


def test_the_journal_hears_of_a_child_and_its_end(make: Make) -> None:
    world = make("0.130", one())
    world.exec(*BASE, mark("main"))
    main, kid = world.model.id_of("main"), world.model.id_of("kid")
    told = world.told("thread.started")[1]
    assert (told["thread_id"], told["parent_thread_id"]) == (kid, main)
    assert (told["agent_role"], told["source"], told["marker"]) == ("issue-planner", "thread_spawn", "kid")
    (ended,) = world.told("subagent.ended")
    assert ended == {"kind": "subagent.ended", "agent_id": kid, "agent_type": "issue-planner", "agent": "kid"}


@everywhere
def test_an_agent_without_a_role_has_a_nickname_all_the_same(make: Make, version: str) -> None:
    world = make(version, one(role=None))
    world.exec(*BASE, mark("main"))
    _, (meta,) = world.metas()
    spawned = meta["source"]["subagent"]["thread_spawn"]
    assert (spawned["agent_role"], spawned["agent_nickname"]) == (None, world.rows["nickname"][0])
    assert "agent_role" not in meta
    assert {record["agent_type"] for record in world.told("subagent.ended")} == {"default"}


@everywhere
def test_an_ephemeral_conversation_has_children_without_files(make: Make, version: str) -> None:
    world = make(version, one("explorer"))
    world.exec("--ephemeral", *BASE, mark("main"))
    paths = {*world.fired("transcript_path", "agent_transcript_path")}
    assert {path for _, *paths in paths for path in paths} == {None}
    assert world.metas() == []


@everywhere
def test_a_role_with_a_file_of_its_own_leaves_a_file_in_an_ephemeral_conversation(make: Make, version: str) -> None:
    world = make(version, one())
    world.exec("--ephemeral", *BASE, mark("main"))
    kept = [records[0]["id"] for records in world.metas()]
    assert kept == ([] if version == "0.169" else [world.model.id_of("kid")])


@everywhere
def test_a_grandchild_names_its_direct_parent(make: Make, version: str) -> None:
    script = one("worker")
    script["kid"] = [spawn("grand", agent_type="explorer"), wait("grand"), "Planned."]
    world = make(version, script, settings="[agents]\nmax_depth = 2\n")
    world.exec(*BASE, mark("main"))
    main, kid, grand = (world.model.id_of(name) for name in ("main", "kid", "grand"))
    spawned = world.metas()[2][0]["source"]["subagent"]["thread_spawn"]
    assert (spawned["parent_thread_id"], spawned["depth"]) == (kid, 2)
    assert world.model.of("grand").headers["x-codex-parent-thread-id"] == kid
    sessions = {record["session_id"] for record in world.told("hook.started") if record["thread_id"] == grand}
    assert sessions == ({grand} if version == "0.130" else {main})
    assert world.model.of("grand").body["tools"] == []


def test_a_child_that_nobody_waits_for_is_given_up_at_the_end(make: Make) -> None:
    world = make("0.133", {"main": [spawn("kid"), HELD], "kid": [HELD]})
    ran: list[Any] = []
    running = threading.Thread(target=lambda: ran.append(world.exec(*BASE, mark("main"))), daemon=True)
    running.start()
    kid = world.model.of("kid")
    world.model.of("main", 1).say("Done.")
    running.join(30)
    assert ran[0].status == 0
    kid.wait_gone()
    assert [event for (event,) in world.fired()][-1] == "Stop"
    assert world.told("subagent.ended") == []
