"""Hooks that nobody waits for (`async: true`): what the host does with them while it lives, and at its end."""

from __future__ import annotations

import json

import claude_facts as facts
import pytest
from claude_bench import release
from claude_hooks import HELLO, NEW, play, prints, specific, tool
from conftest import MakeBench, MakeModel
from scripted_model import call, text

measured = pytest.mark.parametrize("lifecycle", facts.MEASURED)


@measured
def test_it_is_not_waited_for_and_refuses_nothing(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[tool(), text("done")])
    bench = make_bench(model)
    gate = bench.fifo("gate")
    block = prints({"decision": "block", "reason": "REASON"}).removesuffix("; exit 0")
    for event in ("UserPromptSubmit", "PreToolUse", "Stop"):
        bench.hook(event, f"cat {gate}; {block}; exit 2", **{"async": True})
    running = play(bench, lifecycle)
    assert running.results() == ["done"]
    assert (bench.project / "trace").read_text() == "ran\n"


@measured
def test_what_still_runs_at_the_end_of_the_input_is_ended(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    gate = bench.fifo("gate")
    bench.hook("Stop", f"cat {gate}", **{"async": True})
    bench.hook("SessionEnd", "true")
    play(bench, lifecycle)
    (ended,) = bench.journal.of("hook.ended", event="Stop")
    assert (ended["signal"], ended["ended_by"]) == (15 if lifecycle == NEW else 9, "host")
    (begun,) = bench.journal.of("hook.started", event="Stop")
    (last,) = bench.journal.of("hook.started", event="SessionEnd")
    assert (begun["asynchronous"], last["asynchronous"]) == (True, False)
    assert bench.journal.items.index(ended) < bench.journal.items.index(last)


@measured
def test_context_of_one_that_has_ended_comes_with_the_next_request_or_never(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[call("Bash", id="t1", command="cat gate", description="d"), text("done")])
    bench = make_bench(model)
    gate = bench.fifo("gate")
    # the tool goes on only once the host has read all that the hook had to say
    bench.hook("UserPromptSubmit", prints(specific("UserPromptSubmit", additionalContext="LATE")), **{"async": True})
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    bench.journal.wait_for("hook.ended", event="UserPromptSubmit")
    release(gate)
    running.turn_ended()
    assert running.finish() == 0, running.errors()
    told = json.dumps([request.messages for request in model.of("main")])
    assert ("LATE" in told) is (lifecycle == NEW)
