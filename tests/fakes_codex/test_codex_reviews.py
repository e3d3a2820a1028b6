"""Reviews: a turn for the client, a sub-agent with a thread id of its own for the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_world import Codex, RefusedError, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


@pytest.fixture
def codex(world: World) -> Codex:
    return world.codex()


def items(codex: Codex) -> list[str]:
    steps = [message for message in codex.messages if message.get("method", "").startswith("item/")]
    return [f"{step['method'].removeprefix('item/')} {step['params']['item']['type']}" for step in steps]


def test_an_inline_review_shows_in_the_thread_that_asked(world: World, codex: Codex) -> None:
    thread = codex.start_thread(ephemeral=True)
    target = {"type": "uncommittedChanges"}
    answer = codex.request("review/start", {"threadId": thread, "delivery": "inline", "target": target})
    assert answer["reviewThreadId"] == thread
    asked = world.model.asked()
    assert (asked.headers["session_id"], asked.headers["x-openai-subagent"]) == (thread, "review")
    assert asked.headers["thread_id"] != thread
    asked.say("looks right")
    assert codex.wait_turn(answer["turn"]["id"])["status"] == "completed"
    assert items(codex) == [
        "started enteredReviewMode",
        "completed enteredReviewMode",
        "started userMessage",
        "completed userMessage",
        "started agentMessage",
        "started exitedReviewMode",
        "completed exitedReviewMode",
        "started agentMessage",
        "completed agentMessage",
    ]
    verdict = next(p["item"] for p in codex.notified("item/completed") if p["item"]["type"] == "exitedReviewMode")
    assert verdict["review"] == "looks right"


def test_a_detached_review_has_a_forked_thread(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    turn = codex.start_turn(thread, "before")
    world.model.asked(0).say("yes")
    codex.wait_turn(turn)
    target = {"type": "custom", "instructions": "look hard"}
    answer = codex.request("review/start", {"threadId": thread, "delivery": "detached", "target": target})
    fork = answer["reviewThreadId"]
    assert fork != thread
    assert codex.notified("thread/started")[-1]["thread"]["forkedFromId"] == thread
    asked = world.model.asked(1)
    assert asked.prompts == ["look hard"]
    asked.say("fine")
    codex.wait_turn(answer["turn"]["id"])
    metas = [[line["payload"] for line in rows if line["type"] == "session_meta"] for rows in world.rollouts()]
    assert [[meta["id"] for meta in file][:2] for file in metas[:2]] == [[thread], [fork, thread]]
    assert [meta["source"] for meta in metas[2]] == [{"subagent": "review"}]


def test_the_thread_knows_its_review_afterwards(world: World, codex: Codex) -> None:
    thread = codex.start_thread(ephemeral=True)
    answer = codex.request("review/start", {"threadId": thread, "target": {"type": "baseBranch", "branch": "main"}})
    asked = world.model.asked(0)
    assert "'main'" in asked.prompt
    asked.say("two findings")
    codex.wait_turn(answer["turn"]["id"])
    codex.start_turn(thread, "fix them")
    assert "two findings" in world.model.asked(1).prompts[0]


def test_a_review_can_be_interrupted(world: World, codex: Codex) -> None:
    thread = codex.start_thread(ephemeral=True)
    answer = codex.request("review/start", {"threadId": thread, "target": {"type": "commit", "sha": "0123456789"}})
    held = world.model.asked()
    codex.request("turn/interrupt", {"threadId": thread, "turnId": answer["turn"]["id"]})
    held.wait_gone()
    assert codex.wait_turn(answer["turn"]["id"])["status"] == "interrupted"
    assert "completed exitedReviewMode" not in items(codex)


def test_a_busy_thread_is_not_reviewed(world: World, codex: Codex) -> None:
    thread = codex.start_thread()
    codex.start_turn(thread, "hold")
    world.model.asked()
    with pytest.raises(RefusedError, match="a turn is running"):
        codex.request("review/start", {"threadId": thread, "target": {"type": "uncommittedChanges"}})


@pytest.mark.parametrize("target", [None, 5, {}, {"type": "dance"}, {"type": "custom"}, {"type": "commit", "sha": 5}])
def test_a_target_that_is_none_is_refused(codex: Codex, target: Any) -> None:
    with pytest.raises(RefusedError, match="nothing that can be reviewed"):
        codex.request("review/start", {"threadId": codex.start_thread(), "target": target})
