"""Holding a stand-in against the real host: races are nobody's fault, excuses are exact, stale ones are told."""

from __future__ import annotations

from calibrated_runs import facets, hook, told

from hookproof.calibration.compare import Difference, compare, judge
from hookproof.catalogue.lifecycle import KnownDifference

FIRST, SECOND, THIRD = hook("SessionStart"), hook("UserPromptSubmit"), hook("Stop")


def test_what_the_real_host_does_now_so_now_so_is_not_compared() -> None:
    reals = [facets(hook("Stop", mode="a")), facets(hook("Stop", mode="b"))]
    assert compare("s", [facets(hook("Stop", mode="c"))], reals) == []


def test_every_run_of_the_stand_in_must_agree() -> None:
    fakes = [facets(hook("Stop", mode="a")), facets(hook("Stop", mode="b"))]
    found = compare("s", fakes, [facets(hook("Stop", mode="a"))] * 2)
    assert found == [Difference("payload values", "s: main Stop: mode", ["b"], ["a"])]


def test_only_pairs_that_came_the_same_way_each_time_are_compared() -> None:
    reals = [facets(FIRST, SECOND, THIRD), facets(SECOND, FIRST, THIRD)]
    assert compare("s", [facets(SECOND, FIRST, THIRD)], reals) == []
    found = compare("s", [facets(FIRST, THIRD, SECOND)], reals)
    assert [each.where for each in found] == ["s: main UserPromptSubmit before main Stop"]


def test_of_several_pairs_the_nearest_is_told() -> None:
    found = compare("s", [facets(THIRD, FIRST, SECOND)], [facets(FIRST, SECOND, THIRD)])
    assert [each.where for each in found] == ["s: main UserPromptSubmit before main Stop"]


def test_what_nobody_waits_for_is_not_ordered() -> None:
    one, other = facets(SECOND, THIRD), facets(THIRD, SECOND)
    assert compare("s", [one], [other], [["main Stop", "main User*"]]) == []
    assert compare("s", [one], [other], [["main User*", "main Stop"]]) == []
    assert len(compare("s", [one], [other], [["main Stop", "main Session*"]])) == 1


def test_an_event_that_is_missing_is_told_once() -> None:
    found = compare("s", [facets()], [facets(THIRD)])
    assert found == [Difference("events", "s: main Stop", None, 1)]


def test_repeated_things_are_told_apart_in_the_order() -> None:
    once, twice = told(), told()
    assert facets(once, THIRD, twice).order == ("main asks its model", "main Stop", "main asks its model #2")


def test_an_excuse_covers_what_it_names_and_nothing_else() -> None:
    differences = [Difference("events", "s: main Stop", None, 1), Difference("events", "s: main Go", None, 1)]
    excuse = KnownDifference(facet="events", where="s: main St?p", reason="it never stops")
    judged = judge(differences, [excuse], ["s"])
    assert judged.differences == [(differences[0], excuse), (differences[1], None)]
    assert judged.unexplained == [differences[1]]
    assert judged.stale == []


def test_an_excuse_of_another_facet_excuses_nothing() -> None:
    difference = Difference("events", "s: main Stop", None, 1)
    excuse = KnownDifference(facet="identity", where="*", reason="-")
    judged = judge([difference], [excuse], ["s"])
    assert judged.unexplained == [difference]
    assert judged.stale == [excuse]


def test_an_excuse_about_what_was_not_played_is_not_stale() -> None:
    excuse = KnownDifference(facet="events", where="t: main Stop", reason="-")
    assert judge([], [excuse], ["s"]).stale == []
    assert judge([], [excuse], ["s", "t"]).stale == [excuse]
