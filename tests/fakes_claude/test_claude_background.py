"""What runs in the background, and what comes in the middle of a turn: who is told, when, what the end waits for."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import claude_facts as facts
import pytest
from claude_bench import release
from claude_journal import Journal
from conftest import MakeBench, MakeModel
from scripted_model import call, calls, text

HELLO = "[hookproof:agent=main] hello"
AGENT = {"subagent_type": "codex:codex-rescue", "prompt": "[hookproof:agent=sub] go", "description": "do it"}


def test_exit_ends_background_work(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    never = threading.Event()
    model = make_model(
        main=[
            calls(
                ("Bash", {"command": "cat fifo", "run_in_background": True}),
                ("Agent", {**AGENT, "run_in_background": True}),
            ),
            text("launched"),
        ],
        sub=[text("never", gate=never)],
    )
    bench = make_bench(model)
    bench.fifo("fifo")
    running = bench.start(turn=HELLO)
    model.wait(lambda request: request.agent == "sub", "the subagent's request")
    running.turn_ended()
    running.say("/exit")
    assert running.wait() == 0
    never.set()
    assert journal.of("subagent.ended")[0]["how"] == "killed"
    (shell,) = journal.of("shell.ended")
    assert (shell["signal"], shell["ended_by"]) == (9, "host at session end")
    assert journal.kinds()[-1] == "session.ended"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_end_of_input_waits_for_background_work(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    gate = threading.Event()
    model = make_model(
        main=[
            calls(
                ("Bash", {"command": "cat fifo; exit 3", "description": "job", "run_in_background": True}),
                ("Agent", {**AGENT, "run_in_background": True}),
            ),
            text("launched"),
            text("told"),
            text("told again"),
        ],
        sub=[text("report", gate=gate)],
    )
    bench = make_bench(model)
    bench.hook_everything()
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    running.end_input()
    release(fifo)
    running.turn_ended(2)
    gate.set()
    assert running.wait() == 0, running.errors()
    assert journal.kinds()[-1] == "session.ended"
    prompts = [record["payload"]["prompt"] for record in journal.of("hook.started", event="UserPromptSubmit")]
    assert "<status>failed</status>" in prompts[1]
    assert '<summary>Background command "job" failed with exit code 3</summary>' in prompts[1]
    assert "<result>report</result>" in prompts[2]
    assert [record["status"] for record in journal.of("notification")] == ["failed", "completed"]


def test_the_new_host_ends_kept_shells_after_the_end_of_input(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    launched = threading.Event()
    model = make_model(
        main=[call("Agent", **AGENT), text("launched"), text("told")],
        sub=[call("Bash", command="cat fifo", run_in_background=True), text("waiting", gate=launched)],
    )
    bench = make_bench(model)
    bench.fifo("fifo")
    bench.rows = {"kept_shells_end_after_ms": 100}
    running = bench.start(lifecycle="claude-2.1.329", turn=HELLO)
    running.turn_ended()
    launched.set()
    running.turn_ended(2)
    assert running.finish() == 0, running.errors()
    (shell,) = journal.of("shell.ended")
    assert (shell["signal"], shell["ended_by"]) == (15, "host at session end")
    assert [line["status"] for line in running.lines("system", "task_notification")] == ["completed", "stopped"]
    assert Path(shell["output_file"]).read_text() == "\n[killed]\n"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_background_shell_of_main_is_told(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    launch = call("Bash", id="b", command="cat fifo", description="job", run_in_background=True)
    model = make_model(main=[launch, text("launched"), text("told")])
    bench = make_bench(model)
    bench.hook_everything()
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    assert running.result()["result"] == "launched"
    release(fifo, "the output\n")
    running.turn_ended(2)
    assert running.finish() == 0
    started = journal.of("shell.started")[0]
    output = Path(started["output_file"])
    new = lifecycle == "claude-2.1.329"
    assert output.read_text() == "the output\n" + ("\n[exited with code 0]\n" if new else "")
    assert output.is_relative_to(bench.temporary)
    identity = output.name.removesuffix(".output")
    assert (len(identity), identity[0]) == (9, "b")
    assert f"ID: {identity}. Output is being written to: {output}" in model.of("main")[1].tool_results()["b"]["content"]
    response = journal.of("hook.started", event="PostToolUse")[0]["payload"]["tool_response"]
    assert (response["stdout"], response["backgroundTaskId"]) == ("", identity)
    words = model.of("main")[2].texts()[-1] if not new else "\n".join(model.of("main")[2].texts())
    assert f"<output-file>{output}</output-file>\n<status>completed</status>" in words
    assert ("[SYSTEM NOTIFICATION - NOT USER INPUT]" in words) is new
    assert started["pgid"] == started["pid"]
    assert journal.of("shell.ended")[0]["output_bytes"] == len("the output\n")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_task_that_ends_in_mid_turn(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    answered = threading.Event()
    model = make_model(
        main=[
            call("Bash", id="b", command="cat fifo", description="job", run_in_background=True),
            call("Bash", id="f", command="cat second", description="fg"),
            text("done", gate=answered),
            text("told"),
        ]
    )
    bench = make_bench(model)
    bench.hook_everything()
    first, second = bench.fifo("fifo"), bench.fifo("second")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    journal.wait_for("shell.started", tool_use_id="f")
    release(first)
    journal.wait_for("shell.ended")
    if lifecycle == "claude-2.1.329":
        running.stream.wait(lambda line: line.get("subtype") == "task_notification", "the notice on the stream")
    release(second)
    answered.set()
    running.turn_ended()
    new = lifecycle == "claude-2.1.329"
    if not new:
        running.turn_ended(2)
    assert running.finish() == 0
    told_in_turn = any("<task-notification>" in words for words in model.of("main")[2].texts())
    assert told_in_turn is new
    assert running.results() == (["done"] if new else ["done", "told"])
    assert journal.events().count("UserPromptSubmit") == 2


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_line_typed_in_mid_turn(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[call("Bash", id="f", command="cat fifo"), text("done"), text("later")])
    bench = make_bench(model)
    bench.hook_everything()
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    journal.wait_for("shell.started")
    running.say("typed meanwhile")
    running.send(json.dumps({"type": "control", "why": "only user lines are turns"}))
    running.say("/nosuch")
    answer = running.input_was_taken()["response"]
    assert answer["error"] == "Unsupported control request subtype: nonsense"
    assert answer.get("error_code") == ("unsupported_request" if lifecycle == "claude-2.1.329" else None)
    release(fifo, "out")
    running.turn_ended()
    assert running.finish() == 0, running.errors()
    new = lifecycle == "claude-2.1.329"
    second = model.of("main")[1]
    content = second.tool_results()["f"]["content"]
    told = "The user sent a new message while you were working:\ntyped meanwhile"
    assert (told in content) is not new
    system = [words for m in second.messages if m["role"] == "system" for words in [m["content"][0]["text"]]]
    assert any(told in words for words in system) is new
    prompts = [record["payload"]["prompt"] for record in journal.of("hook.started", event="UserPromptSubmit")]
    assert prompts == ([HELLO, "typed meanwhile", "/nosuch"] if new else [HELLO])
    assert running.results()[-1] == ("later" if new else "Unknown skill: nosuch")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_line_typed_while_a_subagent_works_is_for_main(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(
        main=[call("Agent", id="a", **AGENT, run_in_background=False), text("done")],
        sub=[call("Bash", id="f", command="cat fifo"), text("sub done")],
    )
    bench = make_bench(model)
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    journal.wait_for("shell.started")
    running.say("typed meanwhile")
    running.send("")
    running.input_was_taken()
    release(fifo)
    running.turn_ended()
    assert running.finish() == 0
    told = "The user sent a new message while you were working:\ntyped meanwhile"
    assert not any(told in words for words in model.of("sub")[1].texts())
    assert any(told in words for words in model.of("main")[1].texts())
