"""Hooks that say no, stop, or object: what the host does, and what the model hears of it."""

from __future__ import annotations

import claude_facts as facts
import pytest
from claude_hooks import NEW, ONCE, play, prints, reminders, specific, told, tool
from claude_journal import Journal
from conftest import MakeBench, MakeModel
from scripted_model import call, text

DENIALS = {
    "permission": specific("PreToolUse", permissionDecision="deny", permissionDecisionReason="REASON"),
    "decision": {"decision": "block", "reason": "REASON"},
    "ask": specific("PreToolUse", permissionDecision="ask", permissionDecisionReason="REASON"),
}


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("how", DENIALS)
def test_a_denied_tool_does_not_run(how: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    bench.hook("PreToolUse", prints(DENIALS[how]))
    bench.hook("PostToolUse", ":")
    play(bench, lifecycle)
    assert not (bench.project / "trace").exists()
    said = "REASON" if lifecycle != NEW or how == "ask" else "PreToolUse:Bash hook error: REASON"
    second = model.of("main")[1]
    assert second.tool_results()["t1"] == {
        "type": "tool_result",
        "content": said,
        "is_error": True,
        "tool_use_id": "t1",
    }
    again = [sentence for sentence in reminders(second) if "blocking error" in sentence]
    command = prints(DENIALS[how])
    quoted = f'PreToolUse:Bash hook blocking error from command: "{command}": REASON'
    assert again == ([] if lifecycle == NEW or how == "ask" else [quoted])
    assert bench.journal.of("hook.ended", event="PreToolUse")[0]["effects"]["decision"] == "deny"
    assert bench.journal.events(event="PostToolUse") == []
    assert bench.journal.of("shell.started") == []


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_exit_2_denies_with_the_hooks_stderr(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    command = prints("ignored", code=2, errors="not here") + ' # "${CLAUDE_PLUGIN_ROOT}"'
    bench.hook("PreToolUse", command)
    play(bench, lifecycle)
    origin = ""
    if lifecycle == NEW:
        command = command.replace("${CLAUDE_PLUGIN_ROOT}", str(bench.plugin))
        origin = "\nThis hook comes from the codex@inline plugin."
    result = model.of("main")[1].tool_results()["t1"]
    assert result["content"] == f"PreToolUse:Bash hook error: [{command}]: not here{origin}"
    assert not (bench.project / "trace").exists()


def test_one_denial_among_several_hooks_is_enough(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    bench.hook("PreToolUse", prints(specific("PreToolUse", permissionDecision="allow", additionalContext="CTX")))
    bench.hook("PreToolUse", prints(DENIALS["permission"]))
    play(bench, "claude-2.1.91")
    assert not (bench.project / "trace").exists()
    assert told(model.of("main")[1], "claude-2.1.91")[0] == "PreToolUse:Bash hook additional context: CTX"


def test_a_changed_input_is_what_runs(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    changed = specific("PreToolUse", permissionDecision="allow", updatedInput={"command": "echo changed"})
    bench.hook("PreToolUse", prints(changed))
    bench.hook("PostToolUse", ":")
    play(bench, "claude-2.1.91")
    assert model.of("main")[1].tool_results()["t1"]["content"] == "changed"
    post = bench.journal.of("hook.started", event="PostToolUse")[0]["payload"]
    assert post["tool_input"] == {"command": "echo changed"}


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_an_objection_after_the_tool_is_feedback(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    command = prints({"decision": "block", "reason": "REASON"})
    bench.hook("PostToolUse", command)
    play(bench, lifecycle)
    sentence = f'PostToolUse:Bash hook blocking error from command: "{command}": REASON'
    second = model.of("main")[1]
    inside = f"ran\n\n<system-reminder>\n{sentence}\n</system-reminder>"
    assert second.tool_results()["t1"]["content"] == ("ran" if lifecycle == NEW else inside)
    if lifecycle == NEW:
        assert sentence in told(second, lifecycle)
    assert bench.journal.of("hook.ended", event="PostToolUse")[0]["effects"]["decision"] == "block"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("how", ["block", "exit 2"])
def test_a_stop_hook_makes_the_agent_go_on(
    how: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[text("first"), text("second")])
    bench = make_bench(model)
    block = prints({"decision": "block", "reason": "REASON"})
    command = ONCE.format(block if how == "block" else "echo REASON >&2; exit 2")
    bench.hook("Stop", command)
    running = play(bench, lifecycle)
    stops = [record["payload"] for record in journal.of("hook.started", event="Stop")]
    assert [(stop["stop_hook_active"], stop["last_assistant_message"]) for stop in stops] == [
        (False, "first"),
        (True, "second"),
    ]
    origin = "\nThis hook comes from the codex@inline plugin." if lifecycle == NEW else ""
    reason = "REASON" if how == "block" else f"[{command}]: REASON\n{origin}"
    assert f"Stop hook feedback:\n{reason}" in model.of("main")[1].texts()
    assert running.results() == ["second"]


def test_a_host_that_has_enough_of_objections_ends_the_turn(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text(f"answer {number}") for number in range(1, 11)])
    bench = make_bench(model)
    bench.hook("Stop", prints({"decision": "block", "reason": "REASON"}))
    running = play(bench, NEW)
    assert len(bench.journal.of("hook.started", event="Stop")) == len(model.of("main")) == 9
    assert running.results() == [""]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_context_of_a_stop_hook(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("first"), text("second")])
    bench = make_bench(model)
    bench.hook("Stop", ONCE.format(prints(specific("Stop", additionalContext="CTX")).removesuffix("; exit 0")))
    running = play(bench, lifecycle)
    if lifecycle == NEW:
        assert "Stop hook additional context: CTX" in reminders(model.of("main")[1])
        assert running.results() == ["second"]
    else:
        assert len(model.of("main")) == 1
        assert running.results() == ["first"]


def test_a_subagents_stop_hook_makes_the_subagent_go_on(make_model: MakeModel, make_bench: MakeBench) -> None:
    agent = call("Agent", id="a1", prompt="[hookproof:agent=sub] go", description="d")
    model = make_model(main=[agent, text("done")], sub=[text("first"), text("second")])
    bench = make_bench(model)
    bench.hook(
        "SubagentStop", ONCE.format(prints({"decision": "block", "reason": "REASON"})), matcher="general-purpose"
    )
    play(bench, "claude-2.1.91")
    assert "Stop hook feedback:\nREASON" in model.of("sub")[1].texts()
    assert model.of("main")[1].tool_results()["a1"]["content"][0] == {"type": "text", "text": "second"}


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("how", ["block", "exit 2"])
def test_a_blocked_prompt_never_reaches_the_model(
    how: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[text("second turn")])
    bench = make_bench(model)
    block = prints({"decision": "block", "reason": "REASON"})
    bench.hook("UserPromptSubmit", ONCE.format(block if how == "block" else "echo REASON >&2; exit 2"))
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] secret")
    running.turn_ended()
    running.say("[hookproof:agent=main] allowed")
    running.turn_ended(2)
    assert running.finish() == 0
    assert not any("secret" in words for request in model.requests for words in request.texts())
    first, second = running.results()
    assert second == "second turn"
    if lifecycle == NEW:
        assert first.startswith("UserPromptSubmit operation blocked by hook:\n")
        assert first.endswith("\n\nOriginal prompt: [hookproof:agent=main] secret")
    else:
        assert first == ""


def test_continue_false_of_a_prompt_hook_keeps_the_prompt(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("second turn")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", ONCE.format(prints({"continue": False, "stopReason": "WHY"})))
    running = bench.start(lifecycle=NEW, turn="[hookproof:agent=main] one")
    running.turn_ended()
    running.say("two")
    running.turn_ended(2)
    assert running.finish() == 0
    assert "Operation stopped by hook: WHY" in model.of("main")[0].texts()
    assert running.results()[0] == "Operation stopped by hook: WHY"


@pytest.mark.parametrize("event", ["PreToolUse", "PostToolUse"])
def test_continue_false_of_a_tool_hook_ends_the_turn_after_the_tool(
    event: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[tool(), text("never")])
    bench = make_bench(model)
    bench.hook(event, prints({"continue": False, "stopReason": "WHY"}))
    bench.hook("Stop", ":")
    running = play(bench, "claude-2.1.91")
    assert (bench.project / "trace").exists()
    assert len(model.requests) == 1
    (result,) = running.lines("result", "success")
    assert (result["result"], result["stop_reason"], result["terminal_reason"]) == ("", "tool_use", "hook_stopped")
    assert bench.journal.events(event="Stop") == []
    assert bench.journal.of("hook.ended", event=event)[0]["effects"]["stop"] is not None
