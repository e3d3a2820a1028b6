"""At a terminal: what is typed, what is painted, and the ways in which a session ends there and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import threading

import claude_facts as facts
import pytest
from claude_journal import SECONDS, Journal
from conftest import MakeBench, MakeModel
from scripted_model import call, text

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from claude_bench import PROGRAM, release
from claude_keyboard import Keyboard

HELLO = "[hookproof:agent=main] hello"
CTRL_C, CTRL_D, CTRL_U, BACKSPACE = "\x03", "\x04", "\x15", "\x7f"


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_conversation(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[text("one"), text("two")])
    bench = make_bench(model)
    bench.hook_everything()
    keyboard = Keyboard(bench, lifecycle=lifecycle)
    keyboard.enter(HELLO)
    keyboard.sees("● one")
    keyboard.enter("/clear")
    journal.wait_for("session.started", how="clear")
    keyboard.enter("[hookproof:agent=main] again")
    keyboard.sees("● two")
    keyboard.enter("/exit")
    assert keyboard.wait() == 0
    assert keyboard.modes_after == keyboard.modes_before
    first, second = journal.of("session.started")
    ends = [(record["session_id"], record["reason"]) for record in journal.of("session.ended")]
    assert ends == [(first["session_id"], "clear"), (second["session_id"], "prompt_input_exit")]
    assert [record["text"] for record in journal.of("turn.ended")] == ["one", "two"]
    assert not any("hello" in words for words in model.of("main")[1].texts())


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_what_hooks_see_of_it(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    bench = make_bench(make_model(main=[text("one")]))
    bench.hook_everything()
    keyboard = Keyboard(bench, lifecycle=lifecycle)
    keyboard.enter(HELLO)
    keyboard.sees("● one")
    keyboard.enter("/exit")
    keyboard.wait()
    runs = {record["event"]: record for record in journal.of("hook.started")}
    keys = ["session_id", "transcript_path", "cwd", "hook_event_name", "source", "model"]
    assert list(runs["SessionStart"]["payload"]) == keys
    assert {record["env"]["CLAUDE_CODE_ENTRYPOINT"] for record in runs.values()} == {"cli"}
    attended = {record["env"].get("CLAUDE_CODE_SESSION_ATTENDED") for record in runs.values()}
    assert attended == ({"1"} if lifecycle == "claude-2.1.329" else {None})
    shell = journal.of("shell.environment")[0]["env"]
    assert shell["CLAUDE_CODE_ENTRYPOINT"] == "cli"


def test_the_prompt_of_the_command_line_is_the_first_turn(make_model: MakeModel, make_bench: MakeBench) -> None:
    keyboard = Keyboard(make_bench(make_model(main=[text("one")])), HELLO)
    keyboard.sees("● one")
    keyboard.enter("/exit")
    assert keyboard.wait() == 0


@pytest.mark.parametrize(("key", "name"), [(CTRL_C, "Ctrl-C"), (CTRL_D, "Ctrl-D")])
def test_a_key_pressed_twice_ends_the_session(
    key: str, name: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    keyboard = Keyboard(make_bench(make_model(main=[text("one")])))
    journal.wait_for("session.started")
    keyboard.press(key)
    keyboard.sees(f"Press {name} again to exit")
    keyboard.enter(HELLO)
    keyboard.sees("● one")
    keyboard.press(key)
    keyboard.sees(f"Press {name} again to exit", nth=2)
    assert journal.of("session.ended") == []
    keyboard.press(key)
    assert keyboard.wait() == 0
    assert [record["reason"] for record in journal.of("session.ended")] == ["prompt_input_exit"]


def test_a_line_can_be_mended(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("one")])
    keyboard = Keyboard(make_bench(model), columns=30)
    keyboard.press(f"nonsense{CTRL_U}more of it, as long as two lines{CTRL_C}\x1b")
    keyboard.enter(f"{HELLO}x{BACKSPACE}\N{LATIN SMALL LETTER E WITH ACUTE}")
    keyboard.sees("● one")
    keyboard.enter("")
    keyboard.enter("  /exit ")
    assert keyboard.wait() == 0
    (request,) = model.of("main")
    assert any(words == f"{HELLO}é" for words in request.texts())


def test_a_half_typed_line_survives_what_is_printed_meanwhile(make_model: MakeModel, make_bench: MakeBench) -> None:
    gate = threading.Event()
    model = make_model(main=[text("one", gate=gate), text("two")])
    keyboard = Keyboard(make_bench(model))
    keyboard.enter(HELLO)
    model.wait(lambda request: request.agent == "main", "the first request")
    keyboard.sees("esc to interrupt")
    keyboard.press("half")
    keyboard.sees("❯ half")
    gate.set()
    keyboard.sees("● one")
    keyboard.enter(" a line")
    keyboard.sees("● two")
    keyboard.enter("/exit")
    assert keyboard.wait() == 0
    assert "half a line" in model.of("main")[1].texts()


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("how", ["exit", "hang up"])
def test_background_shells_end_with_the_session(
    how: str, lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    bench = make_bench(make_model(main=[call("Bash", command="cat wait", run_in_background=True), text("one")]))
    bench.hook("SessionEnd", ":")
    bench.fifo("wait")
    keyboard = Keyboard(bench, lifecycle=lifecycle)
    keyboard.enter(HELLO)
    keyboard.sees("● one")
    if how == "exit":
        keyboard.enter("/exit")
    else:
        keyboard.hang_up()
    code = keyboard.wait()
    old = lifecycle == "claude-2.1.91"
    # measured: closed under it, the old one ends itself by SIGKILL
    assert code == (-9 if old and how == "hang up" else 0)
    (ended,) = journal.of("shell.ended")
    assert (ended["ended_by"], ended["signal"]) == ("host at session end", 9 if old else 15)
    assert journal.position("shell.ended") < journal.position("hook.started", event="SessionEnd")
    (end,) = journal.of("session.ended")
    assert end["reason"] == ("prompt_input_exit" if how == "exit" else "other")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_whether_an_agent_is_waited_for(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    ask = {"subagent_type": "codex:codex-rescue", "prompt": "[hookproof:agent=sub] go", "description": "do it"}
    model = make_model(
        main=[call("Agent", id="t", run_in_background=False, **ask), text("one"), text("two")],
        sub=[call("Bash", command="cat wait"), text("done")],
    )
    bench = make_bench(model)
    fifo = bench.fifo("wait")
    keyboard = Keyboard(bench, lifecycle=lifecycle)
    keyboard.enter(HELLO)
    journal.wait_for("shell.started")
    if lifecycle == "claude-2.1.329":
        keyboard.sees("● one")
        release(fifo)
        keyboard.sees("● two")
    else:
        release(fifo)
        keyboard.sees("● one")
    keyboard.enter("/exit")
    assert keyboard.wait() == 0
    ends = [(record["agent_id"] is None, record["text"]) for record in journal.of("turn.ended")]
    backwards = [(True, "one"), (False, "done"), (True, "two")]
    assert ends == (backwards if lifecycle == "claude-2.1.329" else [(False, "done"), (True, "one")])


def test_without_a_terminal_it_is_refused(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model())
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM)],
        env={**bench.environment, "HOOKPROOF_LIFECYCLE": str(bench.resolved("claude-2.1.91"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == "Error: this stand-in of claude converses at a terminal of POSIX only; call it with -p.\n"
