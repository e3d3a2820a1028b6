"""Turns that last: many at once, held, interrupted, and left alone by a model that fails."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from codex_world import Asked, Codex, RefusedError, World

AT_ONCE = 8


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


@pytest.fixture
def codex(world: World) -> Codex:
    return world.codex()


def test_turns_of_several_threads_run_at_once_and_end_in_any_order(world: World, codex: Codex) -> None:
    threads = [codex.start_thread() for _ in range(AT_ONCE)]
    turns = [codex.start_turn(thread, f"job={number}") for number, thread in enumerate(threads)]
    held = [world.model.asked_about(f"job={number}") for number in range(AT_ONCE)]
    assert not codex.notified("turn/completed"), "a turn ended although all were held"
    for number in reversed(range(AT_ONCE)):
        held[number].say(f"answer {number}")
        assert codex.wait_turn(turns[number])["status"] == "completed"
    ended = [params["threadId"] for params in codex.notified("turn/completed")]
    assert ended == threads[::-1]
    said = {params["threadId"]: params["item"]["text"] for params in codex.notified("item/completed")[AT_ONCE:]}
    assert said == {thread: f"answer {number}" for number, thread in enumerate(threads)}


def test_requests_are_served_while_a_turn_is_held(world: World, codex: Codex) -> None:
    codex.start_turn(codex.start_thread(), "hold")
    world.model.asked().begin()
    assert codex.request("account/read")
    assert codex.start_thread()


@pytest.mark.parametrize("begun", [False, True], ids=["before the first event", "after the first event"])
def test_an_interrupted_turn_lets_go_of_the_model_at_once(world: World, codex: Codex, begun: bool) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "hold")
    held = world.model.asked()
    if begun:
        held.begin()
    codex.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    held.wait_gone()
    ended = codex.wait_turn(turn)
    assert (ended["status"], ended["error"]) == ("interrupted", None)
    assert not codex.notified("error")
    world.journal.wait("codex.turn", thread_id=thread, turn_id=turn, state="interrupted")
    with pytest.raises(RefusedError, match="no active turn"):
        codex.request("turn/interrupt", {"threadId": thread, "turnId": turn})


def test_an_interrupt_leaves_the_turns_of_other_threads_alone(world: World, codex: Codex) -> None:
    kept, dropped = codex.start_thread(), codex.start_thread()
    staying = codex.start_turn(kept, "stay")
    leaving = codex.start_turn(dropped, "leave")
    held = world.model.asked_about("stay")
    world.model.asked_about("leave")
    codex.request("turn/interrupt", {"threadId": dropped, "turnId": leaving})
    codex.wait_turn(leaving)
    held.say("still here")
    assert codex.wait_turn(staying)["status"] == "completed"


def test_a_thread_goes_on_after_an_interrupt(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "hold")
    world.model.asked(0)
    codex.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    codex.wait_turn(turn)
    again = codex.start_turn(thread, "go on")
    world.model.asked(1).say("gone on")
    assert codex.wait_turn(again)["status"] == "completed"


def test_an_interrupt_at_the_very_start_is_not_lost(codex: Codex) -> None:
    thread = codex.start_thread()
    words = [{"type": "text", "text": "hold", "text_elements": []}]
    for _ in range(10):
        turn = codex.request("turn/start", {"threadId": thread, "input": words})["turn"]["id"]
        codex.request("turn/interrupt", {"threadId": thread, "turnId": turn})
        assert codex.wait_turn(turn)["status"] == "interrupted"


def broken_off(asked: Asked) -> None:
    asked.begin()
    asked.drop()


def no_http(asked: Asked) -> None:
    asked.send(b"SSH-2.0-x\r\n")
    asked.drop()


def ended_early(asked: Asked) -> None:
    asked.begin()
    asked.chunk(b"")


def failed_response(asked: Asked) -> None:
    asked.begin()
    asked.event("response.failed", response={"error": {"message": "overloaded"}})


def broken_event(asked: Asked) -> None:
    asked.begin()
    asked.chunk(b"data: {oops\n\n")


def event_that_is_no_object(asked: Asked) -> None:
    asked.begin()
    asked.chunk(b"data: 7\n\n")


def message_without_content(asked: Asked) -> None:
    asked.item({"type": "message", "content": [5, {"text": 7}, {"text": "said"}], "phase": ["odd"]})
    asked.drop()


FAILURES: dict[Callable[[Asked], None], str] = {
    Asked.drop: "stream disconnected before completion",
    broken_off: "breaks off",
    no_http: "no HTTP response",
    lambda asked: asked.refuse(500, ""): "the model server answered 500",
    lambda asked: asked.refuse(400, "script has run out"): "script has run out",
    ended_early: "before response.completed",
    failed_response: "overloaded",
    broken_event: "Expecting property name",
    event_that_is_no_object: "an event is no object",
    message_without_content: "breaks off",
}


@pytest.mark.parametrize(("fail", "complaint"), FAILURES.items(), ids=FAILURES.values())
def test_a_model_that_fails_ends_the_turn_as_failed(
    world: World, codex: Codex, fail: Callable[[Asked], None], complaint: str
) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "go")
    fail(world.model.asked())
    ended = codex.wait_turn(turn)
    assert ended["status"] == "failed"
    assert complaint in ended["error"]["message"]
    error = codex.notified("error")[0]
    assert (error["turnId"], error["willRetry"], error["error"]) == (turn, False, ended["error"])
    world.journal.wait("codex.turn", thread_id=thread, turn_id=turn, state="failed")
    assert codex.request("account/read"), "the server did not survive the failed turn"


def test_a_model_that_nobody_serves_fails_the_turn(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    codex = world.codex(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1")
    ended = codex.wait_turn(codex.start_turn(codex.start_thread(), "go"))
    assert ended["status"] == "failed"
    assert f"127.0.0.1:{port}" in ended["error"]["message"]


@pytest.mark.parametrize("url", ["", "https://127.0.0.1:1/v1", "nonsense"])
def test_an_address_that_cannot_be_asked_fails_the_turn_and_is_named(world: World, url: str) -> None:
    codex = world.codex(OPENAI_BASE_URL=url)
    ended = codex.wait_turn(codex.start_turn(codex.start_thread(), "go"))
    assert ended["status"] == "failed"
    assert (url or "OPENAI_BASE_URL is not set") in ended["error"]["message"]


def test_a_thread_whose_file_cannot_be_written_fails_its_turn(world: World) -> None:
    world.home.write_text("a file where a directory should be")
    codex = world.codex()
    ended = codex.wait_turn(codex.start_turn(codex.start_thread(), "go"))
    assert ended["status"] == "failed"
    assert "Error: " in ended["error"]["message"]
