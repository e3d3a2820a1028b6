"""`hookproof compare`: what changed between two runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from hookproof.commands import UsageError, outputs
from hookproof.report import merge, terminal
from hookproof.report import results as reports
from hookproof.report.compare import Change, Comparison, compare
from hookproof.suite.judging import Judges
from hookproof.suite.runs import journals_of

_TONES = {
    "new violation": "bold red",
    "fixed": "green",
    "now unknown": "yellow",
    "no longer unknown": "green",
    "no longer tested": "yellow",
    "now tested": "green",
    "signature": "magenta",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    for name, what in (("before", "the older run"), ("after", "the newer run")):
        parser.add_argument(
            name,
            type=Path,
            metavar=name.upper(),
            help=f"{what}: a file written by --json, a run's directory, or a journal",
        )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the changes as JSON")


def execute(parsed: argparse.Namespace) -> int:
    """Compare, print, write. Exit status 1 on a new violation, never for slowness."""
    if parsed.json is not None:
        outputs.attempt(parsed.json)
    before, after = _read(parsed.before), _read(parsed.after)
    found = compare(before, after)
    if not found.common:
        raise UsageError(
            f"{parsed.before} and {parsed.after} have no case in common: "
            f"{_some(found.only_before)} there, {_some(found.only_after)} here"
        )
    _print_comparison(terminal.console(), found, before, after)
    if parsed.json is not None:
        outputs.write(parsed.json, found.model_dump_json(indent=2) + "\n")
    return 1 if found.new_violations else 0


def _read(path: Path) -> reports.Report:
    """A report, or the journals of a run judged again."""
    if not path.exists():
        raise UsageError(f"{path}: does not exist")
    if path.is_file() and path.suffix != ".jsonl":
        try:
            return merge.read(path)
        except merge.ReportError as error:
            raise UsageError(str(error)) from None
    journals = journals_of(path)
    if not journals:
        raise UsageError(f"{path}: there is no journal.jsonl in it")
    judges = Judges.read()
    return reports.report([judges.judge(each) for each in journals], seconds=0.0)


def _print_comparison(console: Console, found: Comparison, before: reports.Report, after: reports.Report) -> None:
    for name, report in (("before", before), ("after", after)):
        plugins = ", ".join(dict.fromkeys(each.plugin for each in report.results))
        hosts = ", ".join(dict.fromkeys(each.lifecycle for each in report.results))
        console.print(Text.assemble((f"{name:<7}", "bold"), f"{plugins} on {hosts}: {len(report.results)} cases"))
    if found.isolation_before != found.isolation_after:
        console.print(
            f"[yellow]isolation[/] {escape(found.isolation_before)} before, {escape(found.isolation_after)} after: "
            "what a plugin can do is not the same",
            soft_wrap=not console.is_terminal,
        )
    for change in found.changes:
        _change(console, change)
    for slow in found.slower:
        where = f" · {slow.where}" if slow.where else ""
        console.print(
            f"[yellow]slower[/] {escape(slow.scenario + where)}: {slow.before:.2f} s → {slow.after:.2f} s "
            f"(×{slow.after / max(slow.before, 0.001):.1f})"
        )
    if found.slower:
        console.print(f"[dim]slower is {escape(found.measure)}; it fails nothing[/]")
    for only, cells in (("before", found.only_before), ("after", found.only_after)):
        if cells:
            console.print(f"[dim]only {only}, so not compared: {escape(_some(cells))}[/]")
    kinds = [each.kind for each in found.changes]
    counts = [f"{kinds.count(kind)} {words}" for kind, words in _COUNTED.items() if kind in kinds]
    counts += [f"{len(found.slower)} slower"] if found.slower else []
    tone = "bold red" if found.new_violations else "green"
    cases = "case" if found.common == 1 else "cases"
    console.print(f"[{tone}]{found.common} {cases} compared: {', '.join(counts) or 'nothing changed'}[/]")


_COUNTED = {
    "new violation": "newly violated",
    "now unknown": "now unknown",
    "no longer tested": "no longer tested",
    "signature": "with another cause",
    "no longer unknown": "no longer unknown",
    "now tested": "now tested",
    "fixed": "fixed",
}


def _change(console: Console, change: Change) -> None:
    where = f" · {change.where}" if change.where else ""
    name = f"{change.scenario}{f':{change.check}' if change.check else ''}{where}"
    console.print(Text.assemble((change.kind, _TONES[change.kind]), f" {name}"))
    console.print(Text(f"  {change.before} → {change.after}"), soft_wrap=not console.is_terminal)


def _some(cells: Sequence[str]) -> str:
    shown = ", ".join(cells[:3])
    return f"{shown} and {len(cells) - 3} more" if len(cells) > 3 else shown or "none"
