"""Markdown for a pull request or a step's summary: the counts, the matrix, every unexpected result with its evidence.

Short on purpose: rows that conform everywhere are folded away, what came out alike on several lifecycles is told once,
and no more is told than a comment of a pull request can hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hookproof import clean
from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.report import untested
from hookproof.report.columns import alike, by_column, cell, heads, marked, shown, tally
from hookproof.report.isolation import told
from hookproof.report.not_played import counted, gaps
from hookproof.report.results import Report, Result, patiences

_MOST_SHOWN = 20
_LONGEST_DETAIL = 300
_LONGEST = 60_000
"""A comment holds 65,536 characters."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def write(path: Path, report: Report) -> None:
    """Write `report` to `path`. Raises OSError."""
    path.write_text(document(report), encoding="utf-8", newline="\n")


def append(path: Path, report: Report) -> None:
    """Append `report` to what others have written there. Raises OSError."""
    with path.open("a", encoding="utf-8") as file:
        file.write(document(report) + "\n")


def document(report: Report) -> str:
    """The whole text."""
    parts = [
        _headline(report),
        *_isolation(report.results),
        *_patience(report.results),
        *_not_played(report.results),
        *_matrix(report),
        *_unexpected(report),
    ]
    parts += [*_untested(report), *_known(report)]
    whole = "\n\n".join(parts) + "\n"
    if len(whole) <= _LONGEST:
        return whole
    cut = whole[:_LONGEST].rpartition("\n\n")[0]
    # a fold that was cut open swallows what follows
    closing = "\n\n</details>" if cut.count("<details>") > cut.count("</details>") else ""
    return f"{cut}{closing}\n\n… cut here; the JSON and the HTML report hold everything.\n"


def _headline(report: Report) -> str:
    counts = report.summary
    good = not report.failed
    summary = "as expected" if good else f"{counts.unexpected} unexpected" if counts.unexpected else "nothing tested"
    cases = "case" if counts.cases == 1 else "cases"
    not_tested = f", {counts.not_tested} not tested" if counts.not_tested else ""
    line = (
        f"{counts.cases} {cases} in {counts.seconds:.1f} s: {counts.conforms} conform{counted(counts.partly_played)}, "
        f"{counts.violates} violate, {counts.unknown} unknown{not_tested}."
    )
    plugins = list(dict.fromkeys(each.plugin for each in report.results))
    if len(plugins) == 1:
        line += f" Plugin: {_text(plugins[0])}."
    return f"### {'✅' if good else '❌'} hookproof: {summary}\n\n{line}"


def _isolation(results: Sequence[Result]) -> list[str]:
    lines = []
    for each in told(results):
        lines.append(f"Isolation: {_text(each.head)}")
        lines += [f"- not prevented: {_text(clause)}" for clause in each.not_prevented]
    return ["\n".join(lines)] if lines else []


def _patience(results: Sequence[Result]) -> list[str]:
    return ["\n".join(f"Patience: {_text(each)}" for each in found)] if (found := patiences(results)) else []


def _not_played(results: Sequence[Result]) -> list[str]:
    lines = [f"- {_text(_short(gap.line))}" for gap in gaps(results)]
    if not lines:
        return []
    more = [f"- … and {len(lines) - _MOST_SHOWN} more"] if len(lines) > _MOST_SHOWN else []
    return ["\n".join(["⚠️ Not played, so the verdicts say nothing about it:", "", *lines[:_MOST_SHOWN], *more])]


def _matrix(report: Report) -> list[str]:
    columns = by_column(report.results)
    scenarios = list(dict.fromkeys(each.scenario for each in report.results))
    if not scenarios:
        return []
    bad = [name for name in scenarios if any(each.scenario == name and marked(each) for each in report.results)]
    names = [" · ".join(parts) for parts in heads(list(columns)).values()]
    parts = []
    if bad:
        lines = [_row(["scenario", *(_text(name) for name in names)]), _row(["---"] * (len(names) + 1))]
        for scenario in bad:
            cells = [_cell([each for each in found if each.scenario == scenario]) for found in columns.values()]
            lines.append(_row([_text(scenario), *cells]))
        parts.append("\n".join(lines))
    rest = [name for name in scenarios if name not in bad]
    if rest:
        partly = {each.scenario for each in report.results if each.partly_played}.intersection(rest)
        conform = "scenario conforms" if len(rest) == 1 else "scenarios conform"
        summary = f"{len(rest)} {conform} everywhere{counted(len(partly))}"
        parts.append(
            f"<details><summary>{summary}</summary>\n\n{', '.join(_text(name) for name in rest)}\n\n</details>"
        )
    return parts


def _cell(results: list[Result]) -> str:
    if not results:
        return "–"
    each = shown(results)
    loud = not each.expected
    pieces = [f"**{piece}**" if loud and tone in {"bad", "doubt"} else piece for piece, tone in cell(each)]
    return f"{'❌ ' if loud else ''}{' '.join(pieces)}"


def _unexpected(report: Report) -> list[str]:
    failures = alike(report.results)
    complaints = [f"- {_text(_short(each))}" for each in report.complaints]
    if not failures and not complaints:
        return []
    parts = ["#### Unexpected", *(["\n".join(complaints[:_MOST_SHOWN])] if complaints else [])]
    parts += [_failure(columns) for columns in failures[:_MOST_SHOWN]]
    if len(failures) > _MOST_SHOWN:
        parts.append(f"… and {len(failures) - _MOST_SHOWN} more.")
    return parts


def _failure(columns: Mapping[str, Sequence[Result]]) -> str:
    found = [each for results in columns.values() for each in results]
    each = found[0]
    lines = [f"**{_text(each.scenario)}** · {_text(each.plugin)} · {_text(', '.join(columns))}", ""]
    for check in each.checks:
        if check.baseline is BaselineStatus.STALE:
            lines.append(f"- {check.id} is satisfied (*{_text(check.seen)}*), but is a known violation: remove it")
        elif check.baseline is BaselineStatus.KNOWN:
            lines.append(f"- {check.id}{_text(check.said)} violated (known)")
        elif check.verdict is Verdict.VIOLATES:
            lines.append(
                f"- {check.id}{_text(check.said)} violated: "
                f"accepted *{_text(', '.join(check.accepted))}*, seen **{_text(check.seen)}**. "
                f"{_text(_short(check.detail))}"
            )
        elif check.verdict is Verdict.UNKNOWN:
            lines.append(f"- {check.id}{_text(check.said)} unknown: {_text(_short(check.detail))}")
        elif check.verdict is Verdict.NOT_TESTED:
            lines.append(f"- {check.id}{_text(check.said)} not tested: {_text(_short(check.detail))}")
    lines += [f"- {_text(surprise.sentence)}" for surprise in each.surprises if surprise.against_the_table]
    if each.cause:
        lines.append(f"- cause {each.cause}: {_text(_short('; '.join(each.reasons)))}")
    if each.culprit is not None:
        lines.append(f"- culprit: {_text(each.culprit.sentence)}")
    lines += [f"- {_text(_short(cut.sentence))}" for cut in each.cut_short[:3]]
    lines += [f"- error: {_text(_short(error))}" for error in each.errors[:3]]
    longer = dict.fromkeys(other.played_longer for other in found if other.played_longer is not None)
    lines += [f"- {_text(sentence)}" for sentence in longer][:3]
    lines += [f"- {_text(tally(other))}" for other in found if other.replays][:3]
    return "\n".join(lines)


def _untested(report: Report) -> list[str]:
    """What was tested nowhere and fails nothing: folded, with the reasons."""
    calm = [each for each in report.untested if not each.unexpected]
    lines = []
    for (plugin, reason), rows in untested.by_reason(calm).items():
        about = f" ({_text(plugin)})" if len({each.plugin for each in report.results}) > 1 else ""
        lines.append(f"- {_text(_short(reason))}{about}")
        for each, lifecycles in rows:
            known = f": {_text(_short(each.reason or ''))}" if each.baseline is BaselineStatus.KNOWN else ""
            lines.append(f"  - {each.requirement} on {_text(', '.join(lifecycles))}{known}")
    if not lines:
        return []
    number = len({(each.plugin, each.requirement) for each in calm})
    summary = f"{number} {'requirement' if number == 1 else 'requirements'} tested nowhere"
    return [f"<details><summary>{summary}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"]


def _known(report: Report) -> list[str]:
    reasons = {
        f"{each.scenario}:{check.id}": check.reason or ""
        for each in report.results
        for check in each.checks
        if check.baseline is BaselineStatus.KNOWN
    }
    if not reasons:
        return []
    lines = [f"- {_text(name)}: {_text(_short(reason))}" for name, reason in reasons.items()]
    summary = f"{len(reasons)} known {'violation' if len(reasons) == 1 else 'violations'}"
    return [f"<details><summary>{summary}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}…"


def _text(text: str) -> str:
    """Text that was seen, so that no letter of it is markup, a mention or a cell's end."""
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\1", " ".join(clean.text(text).split("\n"))))
