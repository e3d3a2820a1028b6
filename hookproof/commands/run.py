"""`hookproof run`: play scenarios and judge them."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hookproof import claims, clean, interrupts, places, processes
from hookproof.catalogue.descriptor import Context
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import measured
from hookproof.catalogue.plugin import HOOKS_KIND, REFERENCES, Plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.commands import UsageError, gate, outputs, projects, select
from hookproof.commands.chosen import scenarios_named
from hookproof.compiled import compile_programs
from hookproof.isolation import outside
from hookproof.issues.plugin_tests import dependencies
from hookproof.judge.baseline import Baseline
from hookproof.play import Case, PlayOptions, patience
from hookproof.report import results as reports
from hookproof.report import terminal, untested
from hookproof.report.progress import progress
from hookproof.sandbox import uv
from hookproof.suite.cases import run_cases
from hookproof.suite.judging import Judges
from hookproof.suite.matrix import left_out, matrix
from hookproof.suite.preflight import launched_nowhere, preflights
from hookproof.suite.runs import RESULTS, new_run

LIFECYCLES = {"companion": lambda: ["as-reported-345"], "context": measured, "hooks": measured}
"""What is played when nobody says: the issue's own account, and every measured host that the plugin has hooks for."""
_LONGEST_PATIENCE, _MOST_REPEATS = 86400, 100_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="SCENARIO",
        help="scenarios to play: ids or globs of ids, files, folders, globs of files (default: all that apply)",
    )
    default = "as-reported-345 for companions; for other plugins every measured one of the hosts they have hooks for"
    select.play_arguments(parser, lifecycle=default)
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="play every case N times")
    gate.arguments(parser)


def execute(parsed: argparse.Namespace) -> int:
    """Play, print, write. Exit status 1 when anything was not as expected."""
    if not 1 <= parsed.repeat <= _MOST_REPEATS:
        raise UsageError(f"--repeat {parsed.repeat}: expected a number from 1 to {_MOST_REPEATS}")
    table = gate.table(parsed)
    # the table is of hookproof's own scenarios and plugins, wherever it is written from
    project = projects.configure(parsed) if table is None else None
    scenarios = scenarios_named(parsed.words, project.own_scenarios() if project is not None else ())
    specs = [parsed.plugin] if parsed.plugin else sorted(table.policies) if table is not None else REFERENCES.values()
    plugins = [select.plugin(spec, parsed.descriptor) for spec in specs]
    cases: list[Case] = []
    skipped: list[reports.Skipped] = []
    worker = None
    for plugin in plugins:
        for kind in plugin.kinds:
            # of the shipped ones those of its own kind, and others where they are named
            whole = parsed.words or kind == plugin.descriptor.kind
            of_kind = [each for each in scenarios if each.kind == kind and (whole or not _is_shipped(each))]
            if not of_kind:
                continue
            named = table.lifecycles(plugin.name) if table is not None else []
            chosen = select.hosts(parsed, plugin, named or LIFECYCLES[kind](), kind=kind, scenarios=of_kind)
            worker = worker or chosen.worker
            cases += matrix(of_kind, [plugin], chosen.lifecycles, parsed.repeat, programs=chosen.programs)
            skipped += left_out(of_kind, plugin, chosen.lifecycles, programs=chosen.programs)
    if not cases:
        kinds = " or ".join(f"a {plugin.descriptor.kind} plugin" for plugin in plugins)
        kinds += f", which {parsed.plugin} is" if parsed.plugin else ""
        where = f" on {', '.join(parsed.lifecycle)}" if parsed.lifecycle else ""
        why = f"; {skipped[0].scenario} is left out: {skipped[0].reason}" if skipped else ""
        raise UsageError(f"none of the chosen scenarios is for {kinds}{where}{why}")
    report, console = play_all(cases, parsed, worker=worker, gate_=gate.read(parsed, plugins, skipped, scenarios))
    terminal.summary(console, report)
    for sentence in _of_other_kinds(scenarios, plugins):
        console.print(sentence, style="dim", markup=False, soft_wrap=True)
    nowhere = launched_nowhere(report.preflight, report.results, cases)
    for sentence in nowhere:
        console.print(f"[red]{escape(sentence)}[/]", soft_wrap=True)
    return 1 if report.failed or nowhere else 0


def _is_shipped(scenario: Scenario) -> bool:
    return scenario.path is not None and scenario.path.is_relative_to(places.SCENARIOS)


def _of_other_kinds(scenarios: Sequence[Scenario], plugins: Sequence[Plugin]) -> Iterator[str]:
    """What of the chosen scenarios does not apply to a plugin that nobody has described, and why."""
    others = Counter(each.kind for each in scenarios if each.kind in _TAKES_A_DESCRIPTOR)
    for plugin in plugins:
        if plugin.policy is None and plugin.descriptor.kind == HOOKS_KIND:
            for kind, number in sorted(others.items()):
                yield (
                    f"{plugin.name}: {number} scenarios of kind {kind} do not apply: {_TAKES_A_DESCRIPTOR[kind]}; "
                    "a descriptor says so (--descriptor FILE)"
                )


_TAKES_A_DESCRIPTOR = {
    "companion": "nothing is known of how the plugin starts a job, or where it lists one",
    "context": "nothing is known of what the plugin tells agents, or which agents it has",
}


def play_all(
    cases: list[Case],
    parsed: argparse.Namespace,
    *,
    worker: Program | None = None,
    gate_: gate.Gate | None = None,
    criteria: Callable[[list[reports.Result]], list[reports.CriterionResult]] | None = None,
) -> tuple[reports.Report, Console]:
    """Play the cases with the options of the command line; the files that they ask for are written here too.

    `gate_` is what the results are compared with; `reproduce` expects violations, and has none. `criteria` judges an
    issue's acceptance criteria.
    """
    if parsed.jobs < 0:
        raise UsageError(f"-j {parsed.jobs}: expected a number from 1 (or 0 for one case per processor)")
    if not 0 < parsed.patience <= _LONGEST_PATIENCE:
        raise UsageError(
            f"--patience {parsed.patience:g}: expected seconds, more than 0 and at most {_LONGEST_PATIENCE}"
        )
    runs: Path = parsed.runs or places.runs_dir()
    outputs.check(parsed)
    console = terminal.console()
    for trouble in claims.clear_away().troubles:
        console.print(f"[yellow]warning[/] {escape(clean.text(trouble))}", soft_wrap=True)
    unheld = processes.adopt_orphans()
    if unheld is not None:
        console.print(f"[yellow]warning[/] {escape(unheld)}", soft_wrap=True)
    _install(console, cases)
    compile_programs()
    interrupts.going_on = None
    with new_run(runs) as run:
        return _played(cases, parsed, console, run.path, worker=worker, gate_=gate_, criteria=criteria), console


def _played(
    cases: list[Case],
    parsed: argparse.Namespace,
    console: Console,
    run: Path,
    *,
    worker: Program | None,
    gate_: gate.Gate | None,
    criteria: Callable[[list[reports.Result]], list[reports.CriterionResult]] | None,
) -> reports.Report:
    """The report of all cases. What has been judged is written as it comes, and before anything is played again."""
    began = time.monotonic()
    options = _options(console, cases, worker, allow_network=parsed.allow_network)
    # before anything else uses the processors
    options = replace(options, seconds=parsed.patience, patience=asyncio.run(patience.measured()))
    workers = parsed.jobs or os.cpu_count() or 1
    tried = preflights(cases, run, options, workers=workers)
    options = replace(
        options, main_launches={(each.plugin, each.lifecycle): each.main_launch for each in tried if each.main_launch}
    )
    unfit = next((each for each in tried if each.outcome == "does not fit"), None)
    if unfit is not None:
        outputs.write_files(parsed, reports.report([], seconds=time.monotonic() - began, preflight=tried))
        file = f"--descriptor {parsed.descriptor}" if parsed.descriptor else "the descriptor that hookproof has for it"
        raise UsageError(
            f"{file} does not fit the plugin {unfit.plugin.strip() or cases[0].plugin.root}: {unfit.detail}"
        )
    baseline = gate_.baseline if gate_ is not None else None
    lines = outputs.ResultsFile(run / RESULTS, parsed.json)

    def judged(each: reports.Result) -> None:
        lines.add(each)
        interrupts.going_on = f"what was judged is kept: hookproof recheck {shlex.quote(str(run))}"
        moving.finished(each)

    with progress(console, len(cases), surprises=gate_ is not None) as moving:
        found = run_cases(
            cases,
            run,
            options,
            Judges.read(baseline),
            workers=workers,
            on_start=lambda case: moving.started(case.scenario.id, case.plugin.name, case.lifecycle.name, case.repeat),
            on_result=judged,
        )
    took = time.monotonic() - began

    def report(
        results: list[reports.Result], met: list[reports.CriterionResult], baseline: Baseline | None
    ) -> reports.Report:
        skipped = gate_.skipped if gate_ is not None else ()
        path = baseline.path if baseline is not None else None
        nowhere = untested.found(results, baseline)
        return reports.report(
            results,
            seconds=took,
            criteria=met,
            skipped=skipped,
            preflight=tried,
            baseline=path,
            untested=nowhere,
        )

    if gate_ is not None and launched_nowhere(tried, found, cases):
        gate_ = gate_.without_records()
    outputs.write_files(parsed, first := report(found, [], baseline))
    if gate_ is not None:
        found, baseline = gate_.replay(cases, found, run, options, console, seconds=took)
    last = report(found, criteria(found) if criteria is not None else [], baseline)
    if last != first:
        outputs.write_files(parsed, last)
    if gate_ is not None:
        outputs.annotate_ci(last)
    return last


def _options(console: Console, cases: list[Case], worker: Program | None, *, allow_network: bool) -> PlayOptions:
    """The options of a run; when anything in it is real, it must be off the network."""
    real = worker is not None or any(case.program is not None for case in cases)
    return select.play_options(console, real=real, allow_network=allow_network, worker=worker)


def _install(console: Console, cases: list[Case]) -> None:
    """What the plugins' scripts depend on, before anything is played: that alone needs the network."""
    for plugin in {case.plugin.name: case.plugin for case in cases}.values():
        descriptor = plugin.descriptor
        if isinstance(descriptor, Context) and descriptor.uv_dependencies:
            needs = descriptor.uv_dependencies
            wanted: list[Sequence[str]] = [needs, dependencies(descriptor.criteria, needs)]
            installed = [name for each in wanted if each and _fill(each) for name in each]
            if installed:
                console.print(f"installed with uv, once: {', '.join(dict.fromkeys(installed))}")


def _fill(dependencies: Sequence[str]) -> bool:
    """Whether uv had to install them; it needs the network."""
    return outside.call(uv.fill, dependencies)
