"""The table of events: every moment asks it, and a row alone makes an event fire that no lifecycle ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from claude_bench import ROOT, Bench
from claude_fake.lifecycle import MOMENTS, WHOSE, Lifecycle
from claude_hooks import play, prints, specific, told, tool
from conftest import MakeBench, MakeModel
from scripted_model import ScriptedModel, call, text
from standin.rows import Events, LifecycleError

from hookproof.catalogue.lifecycle import lifecycle_files, read_lifecycle, resolve

FILES = [path for path in lifecycle_files() if path.parents[1].name == "claude"]
CODE = "".join(path.read_text() for path in (ROOT / "claude_fake").glob("*.py") if path.stem != "lifecycle")

OWN = """
name = "own"
title = "A host that fires two events more than any that is known"
host = "claude"
extends = "claude-2.1.91"
alike = "the test's own"
[rows]
[events]
"tool is called" = {{ source = "the test's own", is = [
    {{ event = "PreToolUse", whose = "agent", context = "tool results" }},
    {{ event = "PermissionRequest", whose = "main", context = "{place}" }},
] }}
"subagent's turn ends" = {{ source = "the test's own", is = [
    {{ event = "SubagentRested", whose = "agent", says = {{ mood = "calm" }} }},
] }}
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_lifecycle_has_every_moment_that_the_program_asks_for(path: Path) -> None:
    resolved = resolve(read_lifecycle(path))
    assert set(resolved.events) == set(MOMENTS)
    assert all(f'"{moment}"' in CODE for moment in MOMENTS)
    Events(resolved.name, resolved.events, moments=MOMENTS, whose=WHOSE)


def bench_of_a_subagent(make_model: MakeModel, make_bench: MakeBench) -> tuple[Bench, ScriptedModel]:
    ask = {"subagent_type": "codex:codex-rescue", "prompt": "[hookproof:agent=sub] go", "description": "d"}
    model = make_model(main=[tool(), call("Agent", id="a1", **ask), text("done")], sub=[text("sub done")])
    return make_bench(model), model


@pytest.mark.parametrize("place", ["tool results", "nobody"])
def test_an_event_fires_through_a_row_alone(
    place: str, tmp_path: Path, make_model: MakeModel, make_bench: MakeBench
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN.format(place=place), encoding="utf-8")
    bench, model = bench_of_a_subagent(make_model, make_bench)
    for event, matcher in (("PreToolUse", "Bash"), ("PermissionRequest", "Bash"), ("SubagentRested", None)):
        bench.hook(event, prints(specific(event, additionalContext=f"CTX of {event}")), matcher=matcher)
    play(bench, str(own))
    before, asked, rested = bench.journal.of("hook.started")
    assert [record["event"] for record in (before, asked, rested)] == [
        "PreToolUse",
        "PermissionRequest",
        "SubagentRested",
    ]
    # nobody has said what these two are told: it is all that is known at the moment
    assert asked["payload"].items() >= {"tool_name": "Bash", "tool_use_id": "t1", "cwd": str(bench.project)}.items()
    assert (rested["payload"]["mood"], rested["payload"]["last_assistant_message"]) == ("calm", "sub done")
    assert rested["agent_type"] == "codex:codex-rescue"
    heard = ["PreToolUse:Bash hook additional context: CTX of PreToolUse"]
    if place != "nobody":
        heard.append("PermissionRequest hook additional context: CTX of PermissionRequest")
    assert told(model.of("main")[1], "claude-2.1.91") == heard


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"tool is used": []}, r"no moment 'tool is used' \(there is: session starts, "),
        ({"prompt": [{"event": "X", "whose": "mine"}]}, r"whose at 'prompt' says 'mine', expected one of \('main', "),
        (
            {"prompt": [{"event": "X", "whose": "main", "context": "tool results"}]},
            r"context at 'prompt' says 'tool results', expected one of \('prompt', 'nobody'\)",
        ),
        ({"prompt": [{"event": "X", "when": "now"}]}, "no table of events: .*'when'"),
    ],
)
def test_a_cell_that_means_nothing_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(LifecycleError, match=f"lifecycle 'x': {said}"):
        Events("x", table, moments=MOMENTS, whose=WHOSE)  # type: ignore[arg-type]


def test_a_moment_that_is_missing_is_named_when_it_comes() -> None:
    lifecycle = Lifecycle("x", {}, Events("x", {}, moments=MOMENTS, whose=WHOSE))
    with pytest.raises(LifecycleError, match="lifecycle 'x' has no row 'prompt'"):
        lifecycle.events.at("prompt")


def test_that_a_plugins_hooks_are_dropped_is_told_with_the_events_that_are_not_known(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "echo ran")
    bench.hook("MessageDisplay", "echo ran")
    play(bench, "claude-2.1.91")
    (dropped,) = bench.journal.of("hooks.dropped")
    assert (dropped["events"], dropped["release"]) == (["MessageDisplay"], "claude-2.1.91")
    assert not bench.journal.of("hook.started")


@pytest.mark.parametrize(
    ("declared", "unfit"), [(None, "hooks: null"), ({"NeverHeardOf": [], "Stop": []}, 'hooks: "NeverHeardOf"')]
)
def test_that_a_plugin_is_not_loaded_is_told_with_what_its_manifest_says(
    declared: object, unfit: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "echo ran")
    manifest = bench.plugin / ".claude-plugin" / "plugin.json"
    manifest.parent.mkdir(exist_ok=True)
    manifest.write_text(json.dumps({"name": "misfit", "hooks": declared}), encoding="utf-8")
    play(bench, "claude-2.1.91")
    (told,) = bench.journal.of("plugin.not_loaded")
    assert (told["plugin"], told["release"], told["unfit"]) == ("misfit", "claude-2.1.91", unfit)
    assert not bench.journal.of("hook.started")


def test_where_unknown_events_are_ignored_nothing_is_dropped(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "echo ran")
    bench.hook("NeverHeardOf", "echo ran")
    play(bench, "claude-2.1.329")
    assert not bench.journal.of("hooks.dropped")
    assert bench.journal.of("hook.started")


@pytest.mark.parametrize("matcher", ["startup", "clear"])
def test_an_event_for_which_no_hook_runs_is_told_with_what_a_matcher_is_held_against(
    matcher: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "echo ran", matcher=matcher)
    play(bench, "claude-2.1.91")
    told = [(each["event"], each["subject"]) for each in bench.journal.of("event.unheard")]
    assert told == [*([] if matcher == "startup" else [("SessionStart", "startup")]), ("UserPromptSubmit", "")]


@pytest.mark.parametrize("asked", [False, True])
def test_the_stream_tells_of_all_hooks_where_that_is_asked(
    asked: bool, make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", "echo start")
    bench.hook("UserPromptSubmit", prints({"systemMessage": 3}))
    bench.hook("Stop", "echo oops >&2; exit 1")
    bench.hook("SessionEnd", prints({"systemMessage": 3}))
    bench.hook("SessionEnd", "echo late >&2; exit 1")
    running = bench.start(*(["--include-hook-events"] if asked else []), turn="[hookproof:agent=main] hello")
    running.turn_ended()
    assert running.finish() == 0
    ends = [(line["hook_event"], line["outcome"], line["stderr"]) for line in running.lines("system", "hook_response")]
    refused = "Hook JSON output validation failed: systemMessage has the wrong type"
    more = [("UserPromptSubmit", "error", refused), ("Stop", "error", "oops\n")] if asked else []
    assert ends == [("SessionStart", "success", ""), *more]
    complaints = [line.partition("] failed: ")[2] for line in running.errors().splitlines()]
    assert sorted(complaints) == ["late", "systemMessage has the wrong type"]  # both hooks run at the same time
