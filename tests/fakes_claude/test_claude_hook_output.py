"""What one hook's exit code and stdout mean: the pure reading of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claude_fake.hook_output import Outcome, interpret
from hypothesis import given
from hypothesis import strategies as st

EVENTS = ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"]

events = st.sampled_from(EVENTS)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


def shown(outcome: Outcome) -> dict[str, Any]:
    """What an outcome asks for, without what it does not."""
    return {name: value for name, value in vars(outcome).items() if value not in (None, False)}


def read(event: str, document: object) -> Outcome:
    """The outcome of a hook that printed a document."""
    return interpret(event, 0, json.dumps(document), "")


@given(events, words)
def test_context_is_taken_verbatim(event: str, context: str) -> None:
    document = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": context}}
    assert shown(read(event, document)) == {"context": context}
    assert shown(interpret(event, 0, f" \n{json.dumps(document)}\n\n", "")) == {"context": context}


@given(events, events, words)
def test_an_object_that_speaks_for_another_event_is_dropped_whole(event: str, other: str, context: str) -> None:
    document = {
        "decision": "block",
        "continue": False,
        "hookSpecificOutput": {"hookEventName": other, "additionalContext": context},
    }
    outcome = read(event, document)
    if event == other:
        assert outcome.context == context
    else:
        assert shown(outcome) == {"problem": f"hookSpecificOutput.hookEventName is not {event}"}


@given(events, words)
def test_an_object_without_the_events_name_is_dropped_whole(event: str, context: str) -> None:
    assert list(shown(read(event, {"hookSpecificOutput": {"additionalContext": context}}))) == ["problem"]


@given(events, words)
def test_a_top_level_context_is_nothing(event: str, context: str) -> None:
    assert shown(read(event, {"additionalContext": context})) == {}


@given(events, words)
def test_exit_2_refuses_with_stderr_whatever_was_printed(event: str, errors: str) -> None:
    document = json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": "no"}})
    expected = {"refusal": errors, "refused_by_exit": True, "gave_reason": True}
    assert shown(interpret(event, 2, document, errors)) == expected
    assert interpret(event, 2, document, "").refusal == "No stderr output"


@given(events, st.integers(0, 255).filter(lambda code: code not in (0, 2)), words)
def test_any_other_exit_code_asks_for_nothing(event: str, code: int, printed: str) -> None:
    assert shown(interpret(event, code, printed, printed)) == {"problem": f"exit code {code}", "failed": True}


def test_a_killed_hook_asks_for_nothing() -> None:
    assert shown(interpret("PreToolUse", None, '{"decision":"block"}', "")) == {"problem": "was killed", "failed": True}


@given(events, words)
def test_what_does_not_begin_like_an_object_is_plain(event: str, printed: str) -> None:
    outcome = interpret(event, 0, printed, "")
    if not printed.strip().startswith("{"):
        assert shown(outcome) == ({"plain": printed.strip()} if printed.strip() else {})


NOT_ONE_OBJECT = ['{"a":', "{}x", '{"a": 1}\n{"b": 2}', "{" * 5000, '["a"]', "null", "7", "{'a': 1}"]


@pytest.mark.parametrize("printed", NOT_ONE_OBJECT)
def test_what_is_not_one_object_is_plain(printed: str) -> None:
    assert shown(interpret("SessionStart", 0, printed, "")) == {"plain": printed}


@given(events, anything)
def test_no_document_raises_and_none_is_obeyed_by_halves(event: str, document: object) -> None:
    outcome = read(event, document)
    if outcome.problem is not None:
        assert list(shown(outcome)) == ["problem"]


KNOWN = st.sampled_from(["continue", "stopReason", "decision", "reason", "hookSpecificOutput"])
KNOWN_INSIDE = st.sampled_from(["hookEventName", "additionalContext", "permissionDecision", "updatedInput"])


@given(events, st.dictionaries(KNOWN, anything), st.dictionaries(KNOWN_INSIDE, anything))
def test_wrong_types_under_known_names_are_dropped_whole(
    event: str, document: dict[str, Any], specific: dict[str, Any]
) -> None:
    for built in (document, {**document, "hookSpecificOutput": {"hookEventName": event, **specific}}):
        outcome = read(event, built)
        if outcome.problem is not None:
            assert list(shown(outcome)) == ["problem"]
        for value in (outcome.context, outcome.stop, outcome.refusal):
            assert value is None or isinstance(value, str)
        assert outcome.updated_input is None or isinstance(outcome.updated_input, dict)


@pytest.mark.parametrize("decision", ["deny", "ask"])
def test_a_denied_permission_needs_no_reason(decision: str) -> None:
    specific = {"hookEventName": "PreToolUse", "permissionDecision": decision}
    outcome = read("PreToolUse", {"hookSpecificOutput": specific})
    asked = {"asked": True} if decision == "ask" else {}
    assert shown(outcome) == {"refusal": "Blocked by hook", **asked}
    outcome = read("PreToolUse", {"hookSpecificOutput": {**specific, "permissionDecisionReason": "why"}})
    assert shown(outcome) == {"refusal": "why", "gave_reason": True, **asked}


def test_an_allowed_permission_changes_the_input() -> None:
    specific = {"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": {"command": "x"}}
    assert shown(read("PreToolUse", {"hookSpecificOutput": specific})) == {"updated_input": {"command": "x"}}


@given(events, words)
def test_continue_false_stops_and_block_refuses(event: str, why: str) -> None:
    document = {"continue": False, "stopReason": why, "decision": "block", "reason": why}
    assert shown(read(event, document)) == {"stop": why, "refusal": why, "gave_reason": True}
    assert read(event, {"continue": False}).stop == ""
    assert shown(read(event, {"continue": True, "decision": "approve", "systemMessage": why})) == {"message": why}


def test_what_a_host_made_of_an_output_is_told_in_the_words_of_the_journal() -> None:
    denied = read("PreToolUse", {"decision": "block"})
    told = {"output": "taken", "decision": "deny", "reason": "Blocked by hook"}
    assert denied.effects("PreToolUse", plain_counts=False) == told
    assert denied.effects("Stop", plain_counts=False) == {**told, "decision": "block"}
    plain = interpret("SessionStart", 0, "hello", "")
    assert plain.effects("SessionStart", plain_counts=True) == {"output": "taken", "context": "hello"}
    assert plain.effects("SessionStart", plain_counts=False) == {"output": "taken"}
    failed = interpret("Stop", 1, "", "")
    assert failed.effects("Stop", plain_counts=True) == {"output": "not read", "words": "exit code 1"}
    refused = read("Stop", {"systemMessage": 3})
    words = "systemMessage has the wrong type"
    assert refused.effects("Stop", plain_counts=True) == {"output": "refused", "words": words}
    specific = {"hookEventName": "PreToolUse", "updatedInput": {}}
    updated = read("PreToolUse", {"hookSpecificOutput": specific, "systemMessage": "hear"})
    told = {"output": "taken", "updates_input": True, "message": "hear"}
    assert updated.effects("PreToolUse", plain_counts=False) == told
    stopped = read("Stop", {"continue": False})
    assert stopped.effects("Stop", plain_counts=False) == {"output": "taken", "stop": ""}
