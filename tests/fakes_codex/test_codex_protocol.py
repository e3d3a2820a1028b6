"""The conversation on stdio: requests, refusals, and what is told in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_world import Codex, RefusedError, World

NOWHERE = "01999999-0000-7000-8000-000000000000"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


@pytest.fixture
def codex(world: World) -> Codex:
    return world.codex()


def told(codex: Codex) -> list[str]:
    """The notifications so far, in short."""
    lines = []
    for message in codex.messages:
        if "method" in message:
            params = message["params"]
            of = params.get("turn") or params.get("thread") or params
            state = params["item"]["type"] if "item" in params else of["status"]
            lines.append(f"{message['method']} {state if isinstance(state, str) else state['type']}")
    return lines


def test_nothing_is_granted_before_the_greeting(world: World) -> None:
    codex = world.start()
    with pytest.raises(RefusedError, match="Not initialized"):
        codex.request("thread/start")
    codex.greet()
    codex.start_thread()


def test_the_greeting_tells_who_serves(world: World) -> None:
    answer = world.start(HOOKPROOF_CODEX_VERSION="0.133.0").greet()
    assert answer["codexHome"] == str(world.home)
    assert answer["userAgent"].startswith("Claude Code/0.133.0 ")


def test_a_second_greeting_is_refused(codex: Codex) -> None:
    with pytest.raises(RefusedError, match="Already initialized"):
        codex.greet()


def test_an_unknown_method_is_refused_by_its_name(codex: Codex) -> None:
    with pytest.raises(RefusedError, match="unknown method `thread/dance`") as refused:
        codex.request("thread/dance")
    assert refused.value.code == -32601


def test_a_line_that_is_no_json_is_refused_and_the_next_is_served(codex: Codex) -> None:
    codex.send(b"{nonsense")
    assert codex.request("account/read") == {"account": None, "requiresOpenaiAuth": False}
    assert [message["error"]["code"] for message in codex.messages if message.get("id", 0) is None] == [-32700]


@pytest.mark.parametrize("number", ["1.5", "true", "[7]", "{}"])
def test_an_id_that_is_none_cannot_be_answered(codex: Codex, number: str) -> None:
    codex.send(b'{"id": %s, "method": "account/read", "params": {}}' % number.encode())
    codex.request("account/read")
    assert [message["error"]["code"] for message in codex.messages if message.get("id", 0) is None] == [-32600]


@pytest.mark.parametrize("line", ['{"method": "dance", "params": {}}', '{"id": 7, "result": {}}', '{"id": null}'])
def test_what_wants_no_answer_gets_none(codex: Codex, line: str) -> None:
    before = codex.messages
    codex.send(line.encode())
    codex.request("account/read")
    assert len(codex.messages) == len(before) + 1


def test_the_provider_in_the_configuration_needs_no_login(world: World, codex: Codex) -> None:
    config = codex.request("config/read", {"includeLayers": False, "cwd": str(world.project)})["config"]
    provider = config["model_providers"][config["model_provider"]]
    assert provider["base_url"] == world.model.url
    assert provider["requires_openai_auth"] is False


def test_a_turn_is_told_step_by_step(world: World, codex: Codex) -> None:
    thread = codex.start_thread(cwd=str(world.project))
    turn = codex.start_turn(thread, "say hello")
    world.model.asked().say("hello", phase="final_answer")
    assert codex.wait_turn(turn)["status"] == "completed"
    assert told(codex) == [
        "thread/started idle",
        "thread/status/changed active",
        "turn/started inProgress",
        "item/started userMessage",
        "item/completed userMessage",
        "item/started agentMessage",
        "item/completed agentMessage",
        "thread/status/changed idle",
        "turn/completed completed",
    ]
    assert all(params.get("threadId", thread) == thread for params in codex.notified("item/completed"))
    said = codex.notified("item/completed")[-1]["item"]
    assert (said["text"], said["phase"]) == ("hello", "final_answer")
    assert [record["kind"] for record in world.journal.records[1:]] == ["codex.started", "codex.turn", "codex.turn"]
    assert [record.get("state") for record in world.journal.records[2:]] == ["started", "completed"]


def test_the_answer_to_a_request_comes_before_what_it_causes(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "go")
    world.model.asked().say("gone")
    codex.wait_turn(turn)
    methods = [message.get("method", "answer") for message in codex.messages]
    assert methods[:4] == ["answer", "answer", "thread/started", "answer"]
    assert methods[4] == "thread/status/changed"


def test_a_message_whose_phase_the_model_does_not_name_has_none(world: World, codex: Codex) -> None:
    # as the real one: a plugin that ends turns at "final_answer" is to see the same here as there
    turn = codex.start_turn(codex.start_thread(), "say hello")
    world.model.asked().say("hello")
    codex.wait_turn(turn)
    assert codex.notified("item/completed")[-1]["item"]["phase"] is None


def test_what_a_client_opts_out_of_it_is_not_told(world: World) -> None:
    codex = world.start()
    codex.greet(optOutNotificationMethods=["item/started", "thread/status/changed"])
    turn = codex.start_turn(codex.start_thread(), "go")
    world.model.asked().say("gone")
    codex.wait_turn(turn)
    assert not codex.notified("item/started")
    assert codex.notified("item/completed")


def test_the_model_is_asked_as_codex_asks(world: World, codex: Codex) -> None:
    thread = codex.start_thread(cwd=str(world.project))
    turn = codex.start_turn(thread, "review job=A", model="gpt-9", effort="high", outputSchema={"type": "object"})
    asked = world.model.asked()
    assert asked.line == "POST /v1/responses HTTP/1.1"
    wanted = {"session_id": thread, "thread_id": thread, "originator": "Claude Code", "authorization": "Bearer dummy"}
    assert wanted.items() <= asked.headers.items()
    assert [item["role"] for item in asked.body["input"]] == ["developer", "user", "user"]
    words = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "review job=A"}]}
    assert asked.body["input"][-1] == words
    assert (asked.body["stream"], asked.body["model"]) == (True, "gpt-9")
    assert asked.body["text"]["format"]["schema"] == {"type": "object"}
    asked.say("fine")
    codex.wait_turn(turn)


def test_a_thread_remembers_its_turns(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    for number, prompt in enumerate(["one", "two"]):
        turn = codex.start_turn(thread, prompt)
        world.model.asked(number).say(f"answer to {prompt}")
        codex.wait_turn(turn)
    codex.start_turn(thread, "three")
    asked = world.model.asked(2)
    assert asked.prompts == ["one", "two", "three"]
    answers = [item["content"][0]["text"] for item in asked.body["input"] if item.get("role") == "assistant"]
    assert answers == ["answer to one", "answer to two"]
    assert not any("id" in item for item in asked.body["input"])


def test_a_tool_call_is_answered_as_unsupported_and_the_model_asked_again(world: World, codex: Codex) -> None:
    turn = codex.start_turn(codex.start_thread(), "run it")
    world.model.asked(0).call("shell")
    again = world.model.asked(1)
    call, output = again.body["input"][-2:]
    assert (call["type"], call["call_id"]) == ("function_call", "call_1")
    assert output == {"type": "function_call_output", "call_id": "call_1", "output": "unsupported call: shell"}
    again.say("done without it")
    assert codex.wait_turn(turn)["status"] == "completed"


def test_a_model_that_only_calls_tools_fails_its_turn(world: World, codex: Codex) -> None:
    turn = codex.start_turn(codex.start_thread(), "run it")
    for number in range(20):
        world.model.asked(number).call("shell")
    ended = codex.wait_turn(turn)
    assert ended["status"] == "failed"
    assert "asked 20 times" in ended["error"]["message"]


def test_words_for_a_busy_thread_are_heard_by_its_running_turn(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "first")
    held = world.model.asked(0)
    steered = codex.start_turn(thread, "and mind this")
    held.say("halfway")
    again = world.model.asked(1)
    assert again.prompts == ["first", "and mind this"]
    again.say("done")
    codex.wait_turn(turn)
    assert steered != turn
    assert [params["turn"]["id"] for params in codex.notified("turn/completed")] == [turn]


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, "threadId"),
        ({"threadId": 5}, "threadId"),
        ({"threadId": NOWHERE, "input": []}, f"thread not found: {NOWHERE}"),
        ({"threadId": "known"}, "input"),
        ({"threadId": "known", "input": "go"}, "input"),
        ({"threadId": "known", "input": [{"type": "dance"}]}, "dance"),
        ({"threadId": "known", "input": [{"type": "text"}]}, "text"),
    ],
)
def test_a_turn_that_makes_no_sense_is_refused(codex: Codex, params: dict[str, Any], complaint: str) -> None:
    thread = codex.start_thread()
    if params.get("threadId") == "known":
        params = {**params, "threadId": thread}
    with pytest.raises(RefusedError, match=complaint) as refused:
        codex.request("turn/start", params)
    assert refused.value.code == -32600


def test_only_the_running_turn_can_be_interrupted(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    with pytest.raises(RefusedError, match="no active turn"):
        codex.request("turn/interrupt", {"threadId": thread, "turnId": "none"})
    turn = codex.start_turn(thread, "hold")
    world.model.asked()
    with pytest.raises(RefusedError, match=f"expected active turn id other but found {turn}"):
        codex.request("turn/interrupt", {"threadId": thread, "turnId": "other"})
