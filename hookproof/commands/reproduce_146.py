"""`hookproof reproduce 146`: what reached each agent's model, by host and policy, and the issue's claims."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hookproof.catalogue.descriptor import Context
from hookproof.catalogue.plugin import REFERENCES, Plugin
from hookproof.commands import UsageError, run, select
from hookproof.commands.chosen import scenarios_named
from hookproof.issues import criteria
from hookproof.issues import issue_146 as issue
from hookproof.issues.plugin_tests import dependencies
from hookproof.report import terminal
from hookproof.report.isolation import told
from hookproof.report.results import CriterionResult, Result
from hookproof.suite.matrix import matrix, with_policy


def execute(parsed: argparse.Namespace) -> int:
    """Play, tell. Exit status 0 when what the issue claims came out, 1 when not."""
    spec = parsed.plugin or REFERENCES["context"]
    plugin = select.plugin(spec, parsed.descriptor)
    if not isinstance(plugin.descriptor, Context):
        raise UsageError(f"issue 146 is about a plugin that injects context, and {plugin.name} is none")
    hosts = select.hosts(parsed, plugin, list(issue.LIFECYCLES))
    if any(each.like not in issue.LIFECYCLES for each in hosts.lifecycles):
        raise UsageError(f"issue 146 is about Codex alone; --lifecycle takes one of: {', '.join(issue.LIFECYCLES)}")
    whole = spec == REFERENCES["context"]
    plugins = [with_policy(plugin, policy) for policy in issue.POLICIES] if whole else [plugin]
    wanted = list(issue.AGENTS)
    chosen = sorted(scenarios_named(wanted), key=lambda s: wanted.index(s.id))
    descriptor = plugin.descriptor
    named = {each.check.partition(":")[0] for each in descriptor.criteria if each.check is not None} - set(wanted)
    chosen += scenarios_named(sorted(named)) if named else []

    def judged(results: list[Result]) -> list[CriterionResult]:
        needs = dependencies(descriptor.criteria, descriptor.uv_dependencies)
        return criteria.judge(descriptor.criteria, results, plugin=plugin.root, lifecycle=issue.REPORTED, needs=needs)

    cases = matrix(chosen, plugins, hosts.lifecycles, programs=hosts.programs)
    report, console = run.play_all(cases, parsed, criteria=judged)
    results = report.results
    terminal.isolation(console, told(results))
    for lifecycle in dict.fromkeys(each.lifecycle for each in results):
        console.print()
        console.print(_table([each for each in results if each.lifecycle == lifecycle], plugins, lifecycle))
    _list(console, "What proves it, in the child's own request to its model", issue.proofs(results))
    for remark in issue.notes(results):
        console.print(f"\n{escape(remark)}")
    _criteria(console, report.criteria)
    return _claims(console, results, plugins)


def _table(results: Sequence[Result], plugins: Sequence[Plugin], lifecycle: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column(escape(lifecycle))
    for plugin in plugins:
        table.add_column(escape(plugin.name.removeprefix("reference-workflow:")))
    by_cell = {(each.scenario, each.plugin): each for each in results}
    for scenario, (agent, name) in issue.AGENTS.items():
        cells = [by_cell.get((scenario, plugin.name)) for plugin in plugins]
        table.add_row(f"{escape(agent)}\n[dim]{name}[/]", *(_cell(each) for each in cells))
    return table


def _cell(each: Result | None) -> str:
    if each is None:
        return "[dim]–[/]"
    words, good = issue.cell(each)
    first, _, rest = words.partition("\n")
    return f"[{'green' if good else 'red'}]{escape(first)}[/]" + (f"\n[dim]{escape(rest)}[/]" if rest else "")


def _criteria(console: Console, judged: Sequence[CriterionResult]) -> None:
    if not judged:
        return
    tones = {"met": "green", "not met": "red", "not judged": "yellow"}
    console.print("\n[bold]The issue's acceptance criteria[/]")
    for each in judged:
        mark = f"[{tones[each.verdict]}]{each.verdict:<10}[/]"
        console.print(f"  {mark}  {escape(each.text)} [dim]({escape(each.seen)})[/]")


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/]")
        for line in lines:
            console.print(f"  {escape(line)}")


def _claims(console: Console, results: Sequence[Result], plugins: Sequence[Plugin]) -> int:
    by_policy = {plugin.policy: [each for each in results if each.plugin == plugin.name] for plugin in plugins}
    before = by_policy.get(issue.BEFORE) or [each for each in results if each.plugin == plugins[0].name]
    claims = issue.claims(before, by_policy.get(issue.FIX, []))
    console.print(f"\n[bold]What the issue claims[/] [dim](of {issue.REPORTED})[/]")
    for claim in claims:
        mark = "[green]as claimed[/]" if claim.holds else "[red]differs   [/]"
        console.print(f"  {mark}  {escape(claim.text)} [dim]({escape(claim.seen)})[/]")
    broken = [error for each in results for error in each.errors]
    for error in dict.fromkeys(broken):
        console.print(f"  [yellow]error[/]       {escape(error)}")
    return 1 if broken or not all(claim.holds for claim in claims) else 0
