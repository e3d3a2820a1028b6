"""What a person sees: progress while cases run, then a table, then every surprise with its evidence.

Colour and live progress only on a terminal; in CI and in pipes plain lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hookproof.report.results import Report, Result

_MARKS = {"conforms": "[green]conforms[/]", "violates": "[red]violates[/]", "unknown": "[yellow]unknown[/]"}


def console() -> Console:
    """The console for results. Wide in a pipe, so that CI logs are not folded at 80 columns."""
    piped = not sys.stdout.isatty()
    return Console(width=160 if piped else None, highlight=False, no_color=bool(os.environ.get("NO_COLOR")) or None)


class Progress:
    """One line per finished case, numbered; the wall clock of a case is its own."""

    def __init__(self, console: Console, total: int, *, surprises: bool = True) -> None:
        self._console = console
        self._total = total
        self._surprises = surprises
        self._done = 0
        self._width = len(str(total))

    def __call__(self, each: Result) -> None:
        self._done += 1
        surprise = "  [bold red]unexpected[/]" if self._surprises and not each.expected else ""
        repeat = f" #{each.repeat}" if each.repeat > 1 else ""
        self._console.print(
            f"{self._done:>{self._width}}/{self._total} {_MARKS[each.verdict]}{_signature(each)} "
            f"{escape(each.scenario)}{repeat} · {escape(each.plugin)} · {escape(each.lifecycle)} "
            f"[dim]{each.seconds:.2f} s[/]{surprise}"
        )


def summary(console: Console, report: Report) -> None:
    """The failures with what was accepted and what was seen, then one line of counts."""
    for each in report.results:
        if not each.expected:
            _failure(console, each)
    _warnings(console, report.results)
    counts = report.summary
    tone = "green" if counts.unexpected == 0 else "bold red"
    cases = "case" if counts.cases == 1 else "cases"
    console.print(
        f"[{tone}]{counts.cases} {cases} in {counts.seconds:.1f} s: {counts.conforms} conform, "
        f"{counts.violates} violate, {counts.unknown} unknown; {counts.unexpected} unexpected[/]"
    )


def matrix(console: Console, results: Sequence[Result]) -> None:
    """Scenario × plugin (and lifecycle, when there are several): the verdict, the violated checks, the signature."""
    columns = list(dict.fromkeys((each.plugin, each.lifecycle) for each in results))
    several = len({lifecycle for _, lifecycle in columns}) > 1
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    for plugin, lifecycle in columns:
        table.add_column(
            escape(plugin.removeprefix("reference:").removeprefix("reference-workflow:"))
            + (f"\n[dim]{escape(lifecycle)}[/]" if several else "")
        )
    for scenario in dict.fromkeys(each.scenario for each in results):
        cells = []
        for column in columns:
            here = [r for r in results if r.scenario == scenario and (r.plugin, r.lifecycle) == column]
            cells.append(_cell(here))
        table.add_row(escape(scenario), *cells)
    console.print(table)


def _cell(results: list[Result]) -> str:
    if not results:
        return "[dim]–[/]"
    worst = min(results, key=lambda each: ["violates", "unknown", "conforms"].index(each.verdict))
    if worst.verdict == "conforms":
        return "[green]conforms[/]"
    checks = " ".join(check.id for check in worst.checks if check.verdict == worst.verdict)
    tone = "red" if worst.verdict == "violates" else "yellow"
    return f"[{tone}]{checks or worst.verdict}[/]{_signature(worst)}"


def _signature(each: Result) -> str:
    return f" [magenta]{escape(each.signature)}[/]" if each.signature else ""


def _failure(console: Console, each: Result) -> None:
    console.print(
        f"\n[bold red]unexpected[/] {escape(each.scenario)} · {escape(each.plugin)} · {escape(each.lifecycle)}"
    )
    for surprise in each.unexpected:
        console.print(f"  {escape(surprise)}")
    for check in each.checks:
        if check.verdict != "conforms":
            console.print(
                f"  {check.id}: seen {escape(repr(check.seen))}, accepted: {escape(', '.join(check.accepted))}"
            )
            console.print(f"    {escape(check.detail)}")
    if each.signature:
        console.print(f"  signature {each.signature}: {escape('; '.join(each.reasons))}")
    if each.culprit is not None:
        console.print(f"  culprit: {escape(each.culprit.sentence)}")
    for error in each.errors:
        console.print(f"  [yellow]error:[/] {escape(error)}")
    console.print(f"  [dim]journal: {escape(each.journal)}[/]")


def _warnings(console: Console, results: Sequence[Result]) -> None:
    """A violated SHOULD does not fail a run, but it is not silent either."""
    for each in results:
        if each.expected and each.verdict == "violates" and not each.plugin.startswith("reference"):
            violated = ", ".join(check.id for check in each.checks if check.verdict == "violates")
            console.print(
                f"[yellow]warning[/] {escape(each.scenario)}: {violated} (SHOULD) on {escape(each.lifecycle)}"
            )
