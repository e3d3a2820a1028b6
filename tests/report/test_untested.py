"""Which requirements no case tested: by lifecycle, with the reasons, and new, known or stale against a baseline."""

from __future__ import annotations

import pytest
from made_reports import LINUX, NO_JOB, WINDOWS, a_check, a_report, a_result, gate, not_tested, violated

from hookproof.judge.baseline import Baseline
from hookproof.report.merge import merge
from hookproof.report.results import NOTHING_TESTED, Result, Why
from hookproof.report.untested import by_reason, found

TESTED = a_result(scenario="jobs/a")


def statuses(results: list[Result], against: Baseline) -> list[tuple[str, str, str | None]]:
    return [(each.requirement, each.lifecycle, each.baseline) for each in found(results, against)]


def test_one_case_that_tests_it_is_enough() -> None:
    assert found([TESTED, not_tested()]) == []
    assert found([not_tested(), violated(repeat=2)]) == []


def test_what_was_tested_nowhere_is_told_with_every_reason_and_where() -> None:
    cut = a_result(a_check("JOB-03", "not tested", detail="the hook was cut"), scenario="jobs/c")
    (row,) = found([not_tested(scenario="jobs/a"), not_tested(scenario="jobs/b"), cut])
    assert row.why == [
        Why(reason=NO_JOB, scenarios=["jobs/a", "jobs/b"]),
        Why(reason="the hook was cut", scenarios=["jobs/c"]),
    ]
    assert (row.requirement, row.lifecycle, row.baseline, row.unexpected) == ("JOB-03", "claude-2.1.91", None, False)


def test_each_lifecycle_plugin_and_machine_is_asked_for_itself() -> None:
    others = [{"lifecycle": "claude-2.1.329"}, {"plugin": "another"}, {"platform": WINDOWS}]
    rows = found([TESTED, *(not_tested(**each) for each in others)])
    assert [(each.plugin, each.lifecycle, each.platform) for each in rows] == [
        ("codex-plugin-cc 1.0.4", "claude-2.1.329", LINUX),
        ("another", "claude-2.1.91", LINUX),
        ("codex-plugin-cc 1.0.4", "claude-2.1.91", WINDOWS),
    ]


def test_what_is_unknown_somewhere_is_no_untested_requirement_and_is_never_recorded() -> None:
    doubt = a_result(a_check(verdict="unknown"), scenario="jobs/a")
    assert found([doubt, not_tested()], gate()) == []
    assert found([doubt], gate("JOB-03")) == []


def test_what_is_asked_in_every_case_besides_is_not_missed() -> None:
    standing = a_check("JOB-07", "not tested", standing=True)
    assert found([a_result(a_check(), standing)], gate()) == []
    own = a_result(a_check("JOB-07", "not tested"), scenario="jobs/b")
    assert statuses([a_result(a_check(), standing), own], gate()) == [("JOB-07", "claude-2.1.91", "new")]
    tested = a_result(a_check(), a_check("JOB-07", standing=True), scenario="jobs/c")
    assert found([tested, own], gate()) == []


def test_new_known_and_stale() -> None:
    assert statuses([TESTED, not_tested("JOB-04")], gate()) == [("JOB-04", "claude-2.1.91", "new")]
    assert statuses([TESTED, not_tested("JOB-04")], gate("JOB-04")) == [("JOB-04", "claude-2.1.91", "known")]
    assert statuses([TESTED], gate("JOB-03")) == [("JOB-03", "claude-2.1.91", "stale")]
    assert statuses([violated()], gate("JOB-03")) == [("JOB-03", "claude-2.1.91", "stale")]


def test_an_entry_for_what_was_not_played_says_nothing() -> None:
    assert found([TESTED], gate("JOB-04")) == []
    assert found([TESTED], gate("JOB-03", lifecycle="claude-2.1.329")) == []
    assert found([TESTED], gate("JOB-03", platforms=["windows"])) == []
    assert statuses([not_tested()], gate("JOB-03", platforms=["windows"])) == [("JOB-03", "claude-2.1.91", "new")]


def test_what_is_tested_only_sometimes_is_not_stale() -> None:
    assert found([TESTED], gate("JOB-03", sometimes=True)) == []


def test_a_should_that_is_not_tested_fails_nothing() -> None:
    assert statuses([TESTED, not_tested("JOB-08")], gate()) == [("JOB-08", "claude-2.1.91", None)]


def test_a_must_that_does_not_bind_the_plugin_fails_nothing_when_it_is_not_tested() -> None:
    """JOB-27 is a SHOULD for a plugin that promises no notice: what was judged says so, not the keyword."""
    loose, bound = (
        a_result(a_check("JOB-27", "not tested", binding=binding), scenario="jobs/b") for binding in (False, True)
    )
    assert statuses([TESTED, loose], gate()) == [("JOB-27", "claude-2.1.91", None)]
    assert not a_report([TESTED, loose], gate()).failed
    assert statuses([TESTED, bound], gate()) == [("JOB-27", "claude-2.1.91", "new")]
    assert statuses([TESTED, loose, bound], gate()) == [("JOB-27", "claude-2.1.91", "new")]
    assert statuses([TESTED, loose], gate("JOB-27")) == [("JOB-27", "claude-2.1.91", "known")]


def test_the_sentences_say_what_to_do() -> None:
    (new,) = found([not_tested(scenario="jobs/a")], gate())
    assert new.sentence == (
        f"no case tests JOB-03 on claude-2.1.91, and no [[untested]] entry names it: {NO_JOB} (jobs/a)"
    )
    (stale,) = found([TESTED], gate("JOB-03"))
    assert stale.sentence == "JOB-03 is tested on claude-2.1.91 (by jobs/a), but [[untested]] names it: remove it"


def test_many_scenarios_and_reasons_are_cut() -> None:
    many = [a_result(a_check("JOB-03", "not tested", detail=f"reason {n}"), scenario=f"jobs/{n}") for n in range(5)]
    (row,) = found([*many, *(not_tested(scenario=f"jobs/x{n}") for n in range(4))])
    assert row.because == "reason 0 (jobs/0); reason 1 (jobs/1); reason 2 (jobs/2); and 3 more"


def test_rows_are_grouped_by_their_reason() -> None:
    rows = found([not_tested(), not_tested("JOB-04"), not_tested(lifecycle="claude-2.1.329")])
    ((plugin, reason), requirements), *others = by_reason(rows).items()
    assert (plugin, reason, others) == ("codex-plugin-cc 1.0.4", NO_JOB, [])
    assert [(each.requirement, lifecycles) for each, lifecycles in requirements] == [
        ("JOB-03", ["claude-2.1.91", "claude-2.1.329"]),
        ("JOB-04", ["claude-2.1.91"]),
    ]


@pytest.mark.parametrize(
    ("results", "nothing", "failed"),
    [
        ([], False, False),
        ([not_tested()], True, True),
        ([not_tested(), TESTED], False, False),
        (
            [a_result(a_check("JOB-03", "not tested"), a_check("JOB-07", standing=True), verdict="not tested")],
            True,
            True,
        ),
        ([a_result(a_check(verdict="unknown"))], False, True),
        ([violated(expected=True, unexpected=[], surprises=[]), not_tested("JOB-04")], False, False),
    ],
)
def test_a_run_in_which_nothing_of_its_own_was_tested_fails(results: list[Result], nothing: bool, failed: bool) -> None:
    report = a_report(results)
    assert (report.nothing_tested, report.failed) == (nothing, failed)
    assert report.complaints == ([NOTHING_TESTED] if nothing else [])


def test_a_new_or_stale_requirement_is_unexpected_and_a_known_one_is_not() -> None:
    new, known, stale = (
        a_report([TESTED, not_tested("JOB-04")], gate()),
        a_report([TESTED, not_tested("JOB-04")], gate("JOB-04")),
        a_report([TESTED], gate("JOB-03")),
    )
    assert [each.summary.unexpected for each in (new, known, stale)] == [1, 0, 1]
    assert [each.failed for each in (new, known, stale)] == [True, False, True]
    assert new.summary.not_tested == 1


def test_merged_reports_are_asked_anew() -> None:
    here = a_report([a_result(scenario="jobs/a"), not_tested("JOB-04", scenario="jobs/a2")], gate())
    there = a_report([a_result(a_check("JOB-04"), scenario="jobs/b")], gate())
    assert here.failed
    assert merge([here, there]).untested == []
    assert not merge([here, there]).failed
    alone = a_report([a_result(scenario="jobs/b")], gate())
    again = merge([alone, here])
    assert [(each.requirement, each.baseline) for each in again.untested] == [("JOB-04", "new")]
    assert again.summary.unexpected == 1


def test_what_is_stale_on_one_of_many_machines_is_stale_in_all() -> None:
    known = a_report([TESTED, not_tested("JOB-04")], gate("JOB-04"))
    stale = a_report([a_result(a_check("JOB-04"), scenario="jobs/b")], gate("JOB-04"))
    for order in ([known, stale], [stale, known]):
        assert [(each.requirement, each.baseline) for each in merge(order).untested] == [("JOB-04", "stale")]
