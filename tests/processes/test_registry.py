"""Whose an adopted process is: the order of the signs, and what is left undecided."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hookproof.processes import Identity, Instant, ProcessInfo, registry
from hookproof.processes.registry import Attribution, Entry, Stray


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_entries", ())
    monkeypatch.setattr(registry, "_attributed", {})


def case(letter: str, since: float, folder: str | None = None) -> Entry:
    entry = Entry(letter * 32, Instant(since), folder)
    registry.open_case(entry)
    return entry


def stray(
    pid: int = 7, began: float = 15.0, groups: Iterable[int] = (), token: str | None = None, places: Iterable[str] = ()
) -> Stray:
    return Stray(Identity(pid, int(began * 100)), Instant(began), frozenset(groups), token, lambda: list(places))


def placed(of: Stray) -> tuple[Entry | None, str]:
    found = registry.attribute(of)
    return found.entry, found.by


def test_the_signs_in_their_order() -> None:
    first, second = case("a", 10, "/tmp/hp-a"), case("b", 11, "/tmp/hp-b/")
    registry.note(first, Identity(5, 1200), registry.DESCENDANT, {5, 8})
    registry.note(second, Identity(6, 1200), registry.TOKEN, {6})

    assert placed(stray(6, 12, token=first.token)) == (second, "seen before")
    assert placed(stray(5, 12, token=second.token)) == (first, "descendant")
    assert placed(stray(20, groups={8}, token=second.token)) == (second, "token")
    assert placed(stray(21, groups={5}, places=["/tmp/hp-b/x"])) == (first, "session")
    assert placed(stray(22, groups={5, 6}, places=["/usr/bin/x", "/tmp/hp-b"])) == (second, "folder")
    assert placed(stray(23, places=["/tmp/hp-bc", "/tmp/hp-a/deleted (deleted)"])) == (first, "folder")
    assert placed(stray(24, places=["/tmp/hp-bc"])) == (None, "undecided")
    # a session that an undecided one led decides nothing; one that a placed one led does
    assert placed(stray(25, groups={6})) == (second, "session")


def test_time_decides_where_only_one_case_was_open() -> None:
    first = case("a", 10)
    second = case("b", 20)
    registry.close_case(first, Instant(30))
    assert placed(stray(1, 15)) == (first, "only case")
    assert placed(stray(2, 35)) == (second, "only case")
    assert registry.attribute(stray(3, 25)) == Attribution(candidates=frozenset({first, second}))
    assert registry.attribute(stray(4, 5)) == Attribution()
    # 2 was decided before anybody had seen 3; after 3 nobody knows what came of it
    assert placed(stray(2, 35)) == (second, "only case")
    assert registry.attribute(stray(5, 36)).candidates == {first, second}


def test_a_start_in_the_tick_of_the_opening_counts() -> None:
    entry = case("a", 10.009)
    assert placed(stray(1, 10.0)) == (entry, "only case")
    assert registry.attribute(stray(2, 9.99)) == Attribution()


def test_an_undecided_one_is_over_when_its_last_case_is_closed_and_told_to_all() -> None:
    first, second = case("a", 10), case("b", 10)
    found = registry.attribute(stray())
    info = ProcessInfo(Identity(7, 1500), 1, 7, 7, ["x"], 0.0, 0.0, found.by)
    registry.note_undecided(found, info)
    assert list(first.undecided.values()) == list(second.undecided.values()) == [info]
    registry.close_case(first, Instant(30))
    assert not registry.attribute(stray()).over
    registry.tidy()
    assert registry.entries() == (first, second)
    registry.close_case(second, Instant(40))
    assert registry.attribute(stray()).over
    # what it begets while it is ended is ended with it
    assert registry.attribute(stray(8, 50)).over
    registry.tidy()
    assert registry.entries() == ()
    assert registry.attribute(stray()) == Attribution()
    assert list(first.undecided.values()) == [info]


def test_a_sign_that_comes_later_decides_after_all() -> None:
    first, second = case("a", 10, "/tmp/hp-a"), case("b", 10)
    found = registry.attribute(stray())
    registry.note_undecided(found, ProcessInfo(Identity(7, 1500), 1, 7, 7, ["x"], 0.0, 0.0, found.by))
    assert placed(stray(places=["/tmp/hp-a/file"])) == (first, "folder")
    assert first.undecided == second.undecided == {}
    assert placed(stray()) == (first, "folder")


def test_closed_cases_are_forgotten_with_the_last_that_was_open_at_their_time() -> None:
    first = case("a", 10)
    second = case("b", 15)
    registry.close_case(first, Instant(20))
    third = case("c", 25)
    registry.tidy()
    assert registry.entries() == (first, second, third)
    registry.close_case(second, Instant(30))
    registry.tidy()
    assert registry.entries() == (second, third)
    registry.close_case(third, Instant(31))
    registry.tidy()
    assert registry.entries() == ()
