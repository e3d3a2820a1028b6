"""Ends before their time: budgets, timeouts, signals, the processes that are ended with them and those that are not."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from pathlib import Path

import claude_facts as facts
import psutil
import pytest
from claude_bench import Bench, release
from claude_journal import Journal
from conftest import MakeBench, MakeModel
from scripted_model import call, text

HELLO = "[hookproof:agent=main] hello"
NEW = "claude-2.1.329"
SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="signals: POSIX")

STUBBORN = "trap '' TERM; echo here > reached; while :; do cat fifo; done"
"""Takes no SIGTERM, and has a child of its own. `reached` is a fifo that the test reads."""


def heard(path: Path) -> str:
    """What somebody writes into a fifo."""
    return path.read_text().strip()


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_budget_of_session_end_kills_a_hook_that_declares_more(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.fifo("fifo")
    reached = bench.fifo("reached")
    bench.hook("SessionEnd", STUBBORN, timeout=30)
    bench.hook("SessionEnd", "exit 0", timeout=30)
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    running.end_input()
    assert heard(reached) == "here"
    assert running.wait() == 0
    killed, finished = sorted(journal.of("hook.ended", event="SessionEnd"), key=lambda record: record["exit"] or 0)
    killed, finished = (killed, finished) if killed["signal"] else (finished, killed)
    assert (killed["signal"], killed["exit"], killed["ended_by"]) == (9, None, "budget")
    assert (finished["signal"], finished["exit"], finished["ended_by"]) == (None, 0, "itself")
    assert "failed: Hook cancelled" in running.errors()


def test_the_hosts_own_knob_for_the_budget(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.fifo("fifo")
    bench.environment["CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"] = "100"
    bench.hook("SessionEnd", "cat fifo", timeout=30)
    running = bench.start(turn=HELLO)
    assert running.finish() == 0
    (ended,) = journal.of("hook.ended")
    assert (ended["signal"], ended["ended_by"]) == (9, "budget")


@pytest.mark.parametrize(
    ("rows", "declared", "said", "reached"),
    [
        # too short for any program: whoever lives by it is cut
        ({"session_end_budget_ms": 1}, None, None, "budget"),
        ({"session_end_budget_ms": 1}, None, "60000", "itself"),
        ({"session_end_budget_ms": 1}, 30, "60000", "itself"),
        ({"session_end_budget_ms": 1}, 0.001, "60000", "timeout"),
        ({"session_end_budget_ms": 1}, None, "soon", "budget"),
        ({"session_end_budget_ms": 1}, None, "0", "budget"),
        ({"session_end_budget_ms": 1, "session_end_budget_variable": ""}, 30, "60000", "budget"),
        ({"session_end_budget_ms": 1, "session_end_budget_raises": "declared timeouts"}, None, "60000", "budget"),
        ({"session_end_budget_ms": 1, "session_end_budget_raises": "declared timeouts"}, 30, "60000", "itself"),
    ],
    ids=[
        *("its own", "raised", "raised, declares more", "raised, declares less", "no number", "nothing"),
        *("raised by nothing", "spares who declares nothing", "raises who declares something"),
    ],
)
def test_who_is_given_more_time_by_the_hosts_own_knob(
    rows: dict[str, object],
    declared: float | None,
    said: str | None,
    reached: str,
    make_model: MakeModel,
    make_bench: MakeBench,
    journal: Journal,
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    if said is not None:
        bench.environment["CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"] = said
    bench.rows = rows
    # who is to be cut never ends by itself: a busy host may be late
    code = "pass" if reached == "itself" else "import time; time.sleep(600)"
    bench.hook("SessionEnd", f"exec {shlex.quote(sys.executable)} -I -S -c {shlex.quote(code)}", timeout=declared)
    running = bench.start(turn=HELLO)
    assert running.finish() == 0
    (ended,) = journal.of("hook.ended")
    assert ended["ended_by"] == reached


def test_as_reported_a_subagents_session_end_has_the_same_budget(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    agent = call("Agent", id="a", prompt="[hookproof:agent=sub] go", run_in_background=False)
    bench = make_bench(make_model(main=[agent, text("done")], sub=[text("ok")]))
    bench.fifo("fifo")
    bench.rows = {"session_end_budget_ms": 100}
    bench.hook("SessionEnd", "cat fifo", timeout=30)
    running = bench.start(lifecycle="as-reported-345", turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    ended = journal.of("hook.ended")
    assert [(record["signal"], record["ended_by"]) for record in ended] == [(9, "budget"), (9, "budget")]
    assert [bool(record["agent_id"]) for record in ended] == [True, False]
    assert journal.items.index(ended[0]) < journal.position("subagent.ended")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_signal_that_ends_a_hook_at_its_timeout(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[call("Bash", id="t", command="echo ran"), text("done")])
    bench = make_bench(model)
    bench.fifo("fifo")
    denial = '{"decision":"block","reason":"too late"}'
    bench.hook("PreToolUse", f"echo '{denial}'; cat fifo", timeout=0.2)
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    (ended,) = journal.of("hook.ended")
    assert (ended["signal"], ended["ended_by"]) == (15 if lifecycle == NEW else 9, "timeout")
    assert (ended["effects"]["output"], ended["limit"]) == ("not read", 0.2)
    assert model.of("main")[1].tool_results()["t"]["content"] == "ran"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_timeout_ends_the_whole_tree_of_a_hook(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.fifo("fifo")
    reached = bench.fifo("reached")
    bench.hook("UserPromptSubmit", "setsid sh -c 'echo here > reached; cat fifo' & cat fifo; true", timeout=1)
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    assert heard(reached) == "here"
    running.turn_ended()
    assert running.finish() == 0
    assert bench.strays() == []


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_whose_process_group_a_hook_runs_in(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "ps -o pgid= -p $$")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    (started,) = journal.of("hook.started")
    group = started["pid"] if lifecycle == NEW else running.process.pid
    assert started["pgid"] == group
    assert int(journal.of("hook.ended")[0]["stdout"]) == group
    assert started["cwd"] == str(bench.project)


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_command_over_its_time_goes_on_in_the_background(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    command = call("Bash", id="t", command="echo early; cat fifo", description="job", timeout=1)
    model = make_model(main=[command, text("moved"), text("told")])
    bench = make_bench(model)
    bench.hook_everything()
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    content = model.of("main")[1].tool_results()["t"]["content"]
    identity = journal.of("hook.started", event="PostToolUse")[0]["payload"]["tool_response"]["backgroundTaskId"]
    if lifecycle == NEW:
        assert content.startswith(
            f"early\nCommand did not complete within its 2s timeout and was moved to the background (ID: {identity})."
        )
    else:
        assert content.startswith(f"Command running in background with ID: {identity}. Output is being written to: ")
    release(fifo, "late\n")
    running.turn_ended(2)
    assert running.finish() == 0
    output = Path(journal.of("shell.started")[0]["output_file"]).read_text()
    assert output.startswith("early\nlate\n")
    assert journal.of("shell.ended")[0]["ended_by"] == "itself"


def test_a_command_over_its_time_dies_where_there_is_no_background(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[call("Bash", id="t", command="echo early; cat fifo", timeout=1), text("done")])
    bench = make_bench(model)
    bench.fifo("fifo")
    bench.environment["CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"] = "1"
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    result = model.of("main")[1].tool_results()["t"]
    assert (result["content"], result["is_error"]) == ("Exit code 143\nearly", True)
    (ended,) = journal.of("shell.ended")
    assert (ended["signal"], ended["ended_by"]) == (9, "timeout")


def test_a_foreground_command_waits_for_nobody_but_itself(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[call("Bash", id="t", command="cat fifo & echo quick"), text("done")])
    bench = make_bench(model)
    fifo = bench.fifo("fifo")
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    assert model.of("main")[1].tool_results()["t"]["content"] == "quick"
    assert not Path(journal.of("shell.ended")[0]["output_file"]).exists()
    (stray,) = bench.strays()
    release(fifo)
    psutil.wait_procs([stray], 10)


def signalled(bench: Bench, number: str, lifecycle: str) -> int:
    """The exit code of a host that is signalled while a foreground and a background shell run."""
    bench.hook_everything()
    bench.fifo("fifo")
    reached = [bench.fifo(name) for name in ("bg", "fg")]
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    assert [heard(path) for path in reached] == ["here", "here"]
    running.process.send_signal(signal.Signals[number])
    code = running.wait()
    assert running.errors() == ""
    return code


@SIGNALS
@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 143), ("SIGINT", 0), ("SIGHUP", 129)])
@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_signal_ends_the_session(
    lifecycle: str, number: str, code: int, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    background = call("Bash", command="echo here > bg; exec cat fifo", run_in_background=True)
    model = make_model(main=[background, call("Bash", command="echo here > fg; exec cat fifo"), text("never")])
    bench = make_bench(model)
    assert signalled(bench, number, lifecycle) == code
    assert journal.of("session.ended")[0]["reason"] == "other"
    assert journal.of("hook.started")[-1]["event"] == "SessionEnd"
    ended = journal.of("shell.ended")
    if lifecycle == NEW:
        assert {record["ended_by"] for record in ended} == {"host at session end"}
        assert len(ended) == 2
        assert bench.strays() == []
    else:
        assert ended == []
        assert len(bench.end_strays()) == 2


@SIGNALS
def test_a_signal_while_the_model_is_silent(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    never = threading.Event()
    model = make_model(
        main=[call("Agent", prompt="[hookproof:agent=sub] go"), text("never")], sub=[text("never", gate=never)]
    )
    bench = make_bench(model)
    running = bench.start(turn=HELLO)
    model.wait(lambda request: request.agent == "sub", "the subagent's request")
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 143
    never.set()
    assert journal.of("subagent.ended")[0]["how"] == "killed"
    assert journal.kinds()[-1] == "session.ended"


def test_a_signal_while_a_hook_runs(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    bench = make_bench(make_model())
    bench.fifo("fifo")
    bench.hook("UserPromptSubmit", "cat fifo & cat fifo")
    running = bench.start(turn=HELLO)
    journal.wait_for("hook.started")
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 143
    (ended,) = journal.of("hook.ended")
    assert (ended["signal"], ended["ended_by"]) == (9, "host")


def test_a_killed_host_leaves_its_shells(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[call("Bash", id="fg", command="echo here > reached; exec cat fifo")]))
    bench.fifo("fifo")
    reached = bench.fifo("reached")
    running = bench.start(turn=HELLO)
    assert heard(reached) == "here"
    shell = psutil.Process(bench.journal.of("shell.started")[0]["pid"])
    running.process.kill()
    assert running.wait() == -9
    assert shell.is_running()
    shell.kill()
    shell.wait(10)


def test_a_recorder_that_goes_away_does_not_stop_the_program(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    gate = threading.Event()
    model = make_model(main=[text("done", gate=gate)])
    running = make_bench(model).start(turn=HELLO)
    model.wait(lambda request: request.agent == "main", "the request")
    journal.drop()
    gate.set()
    assert running.finish() == 0
    assert running.results() == ["done"]


def test_the_host_goes_on_only_when_a_record_is_in_the_journal(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", ":")
    gate = journal.holds["hook.ended"] = threading.Event()
    running = bench.start(turn=HELLO)
    journal.wait_for("hook.ended")
    running.input_was_taken()
    assert model.requests == []
    gate.set()
    running.turn_ended()
    assert running.finish() == 0


def test_without_a_recorder_nothing_is_different(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    del bench.environment["HOOKPROOF_RECORDER"]
    running = bench.start(turn=HELLO)
    assert running.finish() == 0
    assert running.results() == ["done"]
