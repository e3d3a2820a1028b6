"""Reports of many machines as one: read back strictly, merged without a loss, each machine in a column of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from made_reports import LINUX, WINDOWS, a_check, a_report, a_result, violated

from hookproof.report import merge
from hookproof.report.columns import by_column
from hookproof.report.compare import compare
from hookproof.report.results import FORMAT, Report, Skipped, schema


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    written = a_report([violated()], skipped=[Skipped(scenario="a", plugin="b", lifecycle="c", reason="d")])
    path.write_text(written.model_dump_json(), encoding="utf-8")
    assert merge.read(path) == written
    Draft202012Validator(schema()).validate(json.loads(path.read_text(encoding="utf-8")))


def test_an_older_report_gets_its_machine_from_the_whole(tmp_path: Path) -> None:
    whole: dict[str, Any] = a_report([a_result()]).model_dump(mode="json")
    new = ("platform", "python", "baseline", "replays")
    whole["results"] = [{key: value for key, value in each.items() if key not in new} for each in whole["results"]]
    for name in ("skipped", "baseline"):
        del whole[name]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(whole | {"format": "1.0", "platform": WINDOWS}), encoding="utf-8")
    assert merge.read(path).results[0].platform == WINDOWS


NEW_IN = {
    "1.1": {"platform", "python", "baseline", "replays", "like", "skipped", "reason"},
    "1.2": {"surprises"},
    "1.3": {"at", "agent", "landed", "whose"},
    "1.4": {"isolation", "not_tested", "preflight", "standing", "untested"},
}
"""The fields that each format of the JSON has brought, wherever they stand."""


def without(whole: Any, names: set[str]) -> Any:
    if isinstance(whole, list):
        return [without(each, names) for each in whole]
    if not isinstance(whole, dict):
        return whole
    return {name: without(value, names) for name, value in whole.items() if name not in names}


@pytest.mark.parametrize("older", ["1.0", "1.1", "1.2", "1.3"])
def test_every_older_format_is_read_and_compared(tmp_path: Path, older: str) -> None:
    report = a_report([violated(), a_result(scenario="jobs/pattern-a")])
    new = set().union(*(names for since, names in NEW_IN.items() if since > older))
    whole: dict[str, Any] = without(report.model_dump(mode="json"), new)
    path = tmp_path / "old.json"
    path.write_text(json.dumps(whole | {"format": older, "platform": LINUX, "python": "3.11.7"}), encoding="utf-8")
    found = merge.read(path)
    assert merge.merge([found]).format == FORMAT
    assert [each.isolation for each in found.results] == [None, None]
    assert [(each.verdict, each.unexpected, each.culprit) for each in found.results] == [
        (each.verdict, each.unexpected, each.culprit) for each in report.results
    ]
    changed = compare(found, a_report([a_result(), a_result(scenario="jobs/pattern-a")]))
    assert (changed.common, [each.kind for each in changed.changes]) == (2, ["fixed"])


def test_what_a_newer_minor_version_has_written_is_refused_by_name(tmp_path: Path) -> None:
    major, _, minor = FORMAT.partition(".")
    newer = f"{major}.{int(minor) + 1}"
    path = tmp_path / "newer.json"
    path.write_text(json.dumps(a_report([]).model_dump(mode="json") | {"format": newer}), encoding="utf-8")
    with pytest.raises(merge.ReportError, match=f"has format '{re.escape(newer)}'.*reads up to {re.escape(FORMAT)}"):
        merge.read(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON; expected what `hookproof run --json FILE` writes"),
        ("\x00", "is not JSON"),
        ("[" * 100_000, "is not read: nested more than 100 deep"),
        ("[]", "is no report"),
        ('{"a": 1}', "is no report"),
        ('{"hookproof": "9.0", "results": [], "format": "7.0"}', "has format '7.0', written by hookproof 9.0"),
        ('{"hookproof": "1", "results": [{}], "format": "1.0"}', "Field required"),
    ],
)
def test_what_is_no_report_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(merge.ReportError, match=r"wrong\.json") as raised:
        merge.read(path)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_directory_are_told(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.json", "does not exist"), (tmp_path, "is a directory")):
        with pytest.raises(merge.ReportError, match=told):
            merge.read(path)


def test_machines_are_columns_and_counts_add_up() -> None:
    windows = [violated(platform=WINDOWS), a_result(platform=WINDOWS, python="3.14.0")]
    found = merge.merge([a_report([a_result()]), a_report(windows, platform=WINDOWS)])
    assert found.platform == f"{LINUX}, {WINDOWS}"
    assert [column.machine for column in by_column(found.results)] == [
        "Linux, Python 3.11.7",
        "Windows, Python 3.11.7",
        "Windows, Python 3.14.0",
    ]
    assert (found.summary.cases, found.summary.violates, found.summary.unexpected) == (3, 1, 1)
    assert found.summary.seconds == 4.0
    Report.model_validate(found.model_dump())


def test_two_linuxes_are_told_apart() -> None:
    found = [a_result(), a_result(platform="Linux-6.8-aarch64")]
    assert [column.machine for column in by_column(found)] == [LINUX, "Linux-6.8-aarch64"]


def test_the_same_file_twice_counts_once() -> None:
    one = a_report([violated()])
    assert merge.merge([one, one]).results == one.results


def test_the_same_case_from_two_runs_is_one_more_repeat() -> None:
    found = merge.merge([a_report([a_result()]), a_report([a_result(journal="/runs/2/journal.jsonl")])])
    assert [each.repeat for each in found.results] == [1, 2]


def test_baselines_and_what_was_left_out_stay() -> None:
    left = Skipped(scenario="jobs/x", plugin="p", lifecycle="l", reason="r")
    known = a_result(a_check(verdict="violates", baseline="known", reason="r"))
    found = merge.merge([a_report([known], baseline="a.toml", skipped=[left]), a_report([a_result(platform=WINDOWS)])])
    assert (found.baseline, found.skipped, found.results[0].checks[0].reason) == ("a.toml", [left], "r")


def test_results_are_read_as_they_came_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    lines = [each.model_dump_json() for each in (a_result(), violated())]
    path.write_text("\n".join([*lines, lines[0][:50]]), encoding="utf-8")
    found = merge.read(path)
    assert found.results == [a_result(), violated()]
    assert (found.summary.cases, found.summary.unexpected) == (2, 1)


@pytest.mark.parametrize(("text", "told"), [("{}\n", ":1: is no result: "), ("x\n{}\n", ":1: is no result: not JSON")])
def test_lines_that_are_no_results_are_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(merge.ReportError, match=told):
        merge.read(path)
