"""What changed between two runs: every kind of change, how cases are matched, and what counts as slower."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from made_reports import LINUX, NO_JOB, WINDOWS, a_check, a_report, a_result, not_tested, violated

from hookproof.report.compare import Comparison, compare
from hookproof.report.results import Result


def changed(before: list[Result], after: list[Result]) -> Comparison:
    return compare(a_report(before), a_report(after))


def kinds(found: Comparison) -> list[tuple[str, str | None]]:
    return [(each.kind, each.check) for each in found.changes]


def test_nothing_changed() -> None:
    found = changed(
        [a_result(), violated(scenario="jobs/pattern-d")], [a_result(), violated(scenario="jobs/pattern-d")]
    )
    assert (found.changes, found.slower, found.common) == ([], [], 2)


def test_every_kind_of_change() -> None:
    good, bad, doubt = a_result(), violated(), a_result(a_check(verdict="unknown"))
    assert kinds(changed([good], [bad])) == [("new violation", "JOB-03")]
    assert kinds(changed([doubt], [bad])) == [("new violation", "JOB-03")]
    assert kinds(changed([bad], [good])) == [("fixed", "JOB-03")]
    assert kinds(changed([bad], [doubt])) == [("now unknown", "JOB-03")]
    assert kinds(changed([doubt], [good])) == [("no longer unknown", "JOB-03")]
    assert kinds(changed([bad], [violated(signature="H3")])) == [("signature", None)]
    silent = not_tested()
    assert kinds(changed([good], [silent])) == [("no longer tested", "JOB-03")]
    assert kinds(changed([bad], [silent])) == [("no longer tested", "JOB-03")]
    assert kinds(changed([silent], [good])) == [("now tested", "JOB-03")]
    assert kinds(changed([silent], [bad])) == [("new violation", "JOB-03")]
    assert kinds(changed([silent], [doubt])) == [("now unknown", "JOB-03")]
    assert kinds(changed([doubt], [silent])) == [("no longer unknown", "JOB-03")]


def test_one_repeat_that_tests_it_is_a_test() -> None:
    assert kinds(changed([a_result()], [not_tested(), a_result(repeat=2)])) == []
    (change,) = changed([a_result()], [not_tested(), not_tested(repeat=2)]).changes
    assert (change.before, change.after) == ("conforms: survives", f"not tested: {NO_JOB} in 2 of 2")


def test_a_change_tells_what_was_seen_and_how_often() -> None:
    after = [a_result(), violated(repeat=2), a_result(repeat=3)]
    change = changed([a_result()], after).changes[0]
    assert (change.before, change.after) == ("conforms: survives", "violates: lost [H1] in 1 of 3")


def test_the_worst_comes_first() -> None:
    before = [violated(scenario="jobs/a"), a_result(scenario="jobs/b")]
    after = [a_result(scenario="jobs/a"), violated(scenario="jobs/b")]
    found = changed(before, after)
    assert [each.kind for each in found.changes] == ["new violation", "fixed"]
    assert [each.scenario for each in found.new_violations] == ["jobs/b"]


def test_two_versions_of_a_plugin_on_two_machines_are_compared() -> None:
    found = changed([a_result()], [violated(plugin="codex-plugin-cc 1.0.5", lifecycle="claude@2.1.91", platform="x")])
    assert (found.common, len(found.new_violations)) == (1, 1)


def test_of_several_lifecycles_and_machines_only_the_same_are_compared() -> None:
    before = [a_result(), violated(lifecycle="as-reported-345"), a_result(platform=WINDOWS)]
    after = [a_result(), a_result(lifecycle="as-reported-345", platform=WINDOWS)]
    found = changed(before, after)
    assert found.common == 1
    assert found.only_before == [
        f"jobs/pattern-c · as-reported-345 · {LINUX}, 3.11.7",
        f"jobs/pattern-c · claude-2.1.91 · {WINDOWS}, 3.11.7",
    ]
    assert found.only_after == [f"jobs/pattern-c · as-reported-345 · {WINDOWS}, 3.11.7"]


def test_a_check_that_is_new_or_gone_is_no_change() -> None:
    assert kinds(changed([a_result()], [a_result(a_check(), a_check("JOB-04", "violates"))])) == []


def timed(*seconds: float) -> list[Result]:
    return [a_result(seconds=each, repeat=number) for number, each in enumerate(seconds, start=1)]


def test_without_repeats_a_stated_factor_says_what_is_slower() -> None:
    found = changed(timed(1.0), timed(1.6))
    assert [(each.before, each.after) for each in found.slower] == [(1.0, 1.6)]
    assert "1.5 times" in found.measure
    assert not changed(timed(1.0), timed(1.4)).slower
    assert not changed(timed(0.01), timed(0.09)).slower
    assert not found.new_violations


def test_repeats_say_how_much_a_case_varies() -> None:
    steady = changed(timed(1.0, 1.01, 0.99), timed(1.2, 1.21, 1.19))
    assert len(steady.slower) == 1
    assert steady.noise is not None
    assert "every repeat slower" in steady.measure
    noisy = changed(timed(1.0, 1.5, 0.7), timed(1.2, 1.7, 0.8))
    assert not noisy.slower


@given(st.lists(st.sampled_from(["conforms", "violates", "unknown"]), min_size=1, max_size=4))
def test_a_run_differs_in_nothing_from_itself(verdicts: list[str]) -> None:
    results = [a_result(a_check(verdict=verdict), repeat=number) for number, verdict in enumerate(verdicts, start=1)]
    found = changed(results, results)
    assert (found.changes, found.slower, found.only_before, found.only_after) == ([], [], [], [])
