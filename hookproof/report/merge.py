"""Reports of many machines, read back from their JSON and merged into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from hookproof import __version__, files
from hookproof.errors import HookproofError
from hookproof.report import untested
from hookproof.report.results import FORMAT, Format, Report, Result, summary
from hookproof.report.results import report as report_of


class ReportError(HookproofError):
    """A file that is no report. One sentence that says what was read and what was expected."""


def read(path: Path) -> Report:
    """The report that `--json` wrote to `path`, or the results that a run wrote as they came. Raises ReportError."""
    if path.suffix == ".jsonl":
        return _as_they_came(path)
    try:
        found = files.read_json(path, limit=files.RECORDED)
    except files.FileError as error:
        what = f"{path}: is not JSON" if error.damaged else str(error)
        raise ReportError(f"{what}; expected what `hookproof run --json FILE` writes") from None
    if not isinstance(found, dict) or "hookproof" not in found or "results" not in found:
        raise ReportError(f"{path}: is no report; expected what `hookproof run --json FILE` writes")
    if found.get("format") not in get_args(Format):
        raise ReportError(
            f"{path}: has format {found.get('format')!r}, written by hookproof {found['hookproof']}; "
            f"this is {__version__}, which reads up to {FORMAT}"
        )
    try:
        report = Report.model_validate(found)
    except ValidationError as error:
        raise ReportError(f"{path}: {_first(error)}") from None
    # an older format knew only the machine of the whole report
    machine = {"platform": report.platform, "python": report.python}
    results = [each if each.platform else each.model_copy(update=machine) for each in report.results]
    return report.model_copy(update={"results": results})


def _as_they_came(path: Path) -> Report:
    """The results of a run that may have been cut short. A torn last line is left out."""
    try:
        lines = files.read_text(path, limit=files.RECORDED).split("\n")
    except files.FileError as error:
        raise ReportError(f"{error}; expected what a run writes to results.jsonl") from None
    results = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            results.append(Result.model_validate(files.parse_json(line)))
        except ValidationError as error:
            raise ReportError(f"{path}:{number}: is no result: {_first(error)}") from None
        except ValueError as error:
            if number == len(lines):
                break
            raise ReportError(f"{path}:{number}: is no result: not JSON: {error}") from None
    return report_of(results, seconds=sum(each.seconds for each in results), untested=untested.found(results))


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']} ({error.error_count()} mistakes)"


def merge(reports: Sequence[Report]) -> Report:
    """One report of all. The very same result counts once; another one of the same case is one more repeat of it."""
    results: list[Result] = []
    repeats: dict[tuple[str, ...], int] = {}
    seen: set[str] = set()
    for each in (result for report in reports for result in report.results):
        whole = each.model_dump_json()
        if whole in seen:
            continue
        seen.add(whole)
        cell = (each.scenario, each.plugin, each.lifecycle, each.platform, each.python)
        number = repeats[cell] = max(repeats.get(cell, 0) + 1, each.repeat)
        results.append(each.model_copy(update={"repeat": number}))
    if len(reports) == 1:
        return reports[0].model_copy(update={"results": results, "format": FORMAT})
    baselines = {report.baseline for report in reports if report.baseline}
    nowhere = untested.carried_over(untested.found(results), (each for report in reports for each in report.untested))
    return Report(
        hookproof=_joined([report.hookproof for report in reports]),
        format=FORMAT,
        platform=_joined([report.platform for report in reports]),
        python=_joined([report.python for report in reports]),
        results=results,
        criteria=list(dict.fromkeys(each for report in reports for each in report.criteria)),
        skipped=list(dict.fromkeys(each for report in reports for each in report.skipped)),
        baseline=", ".join(sorted(baselines)) or None,
        untested=nowhere,
        summary=summary(results, sum(report.summary.seconds for report in reports), nowhere),
    )


def _joined(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(values))
