"""Every report names how far its results were isolated, and below the first level what that leaves possible."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from made_reports import FULL, WITHOUT_PIDS, a_report, a_result
from rich.console import Console

from hookproof.commands import compare as verb
from hookproof.report import junit, markdown, merge, terminal
from hookproof.report.circumstances import Isolation
from hookproof.report.compare import compare
from hookproof.report.html.page import render
from hookproof.report.isolation import levels, told
from hookproof.report.results import Report, Result

OPEN = Isolation(level="full", network="none", refused=None, not_prevented=["a plugin can reach the network"])


def lower(**fields: Any) -> Result:
    return a_result(isolation=WITHOUT_PIDS, **fields)


def older(**fields: Any) -> Result:
    return a_result(isolation=None, **fields)


def printed(report: Report, *, terminal_: bool = False, height: int = 25) -> str:
    file = io.StringIO()
    console = Console(file=file, width=70, height=height, force_terminal=terminal_, color_system=None, highlight=False)
    terminal.summary(console, report)
    return file.getvalue()


def test_what_is_the_same_is_told_once_and_what_differs_with_its_number() -> None:
    assert [each.head for each in told([a_result(), a_result(repeat=2)])] == ["full"]
    assert [each.head for each in told([a_result(), lower(), older(), older(repeat=2)])] == [
        "full (1 case)",
        "without-pids (1 case): the system refuses a new /proc",
        "not recorded (2 cases)",
    ]
    assert told([]) == []


def test_only_the_first_level_off_the_network_leaves_nothing_to_say() -> None:
    assert [each.good for each in told([a_result(), lower(), a_result(isolation=OPEN), older()])] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("terminal_", [False, True], ids=["CI", "terminal"])
def test_below_the_first_level_a_line_for_each_thing_that_is_not_prevented(terminal_: bool) -> None:
    text = printed(a_report([lower()]), terminal_=terminal_)
    lines = [line.rstrip() for line in text.splitlines()]
    at = lines.index("isolation without-pids: the system refuses a new /proc")
    assert lines[at + 1 : at + 3] == [
        "  not prevented: a process can stay",
        "  not prevented: a plugin can end hookproof",
    ]
    assert lines[at + 3].startswith("1 case in ")


def test_the_summary_fits_a_screen_at_every_level() -> None:
    many = [lower(scenario=f"jobs/{number:02}") for number in range(40)]
    assert len(printed(a_report(many), terminal_=True, height=14).splitlines()) <= 14


def test_markdown_junit_and_html_name_it() -> None:
    report = a_report([lower()])
    text = markdown.document(report)
    assert "Isolation: without-pids: the system refuses a new /proc\n- not prevented: a process can stay\n" in text
    properties = {
        each.get("name"): each.get("value")
        for each in ElementTree.fromstring(junit.document(report)).iterfind("testsuite/properties/property")  # noqa: S314 - our own
    }
    assert properties["isolation"] == "without-pids: the system refuses a new /proc"
    assert properties["not prevented"] == "a process can stay; a plugin can end hookproof"
    page = render(report, journals=False)
    head = page[: page.index("<main>")]
    assert "isolation without-pids: the system refuses a new /proc" in head
    assert "<li>not prevented: a plugin can end hookproof</li>" in head


def test_at_the_first_level_the_reports_say_no_more_than_that() -> None:
    report = a_report([a_result()])
    assert "Isolation: full\n" in markdown.document(report)
    for text in (markdown.document(report), junit.document(report), render(report, journals=False), printed(report)):
        assert "not prevented" not in text


def test_it_survives_json_and_merging(tmp_path: Path) -> None:
    paths = []
    for number, each in enumerate((a_result(), lower())):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(a_report([each]).model_dump_json(), encoding="utf-8")
    assert [each.isolation for each in merge.merge([merge.read(path) for path in paths]).results] == [
        FULL,
        WITHOUT_PIDS,
    ]


def test_compare_tells_of_another_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare(a_report([older()]), a_report([a_result(isolation=OPEN)]))
    assert (found.isolation_before, found.isolation_after) == ("not recorded", "full (network: none)")
    assert levels([a_result(), lower()]) == "full, without-pids"
    paths = []
    for name, each in (("before", a_result()), ("same", a_result()), ("after", lower())):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(a_report([each]).model_dump_json(), encoding="utf-8")
    assert run_verb(paths[0], paths[1]) == 0
    assert "isolation" not in capsys.readouterr().out
    assert run_verb(paths[0], paths[2], tmp_path / "c.json") == 0
    assert "isolation full before, without-pids after: what a plugin can do is not the same\n" in (
        capsys.readouterr().out
    )
    assert json.loads((tmp_path / "c.json").read_text())["isolation_after"] == "without-pids"


def run_verb(before: Path, after: Path, to: Path | None = None) -> int:
    return verb.execute(argparse.Namespace(before=before, after=after, json=to))
