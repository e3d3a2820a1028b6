"""The second set of agent tools: agents with task names, whose words come as mail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from codex_hosted import HostWorld, call, mark, outputs, texts

VERSIONS = ("0.130", "0.133", "0.169")
BASE = ("--json", "--dangerously-bypass-approvals-and-sandbox")
Make = Callable[..., HostWorld]
everywhere = pytest.mark.parametrize("version", VERSIONS)
SETTINGS = "[features]\nmulti_agent_v2 = true\n"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    def made(version: str, script: dict[str, list[Any]]) -> HostWorld:
        world = stack.enter_context(HostWorld(tmp_path, version, script, settings=SETTINGS))
        world.model._namespace = world.rows["agent_tools_v2"]["namespace"]
        return world

    with ExitStack() as stack:
        yield made


def spawn(agent: str, **more: Any) -> Any:
    return call("spawn_agent", message=mark(agent), task_name=agent, **more)


WAIT = call("wait_agent", timeout_ms=30_000)


def script(**more: Any) -> dict[str, list[Any]]:
    return {"main": [spawn("kid", **more), WAIT, "Done."], "kid": ["One."]}


@everywhere
def test_the_task_comes_as_mail_after_the_contexts(make: Make, version: str) -> None:
    world = make(version, script(fork_turns="none"))
    world.exec(*BASE, mark("main"))
    item = world.model.of("kid").body["input"][-1]
    if version == "0.169":
        head, sealed = item["content"]
        assert head["text"] == "Message Type: NEW_TASK\nTask name: /root/kid\nSender: /root\nPayload:\n"
        assert (item["type"], sealed["encrypted_content"]) == ("agent_message", mark("kid"))
    else:
        names = {"author": "/root", "recipient": "/root/kid", "other_recipients": []}
        said = json.loads(item["content"][0]["text"])
        assert (item["role"], said) == ("assistant", {**names, "content": mark("kid"), "trigger_turn": True})
    start = "SessionStart startup" if version == "0.130" else "SubagentStart "
    assert texts(world.model.of("kid"))[-2] == f"developer: <{start}>"


@everywhere
def test_there_is_no_hook_for_the_task(make: Make, version: str) -> None:
    world = make(version, script())
    world.exec(*BASE, mark("main"))
    kid = world.model.id_of("kid")
    events = [event for (event,) in world.fired(of=lambda record: record["thread_id"] == kid)]
    assert events == (["SessionStart", "Stop"] if version == "0.130" else ["SubagentStart", "SubagentStop"])


@everywhere
def test_a_child_inherits_the_whole_history(make: Make, version: str) -> None:
    world = make(version, script())
    world.exec(*BASE, mark("main"))
    read = texts(world.model.of("kid"))
    assert f"user: {mark('main')}" in read
    taken = outputs(world.model.of("kid"))
    assert taken == (["aborted"] if version == "0.169" else [])
    (_, (own, inherited)) = world.metas()
    assert own["forked_from_id"] == inherited["id"] == world.model.id_of("main")
    assert own["agent_path"] == own["source"]["subagent"]["thread_spawn"]["agent_path"] == "/root/kid"


@everywhere
def test_the_parent_reads_of_the_end(make: Make, version: str) -> None:
    world = make(version, script())
    ran = world.exec(*BASE, mark("main"))
    last = world.model.of("main", 2)
    spawned, waited = outputs(last)
    nickname = {} if version == "0.169" else {"nickname": world.rows["nickname"][0]}
    assert spawned == {"task_name": "/root/kid", **nickname}
    assert waited == {"message": "Wait completed.", "timed_out": False}
    told = [text for text in texts(last) if "/root/kid" in text and "call" not in text]
    if version == "0.169":
        assert told == [
            "agent_message: Message Type: FINAL_ANSWER\nTask name: /root\nSender: /root/kid\nPayload:\nOne."
        ]
    else:
        assert [json.loads(text.removeprefix("assistant: "))["author"] for text in told] == ["/root/kid"]
    shown = [line["item"]["tool"] for line in ran.lines if line.get("item", {}).get("type") == "collab_tool_call"]
    assert shown == (["wait"] * 2 if version == "0.169" else ["spawn_agent"] * 2 + ["wait"] * 2)


@everywhere
def test_a_role_with_the_whole_history(make: Make, version: str) -> None:
    world = make(version, script(agent_type="worker"))
    world.model.script["main"] = [spawn("kid", agent_type="worker"), "Done."]
    world.exec(*BASE, mark("main"))
    (answer,) = outputs(world.model.of("main", 1))
    refusal = world.rows["full_fork_with_role"]["v2"]
    assert answer == (refusal or {"task_name": "/root/kid"})


@everywhere
def test_children_may_have_children_where_depth_is_no_limit(make: Make, version: str) -> None:
    world = make(version, script())
    world.exec(*BASE, mark("main"))
    assert bool(world.model.of("kid").body["tools"]) is (version != "0.169")
    world_tools = world.model.of("main").body["tools"]
    names = [tool["name"] for tool in (world_tools[0].get("tools") or world_tools)]
    assert names == world.rows["agent_tools_v2"]["names"]
