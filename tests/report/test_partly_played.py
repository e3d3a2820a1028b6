"""What was not played of a plugin is told by every report, and by no exit status."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

from made_reports import a_check, a_report, a_result, not_tested, violated
from rich.console import Console

from hookproof.report import junit, markdown, merge, terminal
from hookproof.report.annotations import lines as annotated
from hookproof.report.circumstances import NotPlayed
from hookproof.report.columns import cell
from hookproof.report.html.page import render
from hookproof.report.not_played import gaps
from hookproof.report.progress import line
from hookproof.report.results import Report

SENTENCE = "2 Stop hooks of type 'prompt' in hooks/hooks.json: the stand-in runs commands alone"
THING = NotPlayed(what="hook type", name="prompt", event="Stop", file="hooks/hooks.json", times=2, sentence=SENTENCE)
GAP = f"codex-plugin-cc 1.0.4 declares {SENTENCE} (on claude-2.1.91, claude-2.1.329)"


def a_marked_report() -> Report:
    """Two cases on one lifecycle, one on another: a mark on each, and one case that is played in full."""
    return a_report(
        [
            a_result(not_played=[THING]),
            a_result(not_played=[THING], lifecycle="claude-2.1.329"),
            violated(scenario="jobs/pattern-d", not_played=[THING]),
            a_result(scenario="jobs/pattern-d", lifecycle="claude-2.1.329"),
        ]
    )


def on_terminal(report: Report, *, height: int = 25, moving: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=160, height=height, force_terminal=moving, color_system=None, highlight=False)
    terminal.summary(console, report)
    return file.getvalue()


def test_a_case_that_conforms_is_no_plain_conforms() -> None:
    assert [text for text, _ in cell(a_result(not_played=[THING]))] == ["conforms", "(1 not played)"]
    assert [text for text, _ in cell(violated(not_played=[THING]))][-1] == "(1 not played)"
    assert "partly played" in line(a_result(not_played=[THING]), surprises=True)
    assert "partly played" not in line(a_result(), surprises=True)


def test_the_counts_say_how_many_of_those_that_conform() -> None:
    report = a_marked_report()
    assert (report.summary.conforms, report.summary.partly_played) == (3, 2)
    assert a_report([not_tested(not_played=[THING])]).summary.partly_played == 0
    assert "3 conform (2 partly played), 1 violate" in on_terminal(report)
    assert "3 conform (2 partly played), 1 violate" in markdown.document(report)
    assert '<b class="conforms">3 conform</b> (2 partly played),' in render(report, journals=False)


def test_it_fails_nothing_by_itself() -> None:
    report = a_report([a_result(not_played=[THING])])
    assert not report.failed
    assert (report.summary.unexpected, report.complaints) == (0, [])


def test_it_is_told_once_with_the_lifecycles() -> None:
    report = a_marked_report()
    assert [gap.line for gap in gaps(report.results)] == [GAP]
    assert on_terminal(report).count(f"not played: {GAP}\n") == 1
    assert markdown.document(report).count("2 Stop hooks of type 'prompt'") == 1
    assert annotated(report)[-1] == f"::warning title=not played::{GAP}"
    assert f"{SENTENCE.replace(chr(39), '&#39;')} <span" in render(report, journals=False)


def test_rows_that_are_folded_away_say_it_too() -> None:
    results = [a_result(scenario=f"jobs/{number}", not_played=[THING][: number % 2]) for number in range(30)]
    assert "30 scenarios conform everywhere (15 partly played)" in on_terminal(a_report(results), moving=True)
    assert "<summary>30 scenarios conform everywhere (15 partly played)</summary>" in markdown.document(
        a_report(results)
    )


def test_many_things_are_cut_and_that_is_said() -> None:
    things = [THING.model_copy(update={"sentence": f"thing {number}"}) for number in range(40)]
    report = a_report([a_result(not_played=things)])
    assert "… 28 more were not played: --json has them all" in on_terminal(report)
    assert "… and 20 more" in markdown.document(report)


def test_junit_has_it_as_a_property_of_the_case() -> None:
    root = ElementTree.fromstring(junit.document(a_marked_report()).partition("?>")[2])  # noqa: S314 - our own
    told = {
        (case.get("classname"), case.get("name")): found.get("value") if found is not None else None
        for case in root.iter("testcase")
        for found in [case.find("properties/property[@name='not played']")]
    }
    assert sorted(map(str, told.values())) == sorted([SENTENCE, SENTENCE, SENTENCE, "None"])


def test_a_report_of_an_older_format_has_none(tmp_path: Path) -> None:
    document = json.loads(a_report([a_result(a_check())]).model_dump_json())
    document["format"] = "1.5"
    del document["results"][0]["not_played"]
    del document["summary"]["partly_played"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    read = merge.read(path)
    assert (read.results[0].not_played, read.summary.partly_played) == ([], 0)


def test_merged_reports_count_it_again() -> None:
    marked = a_report([a_result(not_played=[THING])])
    other = a_report([a_result(not_played=[THING], platform="Windows-11")])
    assert merge.merge([marked, other]).summary.partly_played == 2
