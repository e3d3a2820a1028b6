"""Agents and tools: what an agent is given, what it may call, what a call that makes no sense gets."""

from __future__ import annotations

import claude_facts as facts
import pytest
from conftest import MakeBench, MakeModel
from scripted_model import call, calls, text

HELLO = "[hookproof:agent=main] hello"
AGENT = {"subagent_type": "codex:codex-rescue", "prompt": "[hookproof:agent=sub] go", "description": "do it"}


def test_an_agents_body_is_its_system_prompt_and_its_tools_are_all_it_has(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(
        main=[call("Agent", **{**AGENT, "subagent_type": "codex:reader"}), text("done")],
        sub=[call("Bash", id="b", command="echo hi"), call("Agent", id="a", **AGENT), text("ok")],
    )
    bench = make_bench(model)
    bench.agent("reader", "tools:\n  - Read\n  - Nonesuch\nmodel: claude-own-model", "Read in ${CLAUDE_PLUGIN_ROOT}.")
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    first, _, third = model.of("sub")
    assert first.body["system"][2]["text"] == f"Read in {bench.plugin}."
    assert [tool["name"] for tool in first.body["tools"]] == ["Read"]
    assert first.body["model"] == "claude-own-model"
    assert [tool["name"] for tool in model.of("main")[0].body["tools"]] == ["Agent", "Bash", "Edit", "Read", "Write"]
    results = third.tool_results()
    for identity, name in (("b", "Bash"), ("a", "Agent")):
        assert results[identity]["content"] == f"<tool_use_error>Error: No such tool available: {name}</tool_use_error>"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_an_agent_without_a_tools_line(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(
        main=[call("Agent", prompt=AGENT["prompt"], run_in_background=False), text("d")], sub=[text("ok")]
    )
    bench = make_bench(model)
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    names = [tool["name"] for tool in model.of("sub")[0].body["tools"]]
    ordinary = ["Bash", "Edit", "Read", "Write"]
    assert names == (["Agent", *ordinary] if lifecycle == "claude-2.1.329" else ordinary)
    assert bench.journal.of("subagent.started")[0]["agent_type"] == "general-purpose"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_an_agent_call_that_does_not_say_where_it_runs(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[call("Agent", **AGENT), text("d"), text("told")], sub=[text("ok")])
    running = make_bench(model).start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    background = running.journal.of("subagent.started")[0]["background"]
    assert background is (lifecycle == "claude-2.1.329")


def test_an_unknown_agent_type_is_a_tool_error(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[call("Agent", id="a", **{**AGENT, "subagent_type": "codex:nosuch"}), text("done")])
    running = make_bench(model).start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    result = model.of("main")[1].tool_results()["a"]
    assert result["is_error"] is True
    builtin = "general-purpose, statusline-setup, Explore, Plan"
    assert result["content"] == (
        f"Agent type 'codex:nosuch' not found. Available agents: {builtin}, codex:codex-rescue"
    )


def test_calls_that_make_no_sense(make_model: MakeModel, make_bench: MakeBench) -> None:
    wrong = calls(("Nonesuch", {}), ("Bash", {"timeout": 5}), ("Read", {"file_path": "/nosuch"}), ids=["n", "b", "r"])
    model = make_model(main=[wrong, text("done")])
    bench = make_bench(model)
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    results = model.of("main")[1].tool_results()
    assert results["n"]["content"] == "<tool_use_error>Error: No such tool available: Nonesuch</tool_use_error>"
    assert results["b"]["content"] == (
        "<tool_use_error>InputValidationError: Bash failed due to the following issue:\n"
        "The required parameter `command` is missing</tool_use_error>"
    )
    assert results["r"]["content"] == f"File does not exist. Note: your current working directory is {bench.project}."


def test_several_tools_of_one_answer_run_at_once(make_model: MakeModel, make_bench: MakeBench) -> None:
    # each waits for the other: one after the other they would never end
    there, back = "echo x > there; cat back", "cat there; echo y > back"
    model = make_model(
        main=[calls(("Bash", {"command": there}), ("Bash", {"command": back}), ids=["1", "2"]), text("d")]
    )
    bench = make_bench(model)
    bench.fifo("there")
    bench.fifo("back")
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    results = model.of("main")[1].tool_results()
    assert list(results) == ["1", "2"]
    assert [result["content"] for result in results.values()] == ["y", "x"]


def test_the_read_tool(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[call("Read", id="r", file_path="PATH", offset=2, limit=1), text("done")])
    bench = make_bench(model)
    path = bench.project / "file"
    path.write_text("one\ntwo\nthree\n")
    model.script["main"][0].blocks[0]["input"]["file_path"] = str(path)
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    assert model.of("main")[1].tool_results()["r"]["content"] == "2\ttwo"
