"""Asking a release which events it does not know: with as few sessions as it takes, and never from nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookproof.calibration.events import NoHookRanError, unknown_events

EVENTS = ["SessionStart", *(f"Event{number}" for number in range(11))]


class Release:
    """A release that drops the hooks of a plugin which declares an event that it does not know."""

    def __init__(self, *unknown: str) -> None:
        self.unknown = set(unknown)
        self.asked: list[Sequence[str]] = []

    def runs_hooks(self, events: Sequence[str]) -> bool:
        self.asked.append(events)
        return not self.unknown & set(events)


@given(st.sets(st.sampled_from(EVENTS[1:])))
def test_exactly_the_unknown_ones_are_found(unknown: set[str]) -> None:
    release = Release(*unknown)
    assert unknown_events(EVENTS, "SessionStart", release.runs_hooks) == [e for e in EVENTS if e in unknown]
    assert all("SessionStart" in events for events in release.asked)


def test_a_release_that_knows_them_all_is_asked_once() -> None:
    release = Release()
    assert unknown_events(EVENTS, "SessionStart", release.runs_hooks) == []
    assert len(release.asked) == 1


def test_one_among_many_takes_few_sessions() -> None:
    release = Release("Event7")
    assert unknown_events(EVENTS, "SessionStart", release.runs_hooks) == ["Event7"]
    assert len(release.asked) <= 10


def test_a_release_that_runs_no_hook_at_all_measures_nothing() -> None:
    with pytest.raises(NoHookRanError, match="not even with SessionStart alone"):
        unknown_events(EVENTS, "SessionStart", Release("SessionStart").runs_hooks)
