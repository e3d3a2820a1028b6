"""`hookproof reproduce 345`: the three patterns, on the plugin or on every policy of the reference, and the culprit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hookproof import journal
from hookproof.catalogue.plugin import Plugin
from hookproof.commands import UsageError, run, select
from hookproof.commands.chosen import scenarios_named
from hookproof.issues import issue_345 as issue
from hookproof.report import terminal
from hookproof.report.isolation import told
from hookproof.report.results import Result
from hookproof.suite.matrix import matrix, with_policy


def execute(parsed: argparse.Namespace) -> int:
    """Play, tell. Exit status 0 when what the issue claims came out, 1 when not."""
    named = parsed.lifecycle or [issue.LIFECYCLE]
    if len(named) > 1 or "all" in named:
        raise UsageError("reproduce tells the story on one --lifecycle; `hookproof run` compares several")
    spec = parsed.plugin or "reference"
    plugin = select.plugin(spec, parsed.descriptor)
    if plugin.descriptor.kind != "companion":
        raise UsageError(f"issue 345 is about a plugin that starts jobs, and {plugin.name} is none")
    hosts = select.hosts(parsed, plugin, [issue.LIFECYCLE])
    if len(hosts.lifecycles) > 1:
        raise UsageError("reproduce tells the story on one host; `hookproof run` compares several")
    lifecycle = hosts.lifecycles[0]
    plugins = _policies(plugin) if spec == "reference" else [plugin]
    wanted = issue.scenarios(lifecycle.name)
    chosen = sorted(scenarios_named(wanted), key=lambda s: wanted.index(s.id))
    cases = matrix(chosen, plugins, [lifecycle], programs=hosts.programs)
    if lifecycle.name == issue.LIFECYCLE:
        # the one switch without which fix 2 has nothing to see
        extra = [each for each in plugins if each.policy == "fix-2-retag"]
        pattern_c = [each for each in chosen if each.id == "jobs/pattern-c"]
        cases += matrix(pattern_c, extra, select.lifecycles([issue.WITH_PARENT_ID]))
    report, console = run.play_all(cases, parsed, worker=hosts.worker)
    return _print_result(console, report.results, plugins, lifecycle.name)


def _policies(reference: Plugin) -> list[Plugin]:
    return [with_policy(reference, policy) for policy in issue.POLICIES]


def _print_result(console: Console, results: Sequence[Result], plugins: Sequence[Plugin], lifecycle: str) -> int:
    terminal.isolation(console, told(results))
    console.print()
    console.print(_table(results, plugins))
    judged = [each for each in results if each.plugin == plugins[0].name and each.lifecycle == lifecycle]
    _culprit(console, judged)
    for remark in issue.notes(results):
        console.print(f"\n{escape(remark)}")
    return _claims(console, judged)


def _table(results: Sequence[Result], plugins: Sequence[Plugin]) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold", title_justify="left")
    columns = [(each.name, lifecycle) for each in plugins for lifecycle in _lifecycles_of(each, results)]
    table.add_column(escape(results[0].lifecycle))
    for name, lifecycle in columns:
        switch = lifecycle.partition("+")[2]
        table.add_column(escape(name.removeprefix("reference:")) + (f"\n[dim]+{escape(switch)}[/]" if switch else ""))
    for scenario in dict.fromkeys(each.scenario for each in results):
        cells = [_cell(results, scenario, *column) for column in columns]
        table.add_row(escape(issue.PATTERNS[scenario]), *cells)
    return table


def _lifecycles_of(plugin: Plugin, results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(each.lifecycle for each in results if each.plugin == plugin.name))


def _cell(results: Sequence[Result], scenario: str, plugin: str, lifecycle: str) -> str:
    for each in results:
        if (each.scenario, each.plugin, each.lifecycle) == (scenario, plugin, lifecycle):
            words, good = issue.cell(each)
            return f"[{'green' if good else 'red'}]{escape(words)}[/]"
    return "[dim]–[/]"


def _culprit(console: Console, judged: Sequence[Result]) -> None:
    lost = [each for each in judged if each.culprit is not None]
    if not lost:
        return
    chosen = next((each for each in lost if each.scenario == "jobs/pattern-c"), lost[0])
    pattern = issue.PATTERNS[chosen.scenario].split()[0]
    console.print(f"\n[bold]Who ended the job of Pattern {pattern}[/] ({escape(chosen.plugin)})")
    for line in issue.culprit_lines(chosen):
        console.print(escape(line))
    answer = issue.status_answer(journal.read(Path(chosen.journal)))
    whose = "What the reporter saw" if chosen.lifecycle.startswith(issue.LIFECYCLE) else "What a person is told"
    console.print(f"{whose}, `status --all --json` in the main session afterwards:")
    console.print(f"  {escape(json.dumps(answer))}")


def _claims(console: Console, judged: Sequence[Result]) -> int:
    claims = issue.claims(judged)
    differing = [claim for claim in claims if not claim.holds]
    console.print("\n[bold]What the issue claims[/]")
    for claim in claims:
        mark = "[green]as claimed[/]" if claim.holds else "[red]differs   [/]"
        console.print(f"  {mark}  {escape(claim.text)} [dim]({escape(claim.seen)})[/]")
    broken = [error for each in judged for error in each.errors]
    for error in broken:
        console.print(f"  [yellow]error[/]       {escape(error)}")
    return 1 if differing or broken or not claims else 0
