"""JUnit: every document fits the schema, whatever a plugin printed, and tells what was accepted and what was seen."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from made_reports import LINUX, NO_JOB, WINDOWS, a_check, a_report, a_result, gate, not_tested, violated

from hookproof.report import junit
from hookproof.report.results import Report, Result, Skipped

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def document(report: Report) -> ElementTree.Element:
    text = junit.document(report)
    SCHEMA.validate(text)
    return ElementTree.fromstring(text)  # noqa: S314 - it is our own


def case(*results: Result) -> ElementTree.Element:
    found = document(a_report(results)).find("testsuite/testcase")
    assert found is not None
    return found


def properties(element: ElementTree.Element) -> dict[str | None, str | None]:
    return {each.get("name"): each.get("value") for each in element.iterfind("properties/property")}


def test_the_schema_refuses_what_is_no_junit() -> None:
    for wrong in ("<testsuite/>", "<testsuites/>", '<testsuites tests="1" failures="x" errors="0" skipped="0"/>'):
        assert not SCHEMA.is_valid(wrong)


def test_an_empty_report_is_a_document() -> None:
    assert document(a_report([])).get("tests") == "0"


def test_a_failure_tells_accepted_against_seen_and_who_did_it() -> None:
    found = case(violated(replays=["violates", "conforms"]))
    failure = found.find("failure")
    assert failure is not None
    assert failure.get("type") == "violates"
    assert failure.get("message") == "jobs/pattern-c:JOB-03 is violated: seen 'lost'"
    for line in ("accepted: survives, refused", "seen:     lost", "cause H1", "culprit: the SessionEnd hook"):
        assert line in (failure.text or "")
    assert "violates, conforms; the first verdict counts" in (failure.text or "")
    assert properties(found)["signature"] == "H1"
    assert properties(found)["replays"] == "violates, conforms"
    assert properties(found)["check JOB-03"] == "violates: lost"
    assert properties(found)["lifecycle"] == "claude-2.1.91"


@pytest.mark.parametrize(
    ("result", "tag", "kind"),
    [
        (a_result(), None, None),
        (a_result(a_check(verdict="unknown")), "error", "unknown"),
        (a_result(a_check(baseline="stale")), "failure", "stale"),
        (a_result(a_check(verdict="violates", baseline="known", reason="issue 7")), "skipped", "known violation"),
        (a_result(a_check("JOB-08", "violates"), expected=True, unexpected=[]), "system-out", None),
        (not_tested(), "skipped", "not tested"),
        (a_result(a_check(), a_check("JOB-04", "not tested")), None, None),
    ],
)
def test_each_outcome_has_its_element(result: Result, tag: str | None, kind: str | None) -> None:
    found = [each for each in case(result) if each.tag != "properties"]
    assert [each.tag for each in found] == ([tag] if tag else [])
    assert [each.get("type") for each in found] == ([kind] if tag else [])


def test_a_known_violation_is_skipped_with_its_reason() -> None:
    found = case(a_result(a_check(verdict="violates", baseline="known", reason="issue 7"))).find("skipped")
    assert found is not None
    assert found.get("message") == "JOB-03: issue 7"


def test_what_is_not_tested_is_skipped_with_the_reason_of_each_requirement() -> None:
    checks = [a_check(name, "not tested") for name in ("JOB-04", "JOB-06")]
    found = case(a_result(*checks, a_check("JOB-05", "not tested", detail="the hook was cut")))
    skipped = found.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == f"JOB-04, JOB-06: {NO_JOB}; JOB-05: the hook was cut"
    assert properties(found)["check JOB-05"] == "not tested: the hook was cut"


def test_requirements_of_the_baseline_are_cases_of_their_own() -> None:
    results = [a_result(scenario="jobs/a"), *(not_tested(f"JOB-0{n}", scenario=f"jobs/{n}") for n in (4, 6, 8))]
    root = document(a_report(results, gate("JOB-03", "JOB-06")))
    suite = root.find("testsuite[@name='requirements · codex-plugin-cc 1.0.4']")
    assert suite is not None
    told = [(each.get("name"), each[0].tag, each[0].get("type"), each[0].get("message")) for each in suite]
    assert [row[:3] for row in told] == [
        ("JOB-03 is tested", "failure", "stale"),
        ("JOB-04 is tested", "failure", "not tested"),
        ("JOB-06 is tested", "skipped", "not tested"),
    ]
    assert told[2][3] == "it refuses every launch"
    assert (root.get("failures"), root.get("skipped")) == ("2", "4")


def test_a_requirement_of_two_machines_has_two_cases() -> None:
    results = [a_result(scenario="jobs/a"), *(not_tested("JOB-04", platform=each) for each in (LINUX, WINDOWS))]
    root = document(a_report(results, gate()))
    names = [each.get("classname") for each in root.iterfind("testsuite/testcase[@name='JOB-04 is tested']")]
    assert names == [
        "codex-plugin-cc 1_0_4.claude-2_1_91.Linux-6_1-x86_64-with-glibc2_36",
        "codex-plugin-cc 1_0_4.claude-2_1_91.Windows-11-10_0_26100-SP0",
    ]


def test_a_run_that_tested_nothing_has_a_failure() -> None:
    root = document(a_report([not_tested()]))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "1", "1")


def test_what_was_not_played_is_skipped_with_its_reason_in_its_own_column() -> None:
    left = [
        Skipped(scenario="jobs/x", plugin="codex-plugin-cc 1.0.4", lifecycle="claude-2.1.91", reason="only on 0.130"),
        Skipped(scenario="jobs/y", plugin="codex-plugin-cc 1.0.4", lifecycle="codex-0.130", reason="only a stand-in"),
    ]
    root = document(a_report([a_result()], skipped=left))
    assert [suite.get("skipped") for suite in root] == ["1", "1"]
    assert [each.get("message") for each in root.iter("skipped")] == ["only on 0.130", "only a stand-in"]


def test_the_counts_add_up() -> None:
    unknown = a_result(a_check(verdict="unknown"), scenario="jobs/pattern-d")
    root = document(a_report([violated(), unknown, a_result(scenario="jobs/pattern-a")]))
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]


def test_repeats_and_machines_are_told_apart() -> None:
    results = [a_result(), a_result(repeat=2), a_result(platform=WINDOWS)]
    root = document(a_report(results))
    assert [suite.get("name", "").rpartition(" · ")[2] for suite in root] == [LINUX[:5], WINDOWS[:7]]
    names = [each.get("name") for each in root.iter("testcase")]
    assert names == ["jobs/pattern-c", "jobs/pattern-c #2", "jobs/pattern-c"]


def test_a_version_is_no_package() -> None:
    assert case(a_result()).get("classname") == "codex-plugin-cc 1_0_4.claude-2_1_91"


@given(st.text(), st.text(st.characters(codec=None)))
def test_whatever_a_plugin_prints_fits(seen: str, detail: str) -> None:
    document(a_report([a_result(a_check(verdict="violates", seen=seen, detail=detail), scenario=f"jobs/{seen}")]))


def test_it_is_written_as_utf8(tmp_path: Path) -> None:
    junit.write(tmp_path / "junit.xml", a_report([violated(reasons=["\ud800 \x1b[31m ✗"])]))
    SCHEMA.validate(str(tmp_path / "junit.xml"))
