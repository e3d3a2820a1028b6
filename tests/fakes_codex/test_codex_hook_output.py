"""What one hook's exit code and stdout mean: every row of the measured table, for every version."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from codex_hooks_bench import VERSIONS, Json, rows
from hypothesis import given
from hypothesis import strategies as st

from hookproof.catalogue.lifecycle import resolve_lifecycle

output: Any = importlib.import_module("codex_fake.hook_output")

STARTS = ("SessionStart", "SubagentStart")
LIFECYCLES = {version: rows(resolve_lifecycle(f"codex-{version}")) for version in VERSIONS}
everywhere = pytest.mark.parametrize("version", VERSIONS)


def read(version: str, event: str, stdout: str = "", exit_code: int | None = 0, stderr: str = "") -> tuple[Any, ...]:
    """How the run counts, and what of it reaches the model."""
    outcome = output.interpret(event, exit_code, stdout, stderr, LIFECYCLES[version])
    return outcome.status, outcome.context


def speaks(event: str, context: object = "A", **more: Any) -> str:
    """What a hook prints that has something to tell."""
    return json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": context}, **more})


COMPLETED = {
    "a context": (speaks("SessionStart"), "A"),
    "a context among white space": (f" \n{speaks('SessionStart')} \n", "A"),
    "a context keeps its own white space": (speaks("SessionStart", "  A\n "), "  A\n "),
    "an empty context": (speaks("SessionStart", ""), ""),
    "a null context": (speaks("SessionStart", None), None),
    "nothing specific": ('{"hookSpecificOutput": null}', None),
    "an empty object": ("{}", None),
    "nothing": ("", None),
    "white space": (" \n\t", None),
    "plain text": ("hello\n\n", "hello"),
    "a log line before the object": (f"log\n{speaks('SessionStart')}", f"log\n{speaks('SessionStart')}"),
    "a byte order mark": ("\ufeff{}", "\ufeff{}"),
    "null is plain text": ("null", "null"),
    "a string is plain text": ('"abc"', '"abc"'),
    "another known event's name": (speaks("Stop"), "A"),
    "a message for the user": (speaks("SessionStart", systemMessage="M", suppressOutput=True), "A"),
    "a reason to stop without stopping": ('{"stopReason": "R"}', None),
}

FAILED = {
    "broken object": '{"a":',
    "broken list": "[1",
    "a list": "[]",
    "two documents": speaks("SessionStart") + "\n" + speaks("SessionStart"),
    "a tail": speaks("SessionStart") + " tail",
    "unknown key": '{"foo": 1}',
    "top-level context": '{"additionalContext": "A"}',
    "unknown key inside": '{"hookSpecificOutput": {"hookEventName": "SessionStart", "x": 1}}',
    "no event's name": '{"hookSpecificOutput": {"additionalContext": "A"}}',
    "an event's name that nobody knows": speaks("Nonsense"),
    "SessionEnd's name": speaks("SessionEnd"),
    "a context that is no text": speaks("SessionStart", 5),
    "a wrong type": '{"continue": "no"}',
    "continue null": '{"continue": null}',
    "a number for a boolean": '{"continue": 0}',
    "not a number": '{"systemMessage": NaN}',
    "half a surrogate pair": '{"systemMessage": "\\ud800"}',
    "a decision": '{"decision": "block", "reason": "R"}',
    "deep nesting": "[" * 100_000,
}


@everywhere
@pytest.mark.parametrize("event", STARTS)
@pytest.mark.parametrize("case", COMPLETED)
def test_what_a_start_hook_may_print(version: str, event: str, case: str) -> None:
    stdout, context = COMPLETED[case]
    assert read(version, event, stdout) == ("completed", context)


@everywhere
@pytest.mark.parametrize("event", STARTS)
@pytest.mark.parametrize("case", FAILED)
def test_what_fails_a_start_hook(version: str, event: str, case: str) -> None:
    assert read(version, event, FAILED[case]) == ("failed", None)


@everywhere
def test_only_later_versions_know_the_name_subagent_start(version: str) -> None:
    assert read(version, "SessionStart", speaks("SubagentStart"))[0] == (
        "failed" if version == "0.130" else "completed"
    )


@everywhere
@pytest.mark.parametrize("event", STARTS)
@pytest.mark.parametrize("code", [1, 2, None])
def test_a_start_hook_that_does_not_exit_well_says_nothing(version: str, event: str, code: int | None) -> None:
    assert read(version, event, speaks(event), code, "words") == ("failed", None)


@everywhere
def test_continue_false_stops_a_session_and_no_child(version: str) -> None:
    document = speaks("SessionStart", **{"continue": False, "stopReason": "R"})
    lifecycle = LIFECYCLES[version]
    stopped = output.interpret("SessionStart", 0, document, "", lifecycle)
    assert (stopped.status, stopped.stop, stopped.context) == ("stopped", "R", "A")
    assert output.interpret("SessionStart", 0, '{"continue": false}', "", lifecycle).stop == ""
    if version != "0.130":
        child = output.interpret("SubagentStart", 0, document, "", lifecycle)
        assert (child.status, child.stop, child.context) == ("completed", None, "A")


@everywhere
@pytest.mark.parametrize("event", ["UserPromptSubmit", "Stop", "SubagentStop"])
def test_a_refusal_needs_a_reason(version: str, event: str) -> None:
    def refusal(stdout: str, code: int = 0, stderr: str = "") -> tuple[str, str | None]:
        outcome = output.interpret(event, code, stdout, stderr, LIFECYCLES[version])
        return outcome.status, outcome.block

    assert refusal('{"decision": "block", "reason": "R"}') == ("blocked", "R")
    assert refusal("", 2, " line1\nline2 \n") == ("blocked", "line1\nline2")
    assert refusal('{"decision": "block", "reason": " "}') == ("failed", None)
    assert refusal("a reason on stdout", 2, " \n") == ("failed", None)
    assert refusal('{"decision": "approve"}') == ("failed", None)
    assert refusal('{"decision": null, "reason": "R"}') == ("completed", None)


@everywhere
@pytest.mark.parametrize("event", ["Stop", "SubagentStop"])
def test_an_agent_that_stops_is_told_nothing(version: str, event: str) -> None:
    for stdout in ("plain", "null", speaks(event), '{"hookSpecificOutput": null}'):
        assert read(version, event, stdout) == ("failed", None)
    for stdout in ("", "{}", '{"stopReason": "R"}'):
        assert read(version, event, stdout) == ("completed", None)


@everywhere
def test_a_tool_can_be_refused_but_not_allowed(version: str) -> None:
    def asked(**specific: Any) -> tuple[str, str | None]:
        document: Json = {"hookSpecificOutput": {"hookEventName": "PreToolUse", **specific}}
        outcome = output.interpret("PreToolUse", 0, json.dumps(document), "", LIFECYCLES[version])
        return outcome.status, outcome.block

    assert asked(permissionDecision="deny", permissionDecisionReason="R") == ("blocked", "R")
    assert asked(permissionDecision="deny") == ("failed", None)
    assert asked(permissionDecision="allow") == ("failed", None)
    assert read(version, "PreToolUse", "plain") == ("completed", None)
    assert read(version, "PreToolUse", '{"continue": false}') == ("failed", None)


TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.sampled_from(VERSIONS), st.sampled_from((*STARTS, "UserPromptSubmit")), TEXT)
def test_a_context_is_taken_verbatim(version: str, event: str, context: str) -> None:
    assert read(version, event, speaks("SessionStart", context)) == ("completed", context)


@given(st.sampled_from(VERSIONS), st.text(), st.text())
def test_no_output_raises(version: str, event: str, stdout: str) -> None:
    assert read(version, event, stdout)[0] in ("completed", "failed", "stopped", "blocked")


PATH = "/" + "p" * 131
"""With the words before it 161 bytes: the footer takes 41 tokens."""


@everywhere
def test_a_long_context_is_cut_in_the_middle(version: str) -> None:
    lifecycle = LIFECYCLES[version]
    text = "".join(f"line {number:06}\n" for number in range(1000))
    assert not output.too_long("x" * 10_000, lifecycle)
    assert output.too_long("x" * 10_001, lifecycle)
    shown = output.cut(text, lifecycle, PATH)
    warning = "Warning: truncated output (original token count: 3000)\n" if version == "0.169" else ""
    expected = f"{warning}Total output lines: 1000\n\n{text[:4918]}…541 tokens truncated…{text[-4918:]}"
    assert shown == f"{expected}\n\nFull hook output saved to: {PATH}"


@everywhere
def test_a_cut_splits_no_character(version: str) -> None:
    shown = output.cut("€" * 5000, LIFECYCLES[version], PATH)
    assert "\ufffd" not in shown
    assert shown.count("€") == 2 * (4918 // 3)
