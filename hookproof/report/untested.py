"""Which requirements no case tested, and how that stands to the baseline. Reports, the gate and pytest share it.

A requirement counts where its scenario names it; what is asked in every case besides does not. One case that came to a
judgement is a test. An `unknown` is neither: it fails by itself, and is never recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hookproof.catalogue.project import Untested as Entry
from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.baseline import Baseline, system_of
from hookproof.judge.verdict import BaselineStatus, CheckResult, Verdict
from hookproof.report.results import Result, Untested, Why, some

Column = tuple[str, str, str]
"""Plugin, lifecycle, platform."""


def found(results: Iterable[Result], baseline: Baseline | None = None) -> list[Untested]:
    """What was tested nowhere, by plugin and lifecycle; with a baseline its status, and what is stale in it."""
    columns: dict[Column, list[Result]] = {}
    for each in results:
        columns.setdefault((each.plugin, each.lifecycle, each.platform), []).append(each)
    return [row for column, here in columns.items() for row in _column(column, here, baseline)]


def carried_over(rows: Iterable[Untested], before: Iterable[Untested]) -> list[Untested]:
    """`rows`, found without a baseline in results that reports were merged from, with the status that those gave."""
    statuses = {_key(each): each for each in sorted(before, key=_weight, reverse=True)}
    merged = [
        each.model_copy(update={"baseline": old.baseline, "reason": old.reason})
        if (old := statuses.get(_key(each)))
        else each
        for each in rows
    ]
    stale = (each for each in statuses.values() if each.baseline is BaselineStatus.STALE)
    known = {_key(each) for each in merged}
    return merged + [each for each in stale if _key(each) not in known]


def by_reason(rows: Iterable[Untested]) -> dict[tuple[str, str], list[tuple[Untested, list[str]]]]:
    """Rows by plugin and by why they were not tested: each requirement once, with all its lifecycles."""
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[Untested, list[str]]]] = {}
    for each in rows:
        reasons = some([why.reason for why in each.why], "; or ")
        requirements = found.setdefault((each.plugin, reasons), {})
        row = requirements.setdefault((each.requirement, each.reason or ""), (each, []))
        row[1].append(each.lifecycle)
    return {key: [requirements[each] for each in sorted(requirements)] for key, requirements in found.items()}


def _weight(each: Untested) -> int:
    """The place of its status among the others: what is new comes first."""
    return len(BaselineStatus) if each.baseline is None else list(BaselineStatus).index(each.baseline)


def _key(each: Untested) -> tuple[str, ...]:
    return each.plugin, each.lifecycle, each.platform, each.requirement


def _column(column: Column, results: Sequence[Result], baseline: Baseline | None) -> list[Untested]:
    plugin, lifecycle, platform = column
    known = baseline.known_untested(lifecycle, system_of(platform)) if baseline is not None else {}
    judged: dict[str, list[tuple[str, CheckResult]]] = {}
    for each in results:
        for check in each.checks:
            judged.setdefault(check.id, []).append((each.scenario, check))
    rows = []
    for name, checks in judged.items():
        entry = known.get(name)
        tested_by = list(dict.fromkeys(scenario for scenario, check in checks if check.tested))
        why: list[Why] = []
        status = None
        if tested_by:
            if entry is None or entry.sometimes:
                continue
            status = BaselineStatus.STALE
        elif all(check.standing for _, check in checks) or any(check.verdict is Verdict.UNKNOWN for _, check in checks):
            continue
        else:
            tested_by, why = [], _why(checks)
            status = None if baseline is None else _status(name, entry, [check for _, check in checks])
        rows.append(
            Untested(
                requirement=name,
                plugin=plugin,
                lifecycle=lifecycle,
                platform=platform,
                why=why,
                tested_by=tested_by,
                baseline=status,
                reason=entry.reason if entry is not None else None,
            )
        )
    return rows


def _why(checks: Iterable[tuple[str, CheckResult]]) -> list[Why]:
    reasons: dict[str, dict[str, None]] = {}
    for scenario, check in checks:
        reasons.setdefault(check.detail, {})[scenario] = None
    return [Why(reason=reason, scenarios=list(scenarios)) for reason, scenarios in reasons.items()]


def _status(name: str, entry: Entry | None, checks: Iterable[CheckResult]) -> BaselineStatus | None:
    if entry is not None:
        return BaselineStatus.KNOWN
    requirement = read_requirements().get(name)
    # a SHOULD that is not tested fails no run: neither does one that is violated. What binds a plugin is decided where
    # it is judged, by what the plugin promises; the keyword is for results of versions that did not record that
    should = requirement is not None and not requirement.binding
    return BaselineStatus.NEW if not should and any(each.binding for each in checks) else None
