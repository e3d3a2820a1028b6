"""What a person sees: progress while cases run, then every surprise with its evidence, then a table and the counts.

Live progress only on a terminal; in CI and in pipes one plain line for each finished case. Colour only on a terminal,
and not with NO_COLOR. What matters most comes last, and fits a screen.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hookproof.catalogue.plugin import is_reference
from hookproof.judge.verdict import BaselineStatus, CheckResult, Verdict
from hookproof.report import untested
from hookproof.report.columns import Column, alike, by_column, cell, heads, marked, shown, tally
from hookproof.report.isolation import Told, told
from hookproof.report.not_played import counted, gaps
from hookproof.report.results import Report, Result, patiences

_TONES = {
    Verdict.VIOLATES: "red",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_TESTED: "dim cyan",
    Verdict.CONFORMS: "green",
}
MARKS = {verdict: f"[{tone}]{verdict.value}[/]" for verdict, tone in _TONES.items()}
_CELLS = {"good": "green", "bad": "red", "doubt": "yellow", "known": "dim", "calm": "dim cyan", "cause": "magenta"}
_BELOW_TABLE = 8
"""Lines that a screen needs besides the table's rows."""
_UNLIMITED = 10_000
_MOST_REASONS, _LONGEST_REASON = 12, 240


def console() -> Console:
    """The console for results. Wide in a pipe, so that CI logs are not folded at 80 columns."""
    piped = not sys.stdout.isatty()
    return Console(width=160 if piped else None, highlight=False, no_color=bool(os.environ.get("NO_COLOR")) or None)


def is_live(console: Console) -> bool:
    """Whether something may move: a person looks at a terminal that can do it."""
    return console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")


def summary(console: Console, report: Report) -> None:
    """The failures with what was accepted and what was seen, the table of several scenarios, one line of counts."""
    failures(console, report)
    _warnings(console, report.results)
    if len({each.scenario for each in report.results}) > 1:
        console.print()
        matrix(console, report.results)
        console.print()
    _cut_hooks(console, report.results)
    _not_played(console, report.results)
    isolation(console, told(report.results))
    for each in patiences(report.results):
        _line(console, f"patience {each}", 0, style="dim")
    _untested(console, report)
    _baseline(console, report)
    counts = report.summary
    tone = "bold red" if report.failed else "green"
    cases = "case" if counts.cases == 1 else "cases"
    not_tested = f", {counts.not_tested} not tested" if counts.not_tested else ""
    console.print(
        f"[{tone}]{counts.cases} {cases} in {counts.seconds:.1f} s: "
        f"{counts.conforms} conform{counted(counts.partly_played)}, "
        f"{counts.violates} violate, {counts.unknown} unknown{not_tested}; "
        f"{counts.unexpected} unexpected[/]"
    )


def isolation(console: Console, all_told: Sequence[Told]) -> None:
    """How far it was isolated: one quiet line, and below the first level one for each thing that is not prevented."""
    for each in all_told:
        _line(console, f"isolation {each.head}", 0, style="dim" if each.good else "yellow")
        for clause in each.not_prevented:
            _line(console, f"not prevented: {clause}", 2, style="dim")


def failures(console: Console, report: Report) -> None:
    """Every unexpected result; what came out alike in several columns or repeats is told once."""
    for columns in alike(report.results):
        _failure(console, columns)


def matrix(console: Console, results: Sequence[Result]) -> None:
    """Scenario × column: the checks that do not conform and the cause.

    On a terminal it fits: rows that conform everywhere are folded when there are more than a screen holds, and columns
    are numbered when their names are too wide.
    """
    columns = by_column(results)
    scenarios = list(dict.fromkeys(each.scenario for each in results))
    bad = [name for name in scenarios if any(each.scenario == name and marked(each) for each in results)]
    named = {column: "\n".join(parts) for column, parts in heads(list(columns)).items()}
    table = _table(scenarios, columns, named)
    legend: list[str] = []
    # measured without the width of the console, which would hide by how much it does not fit
    wide = console.options.update(width=_UNLIMITED)
    if console.is_terminal and Measurement.get(console, wide, table).minimum > console.width:
        legend = [f"[bold]{number}[/] {escape(name)}" for number, name in enumerate(_joined(named), start=1)]
        named = {column: str(number) for number, column in enumerate(columns, start=1)}
        table = _table(scenarios, columns, named)
        # names are folded before a column is lost
        table.columns[0].no_wrap = Measurement.get(console, wide, table).minimum <= console.width
        table.columns[0].overflow = "fold"
    below = _BELOW_TABLE + sum(1 + len(each.not_prevented) for each in told(results))
    height = len(legend) + len(console.render_lines(table, pad=False)) + below
    fold = console.is_terminal and len(bad) < len(scenarios) and height > console.height
    if fold:
        no_wrap = table.columns[0].no_wrap
        table = _table(bad, columns, named)
        table.columns[0].no_wrap, table.columns[0].overflow = no_wrap, "fold"
    if bad or not fold:
        for line in [*legend, table]:
            console.print(line)
    if fold:
        rest = len(scenarios) - len(bad)
        partly = len({each.scenario for each in results if each.partly_played} - set(bad))
        conform = "scenario conforms" if rest == 1 else "scenarios conform"
        console.print(f"[green]{rest} {conform} everywhere[/]{counted(partly)}")


def _joined(named: dict[Column, str]) -> list[str]:
    return [name.replace("\n", " · ") for name in named.values()]


def _table(rows: Sequence[str], columns: dict[Column, list[Result]], named: dict[Column, str]) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    for column in columns:
        first, _, rest = named[column].partition("\n")
        widest = max(len(part) for part in named[column].split("\n"))
        table.add_column(escape(first) + (f"\n[dim]{escape(rest)}[/]" if rest else ""), min_width=widest)
    for scenario in rows:
        cells = [[each for each in results if each.scenario == scenario] for results in columns.values()]
        table.add_row(escape(scenario), *(_cell(here) for here in cells))
    return table


def _cell(results: list[Result]) -> str:
    if not results:
        return "[dim]–[/]"
    one = shown(results)
    marked = " ".join(f"[{_CELLS[tone]}]{escape(piece)}[/]" for piece, tone in cell(one))
    times = sum(each.verdict is one.verdict for each in results)
    return marked if times == len(results) else f"{marked} [dim]{times} of {len(results)}[/]"


def cause(each: Result) -> str:
    """The cause after something, where there is one."""
    return f" [magenta]{escape(each.cause)}[/]" if each.cause else ""


def _failure(console: Console, columns: dict[str, list[Result]]) -> None:
    """One way of not being as expected, by the first result that shows it."""
    results = [each for found in columns.values() for each in found]
    each = results[0]
    console.print(
        Text.from_markup(
            f"\n[bold red]unexpected[/] {escape(each.scenario)} · {escape(each.plugin)} · {escape(', '.join(columns))}"
            + (f" [dim]({len(results)} times)[/]" if len(results) > 1 else "")
        )
    )
    for check in each.checks:
        if check.verdict is not Verdict.CONFORMS:
            _check(console, each.scenario, check)
    # what the lines of the checks have said already is not said again
    shown = {surprise.sentence for surprise in each.surprises if surprise.kind in {"violated", "unknown"}}
    for sentence in each.unexpected:
        if sentence not in shown:
            _line(console, sentence, 2)
    if each.cause:
        _line(console, f"cause {each.cause}: {'; '.join(each.reasons)}", 2)
    if each.culprit is not None:
        _line(console, f"culprit: {each.culprit.sentence}", 2)
    for error in each.errors:
        _line(console, f"error: {error}", 2, style="yellow")
    longer = dict.fromkeys(other.played_longer for other in results if other.played_longer is not None)
    for plays in [*longer, *(tally(other) for other in results if other.replays)]:
        _line(console, plays, 2)
    # a path that is folded can be neither clicked nor copied
    console.print(Text(f"  journal: {each.journal}", style="dim"), soft_wrap=True)


def _check(console: Console, scenario: str, check: CheckResult) -> None:
    """Named in full, as a baseline names it."""
    name = f"{scenario}:{check.id}"
    if check.baseline is BaselineStatus.KNOWN:
        _line(console, f"{name} is violated (known: {check.reason})", 2, style="dim")
        return
    if check.verdict is Verdict.NOT_TESTED:
        _line(console, f"{name} is not tested: {check.detail}", 2, style=_TONES[check.verdict])
        _sentence(console, check)
        return
    word = "violated" if check.verdict is Verdict.VIOLATES else check.verdict
    _print(console, Text.assemble((f"{name} is {word}", _TONES[check.verdict]), f": seen {check.seen!r}"), 2)
    _sentence(console, check)
    if check.verdict is Verdict.VIOLATES:
        _line(console, f"accepted: {', '.join(check.accepted)}", 4)
    _line(console, check.detail, 4, style="dim")


def _sentence(console: Console, check: CheckResult) -> None:
    """A sentence of the scenario's own, which stands in no list of requirements."""
    if check.sentence is not None:
        _line(console, f"{check.keyword}: {check.sentence}", 4)


def _warnings(console: Console, results: Sequence[Result]) -> None:
    """A violated SHOULD does not fail a run, but it is not silent either."""
    marked: dict[tuple[str, str], list[str]] = {}
    for each in results:
        if is_reference(each.plugin):
            continue
        free = [check.id for check in each.checks if check.verdict is Verdict.VIOLATES and check.baseline is None]
        if free and each.expected:
            marked.setdefault((each.scenario, ", ".join(free)), []).append(each.lifecycle)
    if marked:
        console.print()
    for (scenario, violated), lifecycles in marked.items():
        where = ", ".join(dict.fromkeys(lifecycles))
        console.print(f"[yellow]warning[/] {escape(scenario)}: {violated} (SHOULD) on {escape(where)}")


def _cut_hooks(console: Console, results: Sequence[Result]) -> None:
    """What the cells name as cut, a line each: by whom, after how long, at which limit."""
    lines = [f"{each.scenario} on {each.lifecycle}: {cut.sentence}" for each in results for cut in each.cut_short]
    for line in lines[:_MOST_REASONS]:
        _line(console, line, 0, style="dim")
    if len(lines) > _MOST_REASONS:
        _line(console, f"… {len(lines) - _MOST_REASONS} hooks more were cut: --json has them all", 0, style="dim")


def _not_played(console: Console, results: Sequence[Result]) -> None:
    """What the verdicts say nothing about, a line each."""
    lines = [f"not played: {gap.line}" for gap in gaps(results)]
    for line in lines[:_MOST_REASONS]:
        _line(console, line, 0, style="yellow")
    if len(lines) > _MOST_REASONS:
        _line(console, f"… {len(lines) - _MOST_REASONS} more were not played: --json has them all", 0, style="dim")


def _untested(console: Console, report: Report) -> None:
    """What was tested nowhere, a line each below its reason; then what of that fails the run."""
    calm = [each for each in report.untested if not each.unexpected]
    reasons = untested.by_reason(calm)
    if reasons:
        console.print()
    for (plugin, reason), rows in list(reasons.items())[:_MOST_REASONS]:
        about = f" of {plugin}" if len({each.plugin for each in report.results}) > 1 else ""
        _line(console, f"tested nowhere{about}: {_short(reason)}", 0, style=_TONES[Verdict.NOT_TESTED])
        for each, lifecycles in rows:
            known = f", as known: {each.reason}" if each.baseline is BaselineStatus.KNOWN else ""
            _line(console, f"{each.requirement} on {', '.join(lifecycles)}{known}", 2, style="dim")
    if len(reasons) > _MOST_REASONS:
        _line(console, f"… for {len(reasons) - _MOST_REASONS} reasons more: --json has them all", 0, style="dim")
    for sentence in report.complaints:
        _print(console, Text.assemble(("unexpected ", "bold red"), sentence), 0)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _baseline(console: Console, report: Report) -> None:
    """What was held against which file."""
    statuses = Counter(check.baseline for each in report.results for check in each.checks if check.baseline)
    statuses.update(each.baseline for each in report.untested if each.baseline)
    if report.baseline is None and not statuses:
        return
    order = (BaselineStatus.KNOWN, BaselineStatus.NEW, BaselineStatus.STALE)
    counts = ", ".join(f"{statuses[status]} {status}" for status in order)
    _line(console, f"baseline {report.baseline or 'of the merged results'}: {counts}", 0, style="dim")


def _line(console: Console, text: str, indent: int, *, style: str = "") -> None:
    _print(console, Text(text, style=style), indent)


def _print(console: Console, text: Text, indent: int) -> None:
    """Folded under its own indent on a terminal; one line, which can be searched, elsewhere."""
    if console.is_terminal:
        padded: RenderableType = Padding(text, (0, 0, 0, indent))
        console.print(padded)
    else:
        console.print(Text(" " * indent).append_text(text), soft_wrap=True)
