"""Holding a stand-in against the real host: races are nobody's fault, entrys are exact, stale ones are told."""

from __future__ import annotations

import pytest
from calibrated_runs import facets, hook, told

from hookproof.calibration.compare import Compared, Difference, NotMeasured, compare, judge
from hookproof.catalogue.lifecycle import KnownDifference
from hookproof.records.run import Error

FIRST, SECOND, THIRD = hook("SessionStart"), hook("UserPromptSubmit"), hook("Stop")


def test_what_the_real_host_does_now_so_now_so_is_not_compared() -> None:
    reals = [facets(hook("Stop", mode="a")), facets(hook("Stop", mode="b"))]
    assert compare("s", [facets(hook("Stop", mode="c"))], reals).differences == []


def test_every_run_of_the_stand_in_must_agree() -> None:
    fakes = [facets(hook("Stop", mode="a")), facets(hook("Stop", mode="b"))]
    found = compare("s", fakes, [facets(hook("Stop", mode="a"))] * 2).differences
    assert found == [Difference("payload values", "s: main Stop: mode", ["b"], ["a"])]


def test_only_pairs_that_came_the_same_way_each_time_are_compared() -> None:
    reals = [facets(FIRST, SECOND, THIRD), facets(SECOND, FIRST, THIRD)]
    assert compare("s", [facets(SECOND, FIRST, THIRD)], reals).differences == []
    found = compare("s", [facets(FIRST, THIRD, SECOND)], reals).differences
    assert [each.where for each in found] == ["s: main UserPromptSubmit before main Stop"]


def test_of_several_pairs_the_nearest_is_told() -> None:
    found = compare("s", [facets(THIRD, FIRST, SECOND)], [facets(FIRST, SECOND, THIRD)]).differences
    assert [each.where for each in found] == ["s: main UserPromptSubmit before main Stop"]


def test_what_nobody_waits_for_is_not_ordered() -> None:
    one, other = facets(SECOND, THIRD), facets(THIRD, SECOND)
    assert compare("s", [one], [other], [["main Stop", "main User*"]]).differences == []
    assert compare("s", [one], [other], [["main User*", "main Stop"]]).differences == []
    assert len(compare("s", [one], [other], [["main Stop", "main Session*"]]).differences) == 1


def test_an_event_that_is_missing_is_told_once() -> None:
    found = compare("s", [facets()], [facets(THIRD)]).differences
    assert found == [Difference("events", "s: main Stop", None, 1)]


def test_repeated_things_are_told_apart_in_the_order() -> None:
    once, twice = told(), told()
    assert facets(once, THIRD, twice).order == ("main asks its model", "main Stop", "main asks its model #2")


def test_a_known_difference_covers_what_it_names_and_nothing_else() -> None:
    differences = [Difference("events", "s: main Stop", None, 1), Difference("events", "s: main Go", None, 1)]
    entry = KnownDifference(facet="events", where="s: main St?p", reason="it never stops")
    judged = judge([Compared("s", differences, [])], [entry])
    assert judged.differences == [(differences[0], entry), (differences[1], None)]
    assert judged.unexplained == [differences[1]]
    assert judged.stale == []


def test_a_known_difference_of_another_facet_entrys_nothing() -> None:
    difference = Difference("events", "s: main Stop", None, 1)
    entry = KnownDifference(facet="identity", where="*", reason="-")
    judged = judge([Compared("s", [difference], [])], [entry])
    assert judged.unexplained == [difference]
    assert judged.stale == [entry]


def test_a_known_difference_about_what_was_not_played_is_not_stale() -> None:
    entry = KnownDifference(facet="events", where="t: main Stop", reason="-")
    s, t = Compared("s", [], []), Compared("t", [], [])
    assert judge([s], [entry]).stale == []
    assert judge([s, t], [entry]).stale == [entry]


FAILED = Error(where="play", what="waited 30 s for 'turn ended', which did not come")
REASON = "play: waited 30 s for 'turn ended', which did not come"


def test_a_run_in_which_something_went_wrong_measures_nothing() -> None:
    found = compare("s", [facets(THIRD)] * 2, [facets(FAILED), facets(THIRD)])
    assert found.differences == []
    assert found.not_measured == [NotMeasured("s", "real host", 1, 2, (REASON,))]
    assert found.measured


def test_what_the_other_runs_say_is_compared_all_the_same() -> None:
    found = compare("s", [facets(FIRST)], [facets(FAILED), facets(THIRD)])
    assert {each.where for each in found.differences} == {"s: main Stop", "s: main SessionStart"}


@pytest.mark.parametrize("side", ["stand-in", "real host"])
def test_where_no_run_measured_anything_nothing_differs_and_nothing_is_alike(side: str) -> None:
    whole, broken = [facets(THIRD)], [facets(FAILED)]
    found = compare("s", broken, whole) if side == "stand-in" else compare("s", whole, broken)
    assert found.differences == []
    assert not found.measured
    entry = KnownDifference(facet="events", where="s: main Go", reason="-")
    judged = judge([found], [entry])
    assert judged.unmeasured == ["s"]
    assert judged.stale == []  # what was not measured cannot show that it knows of nothing
