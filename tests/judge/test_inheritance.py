"""What a forked child was told does not depend on which of the two asked its model first."""

from __future__ import annotations

from typing import Any

import pytest
from agent_records import CHILD, MAIN, asks, journal

from hookproof.judge.agent_view import AgentView
from hookproof.judge.run_view import RunView
from hookproof.records import Record

FORKED: dict[str, Any] = {CHILD: {"role": "unknown", "forked": True}}
OF_THE_CALL = "what a hook said of the call that forks"
BEGUN = asks(MAIN, "rules", "hello")


def told(*later: Record) -> list[str]:
    view = AgentView(RunView(journal([BEGUN, *later], requires="CTX-07", **FORKED)))
    return [each.text for each in view.received(CHILD)]


@pytest.mark.parametrize("child_first", [True, False])
def test_what_the_parent_is_told_of_the_same_call_is_inherited_whoever_asks_first(child_first: bool) -> None:
    parent = asks(MAIN, OF_THE_CALL)
    known = ("rules", "hello") if child_first else ("rules", "hello", OF_THE_CALL)
    anew = (OF_THE_CALL, "the child's own", "go") if child_first else ("the child's own", "go")
    child = asks(CHILD, *anew, parent=MAIN, inherited=known)
    assert told(*((child, parent) if child_first else (parent, child))) == ["the child's own", "go"]


def test_what_was_told_to_a_child_twice_and_to_its_parent_once_was_told_to_the_child() -> None:
    child = asks(CHILD, OF_THE_CALL, OF_THE_CALL, "go", parent=MAIN, inherited=("rules",))
    assert told(child, asks(MAIN, OF_THE_CALL)) == [OF_THE_CALL, "go"]


def test_a_child_that_is_not_forked_inherits_nothing() -> None:
    assert told(asks(CHILD, "a rule", "go", parent=MAIN), asks(MAIN, "a rule")) == ["a rule", "go"]


def test_what_a_parent_is_told_much_later_is_another_matter() -> None:
    child = asks(CHILD, "a rule", "go", parent=MAIN, inherited=("rules",))
    assert told(child, asks(MAIN, "the call's result"), asks(MAIN, "a rule")) == ["a rule", "go"]
