"""What hooks print and what of it reaches the model, on every lifecycle in its place; hooks that misbehave."""

from __future__ import annotations

import claude_facts as facts
import pytest
from claude_bench import release
from claude_hooks import HELLO, NEW, play, prints, specific, told, tool
from conftest import MakeBench, MakeModel
from scripted_model import call, text


@pytest.mark.parametrize("lifecycle", facts.SESSIONS)
def test_contexts_reach_the_model_where_the_lifecycle_puts_them(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    agent = call(
        "Agent",
        id="a1",
        subagent_type="codex:codex-rescue",
        prompt="[hookproof:agent=sub] go",
        description="d",
        run_in_background=False,
    )
    model = make_model(main=[tool(), agent, text("done")], sub=[text("sub done")])
    bench = make_bench(model)
    for event in ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "SubagentStart"):
        matcher = "Bash" if event.endswith("ToolUse") else None
        bench.hook(event, prints(specific(event, additionalContext=f"CTX of {event}")), matcher=matcher)
    play(bench, lifecycle)
    first, second, third = model.of("main")
    own = ["SessionStart hook additional context: CTX of SessionStart"]
    head = [*own, "UserPromptSubmit hook additional context: CTX of UserPromptSubmit"]
    tools = [f"{event}:Bash hook additional context: CTX of {event}" for event in ("PreToolUse", "PostToolUse")]
    assert told(first, lifecycle) == head
    assert told(second, lifecycle) == [*head, *tools]
    assert told(third, lifecycle) == [*head, *tools]
    in_sub = own if lifecycle == "as-reported-345" else []
    assert told(model.of("sub")[0], lifecycle) == [
        *in_sub,
        "SubagentStart hook additional context: CTX of SubagentStart",
    ]
    assert first.messages[0]["content"][-1] == {"type": "text", "text": HELLO}
    if lifecycle == NEW:
        assert [message["role"] for message in second.messages] == ["user", "system", "assistant", "user", "system"]
    else:
        assert [message["role"] for message in second.messages] == ["user", "assistant", "user"]
        kinds = [block["type"] for block in second.messages[2]["content"]]
        assert kinds == ["tool_result", "text", "text"]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_plain_text_counts_for_two_events_alone(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    for event in ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"):
        bench.hook(event, f"echo plain of {event}")
    play(bench, lifecycle)
    assert told(model.of("main")[-1], lifecycle) == [
        "SessionStart:startup hook success: plain of SessionStart",
        "UserPromptSubmit hook success: plain of UserPromptSubmit",
    ]
    assert all(
        record["effects"] == {"output": "taken"} for record in bench.journal.of("hook.ended", event="PreToolUse")
    )
    assert bench.journal.of("hook.ended", event="SessionStart")[0]["effects"]["context"] == "plain of SessionStart"


def test_contexts_of_several_start_hooks_stand_behind_one_prefix(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    slow = bench.fifo("slow")
    bench.hook("SessionStart", f"read -r _ < {slow}; {prints(specific('SessionStart', additionalContext='one'))}")
    bench.hook("SessionStart", f"echo go > {slow}; {prints(specific('SessionStart', additionalContext='two'))}")
    play(bench, "claude-2.1.91")
    assert told(model.of("main")[0], "claude-2.1.91") == ["SessionStart hook additional context: one\ntwo"]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_same_command_of_one_plugin_runs_once_an_event(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    for matcher in ("Bash", "B.*", "Edit"):
        bench.hook("PreToolUse", "echo same", matcher=matcher)
    bench.hook("PreToolUse", "echo other")
    play(bench, lifecycle)
    assert [record["command"] for record in bench.journal.of("hook.started")] == ["echo same", "echo other"]


GARBAGE = [
    "{broken: ",
    '["CTX"]',
    "null",
    'a log line\n{"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": "CTX"}}',
]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("printed", GARBAGE)
def test_what_is_not_one_object_is_plain_text(
    printed: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", prints(printed))
    play(bench, lifecycle)
    assert told(model.of("main")[0], lifecycle) == [f"UserPromptSubmit hook success: {printed.strip()}"]


def test_bytes_that_are_not_text_do_no_harm(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", "printf 'a\\377\\000b'; printf '\\376' >&2")
    play(bench, "claude-2.1.91")
    assert told(model.of("main")[0], "claude-2.1.91") == ["UserPromptSubmit hook success: a\ufffd\x00b"]
    assert bench.journal.of("hook.ended", event="UserPromptSubmit")[0]["stderr"] == "\ufffd"


@pytest.mark.parametrize("event", ["PreToolUse", "PostToolUse", "UserPromptSubmit", "SessionStart", "Stop"])
def test_any_other_exit_code_is_ignored(event: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    bench.hook(event, prints("CTX", code=1, errors="CTX"))
    running = play(bench, "claude-2.1.91")
    assert running.results() == ["done"]
    assert told(model.of("main")[-1], "claude-2.1.91") == []
    assert bench.journal.of("hook.ended", event=event)[0]["effects"]["output"] == "not read"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_failed_command_fires_its_own_event(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[call("Bash", id="t1", command="echo o; echo e >&2; exit 3"), text("done")])
    bench = make_bench(model)
    bench.hook_everything()
    bench.hook("PreToolUse", prints(specific("PreToolUse", additionalContext="CTX")))
    play(bench, lifecycle)
    assert "PostToolUse" not in bench.journal.events()
    payload = bench.journal.of("hook.started", event="PostToolUseFailure")[0]["payload"]
    assert (payload["error"], payload["is_interrupt"]) == ("Exit code 3\no\ne", False)
    second = model.of("main")[1]
    assert (second.tool_results()["t1"]["content"], second.tool_results()["t1"]["is_error"]) == (
        "Exit code 3\no\ne",
        True,
    )
    lost = lifecycle != NEW
    assert bool(told(second, lifecycle)) is not lost


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_grandchild_that_holds_a_hooks_stdout(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    held = bench.fifo("held")
    context = prints(specific("UserPromptSubmit", additionalContext="CTX")).removesuffix("; exit 0")
    bench.hook("UserPromptSubmit", f"cat {held} & {context}")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    if lifecycle == NEW:
        running.turn_ended()
        release(held)
    else:
        bench.journal.wait_for("hook.started", event="UserPromptSubmit")
        release(held)
        running.turn_ended()
    assert running.finish() == 0
    assert told(model.of("main")[0], lifecycle) == ["UserPromptSubmit hook additional context: CTX"]


def test_the_new_host_denies_a_tool_whose_hook_is_still_held(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    held = bench.fifo("held")
    allow = prints(specific("PreToolUse", permissionDecision="allow")).removesuffix("; exit 0")
    bench.hook("PreToolUse", f"cat {held} & {allow}")
    running = bench.start(lifecycle=NEW, turn=HELLO)
    running.turn_ended()
    release(held)
    assert running.finish() == 0
    assert not (bench.project / "trace").exists()
    assert "its stdio went quiet before end-of-stream" in model.of("main")[1].tool_results()["t1"]["content"]


def test_a_hook_that_reads_nothing_of_a_large_payload(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", "exec <&-; echo CTX")
    running = bench.start(turn=HELLO + "x" * 300_000)
    running.turn_ended()
    assert running.finish() == 0
    assert told(model.of("main")[0], "claude-2.1.91") == ["UserPromptSubmit hook success: CTX"]


def test_a_hook_that_prints_a_lot_before_it_reads(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", "head -c 300000 /dev/zero | tr '\\0' y; wc -c >&2")
    running = bench.start(turn=HELLO + "x" * 300_000)
    running.turn_ended()
    assert running.finish() == 0
    (ended,) = bench.journal.of("hook.ended", event="UserPromptSubmit")
    assert len(ended["stdout"]) == 300_000
    assert int(ended["stderr"]) > 300_000
