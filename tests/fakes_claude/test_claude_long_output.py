"""Hooks that print without measure: the run goes on, the record is cut and says so, and the host stays small."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from claude_bench import Running
from claude_hooks import prints, specific, told
from conftest import MakeBench, MakeModel
from scripted_model import text

MIB = 1024 * 1024
LIFECYCLE = "claude-2.1.91"
NESTED = "print('{\"a\": ' + '[' * 200000 + ']' * 200000 + '}')"


def python(code: str) -> str:
    return shlex.join([sys.executable, "-I", "-S", "-c", f"import os, sys\n{code}"])


def largest(running: Running) -> int:
    """The most memory that the program has ever had, in bytes; while it lives."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def played(make_model: MakeModel, make_bench: MakeBench, command: str, event: str = "SessionStart", **hook: Any) -> Any:
    """One turn with this hook. The model, the record of the hook's end, the most memory that the program had."""
    model = make_model(main=[text("done")])
    bench = make_bench(model)
    bench.hook(event, command, **hook)
    running = bench.start(lifecycle=LIFECYCLE, turn="Hello [hookproof:agent=main]")
    ended = bench.journal.wait_for("hook.ended", event=event)
    assert running.result()["result"] == "done"
    size = largest(running) if sys.platform == "linux" else 0
    assert running.finish() == 0
    assert "Traceback" not in running.errors()
    return model, ended, size


@pytest.mark.parametrize(("stream", "number"), [("stdout", 1), ("stderr", 2)])
def test_a_hundred_megabytes_are_read_to_their_end_and_cut_in_the_record(
    stream: str, number: int, make_model: MakeModel, make_bench: MakeBench
) -> None:
    much = python(f"f = os.fdopen({number}, 'wb')\nfor _ in range(100): f.write(b'x' * {MIB})\nf.flush()")
    _, ended, size = played(make_model, make_bench, much)
    assert (ended["exit"], ended["ended_by"]) == (0, "itself")
    assert ended[stream] == "x" * MIB
    assert ended[f"{stream}_bytes"] == 100 * MIB
    assert "stdout_bytes" not in ended or stream == "stdout"
    assert size < 120 * MIB


def test_what_is_not_longer_is_whole_and_says_nothing_of_its_length(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    _, ended, _ = played(make_model, make_bench, python(f"print('x' * {MIB - 1})"))
    assert ended["stdout"] == "x" * (MIB - 1) + "\n"
    assert "stdout_bytes" not in ended


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_hook_that_prints_without_end_is_ended_at_its_timeout(
    descriptor: int, make_model: MakeModel, make_bench: MakeBench
) -> None:
    endless = python(f"while True: os.write({descriptor}, b'y' * 65536)")
    _, ended, size = played(make_model, make_bench, endless, timeout=1)
    assert (ended["exit"], ended["signal"], ended["ended_by"]) == (None, 9, "timeout")
    assert ended["stdout_bytes" if descriptor == 1 else "stderr_bytes"] > MIB
    assert size < 120 * MIB


def test_who_prints_without_end_for_a_hook_that_has_gone_holds_nobody_up(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    """The output is awaited for as long as the lifecycle says, and no longer because there is more and more of it."""
    bench = make_bench(make_model(main=[text("done")]))
    bench.rows = {"hook_holds_stdout": {"is_awaited": False, "grace_ms": 0, "denies": []}}
    bench.hook("SessionStart", python("if os.fork() == 0:\n    while True: os.write(1, b'y' * 65536)"))
    running = bench.start(lifecycle=LIFECYCLE, turn="Hello [hookproof:agent=main]")
    ended = bench.journal.wait_for("hook.ended", event="SessionStart")
    assert (ended["exit"], ended["ended_by"]) == (0, "itself")
    assert running.result()["result"] == "done"
    assert running.finish() == 0
    bench.end_strays()


def test_a_document_longer_than_the_stand_in_keeps_is_not_taken_and_told(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    document = '{"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "%s"}}'
    _, ended, _ = played(make_model, make_bench, python(f"print('{document}' % ('x' * {5 * MIB}))"))
    assert ended["effects"]["output"] == "unknown"
    assert "longer than this stand-in keeps" in ended["effects"]["words"]
    assert ended["stdout_bytes"] > 5 * MIB


def test_a_document_that_is_nested_too_deep_counts_as_broken_and_is_told(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    _, ended, _ = played(make_model, make_bench, python(NESTED))
    assert "nested deeper" in ended["effects"]["words"]
    assert (ended["effects"]["output"], "context" in ended["effects"]) == ("unknown", True)


@pytest.mark.parametrize("event", ["SessionStart", "UserPromptSubmit"])
def test_half_a_surrogate_pair_breaks_neither_stream_nor_request_nor_record(
    event: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model, ended, _ = played(make_model, make_bench, prints(specific(event, additionalContext="A\ud800B")), event)
    assert (ended["effects"]["output"], "context" in ended["effects"]) == ("taken", True)
    assert json.loads(ended["stdout"])["hookSpecificOutput"]["additionalContext"] == "A\ud800B"
    (request,) = model.of("main")
    assert any("A\ud800B" in sentence for sentence in told(request, LIFECYCLE))


@pytest.mark.parametrize(
    ("printed", "seen"),
    [(r"a\0b", "a\0b"), (r"\377\376{\303(\200", "\ufffd\ufffd{\ufffd(\ufffd"), (r"\355\240\200", "\ufffd\ufffd\ufffd")],
    ids=["NUL", "no UTF-8", "a surrogate's bytes"],
)
def test_bytes_that_are_no_text_are_replaced(
    printed: str, seen: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    _, ended, _ = played(make_model, make_bench, f"printf '{printed}'")
    assert ended["stdout"] == seen
