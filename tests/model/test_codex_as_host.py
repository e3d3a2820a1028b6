"""The scripted model asked by the threads of a Codex that is a host: who asks, what is new, how a call is spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookproof.catalogue.model_step import AnyStep, Say, Send, Spawn, Wait
from hookproof.model import openai
from hookproof.model.conversation import Conversation
from hookproof.model.script import Answer, Script, ToolCall, mark
from hookproof.model.threads import Thread, Threads
from hookproof.records.parts import ToolResult

FLAT = [{"type": "function", "name": "spawn_agent", "parameters": {"properties": {"message": {}, "agent_type": {}}}}]
NAMESPACE = [{"type": "namespace", "name": "multi_agent_v1", "tools": FLAT}]
DEFERRED = [{"type": "tool_search", "execution": "client"}]
SECOND = [
    {
        "type": "function",
        "name": "spawn_agent",
        "parameters": {"properties": {"message": {}, "agent_type": {}, "task_name": {}, "fork_turns": {}}},
    }
]
CALL = ToolCall("toolu_0001", ("spawn_agent",), {"message": "go", "agent_type": "planner", "fork_context": True})


def message(role: str, *texts: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text} for text in texts]}


def request(*items: dict[str, Any], tools: Any = FLAT) -> openai.ResponsesRequest:
    return openai.parse({"input": list(items), "tools": tools, "stream": True})


@pytest.mark.parametrize(
    ("tools", "namespace", "arguments"),
    [
        (FLAT, None, {"message": "go", "agent_type": "planner"}),
        (NAMESPACE, "multi_agent_v1", {"message": "go", "agent_type": "planner"}),
        (DEFERRED, "multi_agent_v1", {"message": "go", "agent_type": "planner", "fork_context": True}),
        (
            SECOND,
            None,
            {"message": "go", "agent_type": "planner", "task_name": "toolu_0001", "fork_turns": "all"},
        ),
    ],
)
def test_a_call_is_spelled_as_the_host_offers_the_tool(tools: Any, namespace: str | None, arguments: Any) -> None:
    offered = request(message("user", "hi"), tools=tools).tools
    (item,) = openai.response(1, Answer(text=None, call=CALL, after=None), offered)["output"]
    assert item["type"] == "function_call"
    assert (item["name"], item.get("namespace"), json.loads(item["arguments"])) == ("spawn_agent", namespace, arguments)


def test_a_tool_that_is_not_offered_is_not_found() -> None:
    assert openai.find_tool(CALL, request(message("user", "hi"), tools=[{"type": "web_search"}]).tools) is None


def test_the_last_marker_names_the_agent_since_a_fork_begins_with_its_parents() -> None:
    asked = request(message("user", mark("plan", "main")), message("user", mark("do it", "child")))
    assert asked.agent == "child"


def test_the_marker_is_found_in_the_second_sets_task_as_well() -> None:
    as_json = json.dumps({"author": "/root", "content": mark("do it", "child")})
    assert request(message("user", mark("plan", "main")), message("assistant", as_json)).agent == "child"
    task = {"type": "agent_message", "content": [{"type": "encrypted_content", "encrypted_content": mark("x", "kid")}]}
    assert request(message("user", mark("plan", "main")), task).agent == "kid"


def test_a_summary_of_a_thread_is_nobodys_step() -> None:
    compaction = message("user", "You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary.")
    assert request(message("user", mark("plan", "main")), compaction).aside
    assert not request(message("user", mark("plan", "main"))).aside


def test_a_thread_keeps_the_name_of_its_first_prompt() -> None:
    threads = Threads()
    first = Thread.of({"thread_id": "t1", "session_id": "root"})
    assert threads.agent(first, "child") == "child"
    assert threads.agent(Thread.of({"thread-id": "t1"}), "main") == "child"
    assert threads.latest("child") == "t1"
    assert threads.latest("main") is None


def test_a_review_thread_is_named_by_its_kind_and_a_job_by_nobody() -> None:
    assert Threads().agent(Thread.of({"thread-id": "t2", "x-openai-subagent": "review"}), None) == "review"
    assert Threads().agent(Thread.of({"session_id": "t3"}), None) is None


def test_what_a_child_inherits_is_not_told_to_it() -> None:
    parent = Conversation()
    parent.news([("developer", "policy"), ("user", "plan")], {})
    child = Conversation(parent)
    texts, _ = child.news([("developer", "policy"), ("developer", "block"), ("developer", "policy")], {})
    assert [(text.text, bool(text.inherited)) for text in texts] == [
        ("policy", True),
        ("block", False),
        ("policy", False),
    ]
    assert [text.place for text in texts] == [0, 1, 2]


def script(*steps: AnyStep) -> Script:
    return Script({"main": list(steps), "child": [Say(text="done")]}, {"known": "issue-planner"})


def result(call: str, **value: Any) -> list[ToolResult]:
    return [ToolResult(tool_use_id=call, text=json.dumps(value), is_error=False)]


def test_a_wait_and_a_message_name_the_thread_that_the_spawn_came_back_with() -> None:
    played = script(
        Spawn(call="spawn_agent", name="child", agent_type="{known}", message="go", fork=True),
        Wait(call="wait_agent"),
        Send(call="send_input", name="child", message="more"),
    )
    spawn = played.next("main", "")
    assert spawn is not None
    assert spawn.call is not None
    assert spawn.call.input["agent_type"] == "issue-planner"
    assert spawn.call.input["fork_context"] is True
    wait = played.next("main", "", result(spawn.call.id, agent_id="t1", nickname="Zed"))
    assert wait is not None
    assert wait.call is not None
    assert wait.call.input["targets"] == ["t1"]
    send = played.next("main", "")
    assert send is not None
    assert send.call is not None
    assert send.call.input["target"] == "t1"


def test_a_spawn_that_was_refused_has_no_thread_to_wait_for() -> None:
    played = script(Spawn(call="spawn_agent", name="child", message="go"), Wait(call="wait_agent"))
    spawn = played.next("main", "")
    assert spawn is not None
    assert spawn.call is not None
    wait = played.next(
        "main", "", [ToolResult(tool_use_id=spawn.call.id, text="unknown agent_type 'x'", is_error=True)]
    )
    assert wait is not None
    assert wait.call is not None
    assert wait.call.input["targets"] == ["unknown: child"]


def test_after_a_summary_what_is_said_again_is_new_and_what_the_user_typed_is_not() -> None:
    conversation = Conversation()
    conversation.news([("developer", "policy"), ("user", "plan"), ("assistant", "done")], {})
    conversation.summed_up(keeps="user")
    texts, _ = conversation.news([("user", "plan"), ("user", "in short"), ("developer", "policy")], {})
    assert [text.text for text in texts] == ["in short", "policy"]
