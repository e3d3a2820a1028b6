"""What becomes of calls of the agent tools: forks, refusals, further words, ends, and hooks around them."""

from __future__ import annotations

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
WAIT = call("wait_agent", targets=["kid"], timeout_ms=30_000)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(HostWorld(tmp_path, *args, **kwargs))


def spawn(agent: str, **more: Any) -> Any:
    return call("spawn_agent", message=mark(agent), **more)


@everywhere
def test_a_forked_child_begins_with_what_its_parent_has_read(make: Make, version: str) -> None:
    world = make(version, {"main": [["Let me see.", spawn("kid", fork_context=True)], WAIT, "Done."]})
    world.exec(*BASE, mark("main"))
    opening = ["developer: <permissions", "user: <environment_context"]
    base = ["developer: You are"] if version == "0.169" else []
    start = "SessionStart startup" if version == "0.130" else "SubagentStart "
    assert texts(world.model.of("kid")) == [
        *base,
        *opening,
        "developer: <SessionStart startup>",
        f"user: {mark('main')}",
        "developer: <UserPromptSubmit >",
        "assistant: Let me see.",
        *(opening if version == "0.130" else []),
        f"developer: <{start}>",
        f"user: {mark('kid')}",
        "developer: <UserPromptSubmit >",
    ]


@everywhere
def test_the_file_of_a_forked_child_has_its_own_line_first(make: Make, version: str) -> None:
    world = make(version, {"main": [spawn("kid", fork_context=True), WAIT, "Done."]})
    world.exec(*BASE, mark("main"))
    main, kid = world.model.id_of("main"), world.model.id_of("kid")
    (parents,), (own, inherited) = world.metas()
    assert (own["id"], own["forked_from_id"]) == (kid, main)
    assert inherited == parents
    assert ("subagent_history_start_ordinal" in own) is (version == "0.169")


@everywhere
def test_refusals_are_read_by_the_model(make: Make, version: str) -> None:
    calls = [
        spawn("kid", agent_type="nobody"),
        spawn("kid", agent_type="worker", fork_context=True),
        call("spawn_agent"),
        call("spawn_agent", message=" "),
        call("wait_agent", targets=[], timeout_ms=1),
        call("send_input", target="nonsense", message="x"),
        call("send_input", target="01a1fd5d-0142-7163-b9ef-a0698d117683", message="x"),
        call("close_agent", target="01a1fd5d-0142-7163-b9ef-a0698d117683"),
        call("shell", command="ls", namespace=""),
    ]
    world = make(version, {"main": [*calls, "Done."]})
    world.exec(*BASE, mark("main"))
    unsupported = "unsupported call: " + ("multi_agent_v1" if version != "0.130" else "")
    assert outputs(world.model.of("main", len(calls))) == [
        "unknown agent_type 'nobody'",
        world.rows["full_fork_with_role"]["v1"],
        "Provide one of: message or items",
        "Empty message can't be sent to an agent",
        "agent ids must be non-empty",
        "invalid agent id nonsense: Error(ParseChar { character: 'n', index: 1 })",
        "agent with id 01a1fd5d-0142-7163-b9ef-a0698d117683 not found",
        # offered as by the real one, but no scripted model calls it
        f"{unsupported}close_agent",
        f"{unsupported}shell",
    ]
    assert world.model.count("kid") == 0


@pytest.mark.parametrize("version", ["0.133", "0.169"])
def test_a_call_without_its_namespace_is_unsupported(make: Make, version: str) -> None:
    bare = {**spawn("kid"), "namespace": ""}
    world = make(version, {"main": [bare, "Done."]})
    world.exec(*BASE, mark("main"))
    assert outputs(world.model.of("main", 1)) == ["unsupported call: spawn_agent"]


@everywhere
def test_an_agent_hears_more_and_answers_again(make: Make, version: str) -> None:
    more = call("send_input", target="kid", message="And now?")
    world = make(version, {"main": [spawn("kid"), WAIT, more, WAIT, "Done."], "kid": ["One.", "Two."]})
    world.exec(*BASE, mark("main"))
    kid = world.model.id_of("kid")
    read = texts(world.model.of("kid", 1))
    assert read[-3:] == ["assistant: One.", "user: And now?", "developer: <UserPromptSubmit >"]
    *_, sent, waited = outputs(world.model.of("main", 4))
    assert list(sent) == ["submission_id"]
    assert waited["status"] == {kid: {"completed": "Two."}}
    # its parent is told of its end once
    notices = [text for text in texts(world.model.of("main", 4)) if "<subagent_notification>" in text]
    assert len(notices) == 1
    assert len(world.told("subagent.ended")) == 2
    starts = [event for event, thread in fired(world) if thread == kid and event.endswith("Start")]
    assert len(starts) == 1


def fired(world: HostWorld) -> list[tuple[str, str]]:
    return [(record["event"], record["thread_id"]) for record in world.told("hook.started")]


@everywhere
def test_only_the_latest_has_hooks_around_the_tools(make: Make, version: str) -> None:
    world = make(version, {"main": [spawn("kid"), WAIT, spawn("x", agent_type="nobody"), "Done."]})
    world.exec(*BASE, mark("main"))
    main = world.model.id_of("main")
    around = world.fired("tool_name", of=lambda record: record["thread_id"] == main and "Tool" in record["event"])
    assert around == (
        [
            ("PreToolUse", "spawn_agent"),
            ("PostToolUse", "spawn_agent"),
            ("PreToolUse", "multi_agent_v1wait_agent"),
            ("PostToolUse", "multi_agent_v1wait_agent"),
            ("PreToolUse", "spawn_agent"),  # what is refused has no end
        ]
        if version == "0.169"
        else []
    )


def test_a_hook_can_keep_an_agent_from_being_spawned(make: Make) -> None:
    no = {"decision": "block", "reason": "Not now."}
    world = make("0.169", {"main": [spawn("kid"), "Done."]}, {"PreToolUse": no})
    world.exec(*BASE, mark("main"))
    (output,) = outputs(world.model.of("main", 1))
    assert output == "Tool call blocked by PreToolUse hook: Not now.. Tool: spawn_agent"
    assert world.model.count("kid") == 0


@everywhere
def test_a_start_that_is_refused(make: Make, version: str) -> None:
    stop = {"continue": False, "stopReason": "No."}
    world = make(version, {"main": ["Done."]}, {"SessionStart": stop})
    ran = world.exec(*BASE, mark("main"))
    assert (ran.status, world.model.count("main")) == (0, 0)
    assert [event for (event,) in world.fired()] == ["SessionStart", *(["SessionEnd"] if version == "0.169" else [])]
    assert ran.lines[-1]["type"] == "turn.completed"


@pytest.mark.parametrize("version", ["0.133", "0.169"])
def test_an_agents_start_cannot_be_refused(make: Make, version: str) -> None:
    stop = {"continue": False, "stopReason": "No."}
    world = make(version, {"main": [spawn("kid"), WAIT, "Done."], "kid": ["One."]}, {"SubagentStart": stop})
    world.exec(*BASE, mark("main"))
    assert world.model.count("kid") == 1


@everywhere
@pytest.mark.parametrize("answer", [{"decision": "block", "reason": "No."}, {"continue": False}])
def test_a_prompt_that_is_refused_is_not_asked(make: Make, version: str, answer: Any) -> None:
    world = make(version, {"main": ["Done."]}, {"UserPromptSubmit": answer})
    assert world.exec(*BASE, mark("main")).status == 0
    assert world.model.count("main") == 0
    assert mark("main") not in str(world.rollouts())
    assert ("Stop",) not in world.fired()


@everywhere
def test_a_stop_that_is_refused_sends_the_agent_on_once(make: Make, version: str) -> None:
    event = "Stop" if version == "0.130" else "SubagentStop"
    script = {"main": [spawn("kid"), WAIT, "Done.", "Done again."], "kid": ["One.", "Two."]}
    world = make(version, script, {event: {"decision": "block", "reason": "Go on."}})
    world.exec(*BASE, mark("main"))
    kid = world.model.id_of("kid")
    assert texts(world.model.of("kid", 1))[-1].startswith("user: <hook_prompt hook_run_id=")
    assert "Go on.</hook_prompt>" in texts(world.model.of("kid", 1))[-1]
    (again, *_) = [output for output in outputs(world.model.of("main", 2)) if "status" in output]
    assert again["status"] == {kid: {"completed": "Two."}}
    stops = world.fired("stop_hook_active", of=lambda record: record["thread_id"] == kid)
    assert [active for name, active in stops if name == event] == [False, True]
