"""Markdown: the counts, the matrix and what was unexpected, short enough for a comment, and nothing in it is markup."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from made_reports import NO_JOB, WINDOWS, a_check, a_report, a_result, gate, not_tested, violated

from hookproof.report import markdown
from hookproof.report.markdown import document


def test_a_green_run_is_three_lines_and_a_fold() -> None:
    text = document(a_report([a_result(), a_result(scenario="jobs/pattern-a")]))
    assert text.startswith("### ✅ hookproof: as expected\n\n2 cases in 2.0 s: 2 conform, 0 violate, 0 unknown.")
    assert "<summary>2 scenarios conform everywhere</summary>" in text
    assert "| scenario |" not in text
    assert "Unexpected" not in text


def test_an_unexpected_result_has_accepted_seen_cause_and_culprit() -> None:
    text = document(a_report([violated(replays=["violates"])]))
    assert "### ❌ hookproof: 1 unexpected" in text
    assert "| jobs/pattern-c | ❌ **JOB-03** H1 |" in text
    assert "- JOB-03 violated: accepted *survives, refused*, seen **lost**. as the journal tells" in text
    assert "- cause H1: the row is gone" in text
    assert "- culprit: the SessionEnd hook with SIGTERM" in text
    assert "- played again alone once: violates" in text


def test_what_was_tested_nowhere_is_folded_with_its_reason() -> None:
    text = document(a_report([a_result(scenario="jobs/a"), not_tested("JOB-04"), not_tested("JOB-06")]))
    assert "| jobs/pattern-c | not tested |" in text
    assert ": 1 conform, 0 violate, 0 unknown, 2 not tested. Plugin" in text
    assert f"<summary>2 requirements tested nowhere</summary>\n\n- {NO_JOB}\n  - JOB-04 on claude-2.1.91\n" in text
    assert "Unexpected" not in text


def test_what_fails_besides_the_cases_is_told_first() -> None:
    text = document(a_report([a_result(scenario="jobs/a"), not_tested("JOB-04")], gate("JOB-03")))
    assert "### ❌ hookproof: 2 unexpected" in text
    assert "#### Unexpected\n\n- JOB-03 is tested on claude-2.1.91 (by jobs/a), but" in text
    assert "\n- no case tests JOB-04 on claude-2.1.91, and no \\[\\[untested\\]\\] entry names it" in text
    assert "### ❌ hookproof: nothing tested" in document(a_report([not_tested()]))


def test_what_came_alike_on_two_lifecycles_is_told_once() -> None:
    text = document(a_report([violated(), violated(lifecycle="claude-2.1.329")]))
    assert text.count("- culprit: ") == 1
    assert "codex-plugin-cc 1.0.4 · claude-2.1.91, claude-2.1.329" in text


def test_known_violations_are_folded_with_their_reasons() -> None:
    known = a_result(a_check(verdict="violates", baseline="known", reason="waits for #7"))
    text = document(a_report([known]))
    assert "| jobs/pattern-c | JOB-03 known |" in text
    assert "- jobs/pattern-c:JOB-03: waits for \\#7" in text


def test_a_stale_entry_says_what_to_do() -> None:
    text = document(a_report([a_result(a_check(baseline="stale"))]))
    assert "❌ **JOB-03 fixed**" in text
    assert "is a known violation: remove it" in text


def test_machines_have_columns() -> None:
    text = document(a_report([violated(), violated(platform=WINDOWS)]))
    assert "| scenario | Linux | Windows |" in text


def test_it_stays_short() -> None:
    many = [
        violated(scenario=f"jobs/{number}", reasons=["because " * 200], errors=["x" * 5000] * 5)
        for number in range(500)
    ]
    text = document(a_report(many))
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>")


@given(st.text(st.characters(codec=None)))
def test_nothing_that_was_seen_is_markup(seen: str) -> None:
    text = document(a_report([a_result(a_check(verdict="violates", seen=f"{seen}|<b>@you"))]))
    text.encode()
    assert "<b>" not in text
    assert "@you" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {3}


def test_a_step_summary_keeps_what_others_wrote(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    markdown.append(path, a_report([a_result()]))
    assert path.read_text(encoding="utf-8").startswith("before\n### ✅")
