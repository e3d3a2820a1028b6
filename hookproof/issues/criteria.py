"""An issue's acceptance criteria as named rows: met, not met, or not judged, each with what was seen.

A maintainer who implements the issue sees them turn green one by one. What no machine can tell is said to be not
judged, and never counted as met. The only part of this folder that runs something: the plugin's own tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from hookproof import files
from hookproof.catalogue.descriptor import Criterion
from hookproof.errors import DeadlineMissedError
from hookproof.issues import plugin_tests
from hookproof.judge.verdict import Verdict
from hookproof.report.results import CriterionResult, Result
from hookproof.sandbox import uv


def judge(
    criteria: Iterable[Criterion], results: Sequence[Result], *, plugin: Path, lifecycle: str, needs: Sequence[str]
) -> list[CriterionResult]:
    """Every criterion of the plugin at `plugin`; those about behaviour on `lifecycle`, or a real host like it."""
    return [_one(each, results, plugin, lifecycle, needs) for each in criteria]


def _one(
    criterion: Criterion, results: Sequence[Result], plugin: Path, lifecycle: str, needs: Sequence[str]
) -> CriterionResult:
    if criterion.check is not None:
        met, seen = _by_check(criterion.check, results, lifecycle)
    elif criterion.file is not None:
        met, seen = _by_file(criterion, plugin)
    elif criterion.tests is not None:
        met, seen = _by_tests(criterion, plugin, needs)
    else:
        met, seen = None, criterion.not_judged or ""
    verdict: Literal["met", "not met", "not judged"] = "not judged" if met is None else "met" if met else "not met"
    return CriterionResult(text=criterion.text, verdict=verdict, seen=seen)


def _by_check(check: str, results: Sequence[Result], lifecycle: str) -> tuple[bool | None, str]:
    scenario, _, name = check.partition(":")
    for each in results:
        if (each.scenario, each.like) == (scenario, lifecycle):
            for outcome in each.checks:
                if outcome.id == name:
                    met = outcome.verdict is Verdict.CONFORMS if outcome.tested else None
                    seen = f"not tested: {outcome.detail}" if outcome.verdict is Verdict.NOT_TESTED else outcome.seen
                    return met, f"{name} on {lifecycle}: {seen}"
    return None, f"{scenario} was not played on {lifecycle}"


def _by_file(criterion: Criterion, plugin: Path) -> tuple[bool | None, str]:
    name = criterion.file or ""
    try:
        text = files.read_text(plugin / name)
    except files.FileError as error:
        return None, f"{name} {error.reason}"
    for pattern in criterion.has:
        if re.search(pattern, text) is None:
            return False, f"{name}: what it should say is not in it"
    for pattern in criterion.lacks:
        found = re.search(pattern, text)
        if found is not None:
            line = text.count("\n", 0, found.start()) + 1
            return False, f"{name}, line {line}: {' '.join(found.group(0).split())!r} still stands"
    return True, f"{name}: as asked"


def _by_tests(criterion: Criterion, plugin: Path, needs: Sequence[str]) -> tuple[bool | None, str]:
    try:
        run = plugin_tests.run_tests(plugin, criterion, needs)
    except (plugin_tests.MutantError, uv.UvError, DeadlineMissedError) as error:
        return None, str(error)
    if not run.passed and not run.failed:
        return None, f"the tests could not be run (exit code {run.exit}): {run.summary}{run.without}"
    return (run.failed if criterion.mutant is not None else run.passed), run.summary + run.without
