"""A run of the suite: the matrix of cases, played side by side, each judged as soon as it is over.

Life: cases are played in a pool of threads with an event loop each, cases about time alone after all others, and
results come back in the order of the matrix. One bad case never costs the others theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hookproof import journal as journals
from hookproof.catalogue.applies import why_not
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import Requirement, read_requirements
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.catalogue.steps import Bash
from hookproof.errors import describe
from hookproof.hosts.session import Program
from hookproof.judge import strays
from hookproof.judge.baseline import Baseline, Stand, read_baseline, stand, system_of
from hookproof.judge.expected import ExpectedTable, read_expected, unexpected
from hookproof.judge.judge import Judgement, judge
from hookproof.play import Case, PlayOptions, play
from hookproof.play.header import header
from hookproof.pool import Pool
from hookproof.records import Record
from hookproof.records.parts import Process
from hookproof.records.run import Case as CaseRecord
from hookproof.report import results as reports
from hookproof.report.results import Result, Skipped
from hookproof.runs import ALONE
from hookproof.wall import Guarded


@dataclass(frozen=True, slots=True)
class Judges:
    """What results are judged by."""

    requirements: dict[str, Requirement]
    expected: ExpectedTable
    baseline: Baseline | None = None
    """What the plugin's maintainers know of; reference policies have the table."""

    @classmethod
    def read(cls, baseline: Baseline | None = None) -> Judges:
        """From the files that hookproof ships. Raises CatalogueError."""
        return cls(read_requirements(), read_expected(), baseline)

    def judge(self, path: Path) -> Result:
        """The result of one journal file: unknown, with the reason, where it cannot be judged.

        Raises journal.JournalError for a file that is no journal of a case.
        """
        records = journals.read(path)
        if not records or not isinstance(records[0], CaseRecord):
            raise journals.JournalError(f'{path}: not the journal of a case: it does not begin with a "case" record')
        try:
            return self._result(path, records[0], records[-1].at / 1000, judge(records, self.requirements))
        except Exception as error:  # records that do not fit together: this journal's trouble alone
            why = f"it cannot be judged ({describe(error)}); is it whole, and of this version?"
            return self.unjudged(records[0], path, why, seconds=records[-1].at / 1000)

    def unjudged(self, case: CaseRecord, path: Path, why: str, *, seconds: float = 0.0) -> Result:
        """The result of a case of which nothing can be said."""
        known = self.requirements
        accepted = {name: tuple(known[name].accepts) for name in case.requires if name in known}
        return reports.unjudged(case, accepted, journal=path, seconds=seconds, why=why)

    def _result(self, path: Path, case: CaseRecord, seconds: float, judgement: Judgement) -> Result:
        stands: dict[str, Stand] = {}
        if case.policy is None and self.baseline is not None:
            known = self.baseline.known(case.lifecycle, system_of(case.platform))
            where = f"on {case.lifecycle} in {self.baseline.path}"
            stands, surprises = stand(judgement, case.scenario, known, self.requirements, where)
        else:
            reference = case.policy is not None
            wanted = self.expected.violations(case.plugin, _column(case)) if reference else None
            surprises = unexpected(judgement, case.scenario, wanted, self.requirements)
        return reports.result(case, judgement, journal=path, seconds=seconds, surprises=surprises, stands=stands)


def _column(case: CaseRecord) -> str:
    """The column of the table: a stand-in's lifecycle with its switches, or the one that a real host is like."""
    return case.lifecycle if case.host.version == "fake" else case.like


def matrix(
    scenarios: Iterable[Scenario],
    plugins: Iterable[Plugin],
    lifecycles: Iterable[Resolved],
    repeats: int = 1,
    *,
    programs: Mapping[str, Program] | None = None,
) -> list[Case]:
    """Every case that makes sense: the scenario is for this kind of plugin and for this host.

    `programs` are the real hosts by the names of their lifecycles.
    """
    programs = programs or {}
    lifecycles, scenarios = list(lifecycles), list(scenarios)
    known = read_requirements()
    for scenario in scenarios:
        unknown = [name for name in scenario.requires if name not in known]
        if unknown:
            where = scenario.path or Path(scenario.id)
            raise CatalogueError(where, [f"requires: there is no requirement {name}" for name in unknown])
    return [
        Case(scenario, plugin, lifecycle, repeat, programs.get(lifecycle.name))
        for plugin in plugins
        for scenario in scenarios
        if scenario.kind == plugin.descriptor.kind
        for lifecycle in lifecycles
        if lifecycle.host == scenario.host
        if why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in programs) is None
        for repeat in range(1, repeats + 1)
    ]


def left_out(
    scenarios: Iterable[Scenario],
    plugin: Plugin,
    lifecycles: Iterable[Resolved],
    *,
    programs: Mapping[str, Program] | None = None,
) -> list[Skipped]:
    """What `matrix` leaves out although scenario, plugin and host are of one kind, with the reason."""
    return [
        Skipped(scenario=scenario.id, plugin=plugin.name, lifecycle=lifecycle.name, reason=reason)
        for lifecycle in lifecycles
        for scenario in scenarios
        if scenario.kind == plugin.descriptor.kind and scenario.host == lifecycle.host
        if (reason := why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in (programs or {})))
    ]


def known_checks() -> dict[str, list[str]]:
    """Every scenario with the requirements that it checks."""
    return {scenario.id: scenario.requires for scenario in map(read_scenario, scenario_files())}


def read_known(path: Path) -> Baseline:
    """The baseline in `path`, held against the scenarios that there are. Raises CatalogueError."""
    return read_baseline(path, known_checks())


def run_case(
    case: Case,
    run: Path,
    options: PlayOptions,
    judges: Judges,
    *,
    again: str = "",
    runner: Callable[[Coroutine[Any, Any, Path]], Path] = asyncio.run,
) -> Result:
    """Play and judge one case behind a wall: whatever goes wrong in it, and however long it blocks, is its `unknown`.

    `again` ends the name of its folder when it is played once more.
    """
    folder = run / (_folder_name(case) + again)

    def work(guarded: Guarded[Result]) -> Result:
        folder.mkdir(parents=True, mode=0o700)
        return judges.judge(runner(guarded.heard(lambda: play(case, folder, options))))

    try:
        return Guarded(work, seconds=options.seconds).run()
    except Exception as error:
        return _without_a_verdict(case, options, judges, folder / journals.JOURNAL, describe(error))


def _without_a_verdict(case: Case, options: PlayOptions, judges: Judges, path: Path, why: str) -> Result:
    """What is left to say of a case that could not be played or judged to its end; its journal tells it, too."""
    try:
        journals.append_error(path, where="harness", what=why)
        return judges.judge(path)
    except (journals.JournalError, OSError):
        return judges.unjudged(header(case, options), path, why)


def run_cases(
    cases: Sequence[Case],
    run: Path,
    options: PlayOptions,
    judges: Judges,
    *,
    workers: int,
    on_start: Callable[[Case], None] = lambda _case: None,
    on_result: Callable[[Result], None],
) -> list[Result]:
    """Play all cases, `workers` at a time; those about time one by one at the end. Results in the order of `cases`.

    Raises KeyboardInterrupt when it was interrupted, after every case has ended its processes.
    """
    results: dict[int, Result] = {}
    pool = Pool()

    def one(number: int) -> None:
        on_start(cases[number])
        results[number] = run_case(cases[number], run, options, judges, runner=pool.play)
        if not _undecided(results[number]):
            on_result(results[number])

    def once_more(number: int) -> None:
        on_start(cases[number])
        results[number] = run_case(cases[number], run, options, judges, runner=pool.play, again=ALONE)

    # what is known to take long goes first, so that it does not run alone at the end
    order = sorted(range(len(cases)), key=lambda number: -_scripted_wait(cases[number]))
    with pool:
        pool.each(one, [number for number in order if not cases[number].scenario.alone], workers=workers)
        pool.each(one, [number for number, case in enumerate(cases) if case.scenario.alone], workers=1)
        doubted = [number for number in range(len(cases)) if _undecided(results[number])]
        left = {number: _undecided(results[number]) for number in doubted}
        pool.each(once_more, doubted, workers=1)
        accounted = any(_records(results[number], strays.of_this_case) for number in doubted)
        for number in doubted:
            if not accounted:
                results[number] = _unaccounted(results[number], left[number], judges)
            on_result(results[number])
    return [results[number] for number in range(len(cases))]


def _undecided(each: Result) -> list[Process]:
    """The processes of which nobody can tell whether this case left them, or one that was played beside it."""
    return _records(each, strays.undecided)


def _records(each: Result, ask: Callable[[list[Record]], list[Process]]) -> list[Process]:
    try:
        return ask(journals.read(Path(each.journal)))
    except journals.JournalError:
        return []


def _unaccounted(each: Result, left: list[Process], judges: Judges) -> Result:
    """The result of a case that may have left a process, although it left none when it was played alone."""
    names = ", ".join(" ".join(process.argv)[:100] or f"pid {process.pid}" for process in left[:3])
    why = f"a process was left by this case or by one played beside it, and by none of them when played alone: {names}"
    path = Path(each.journal)
    journals.append_error(path, where="harness", what=why)
    return judges.judge(path)


def _scripted_wait(case: Case) -> int:
    """The longest shell timeout in a scenario, in milliseconds: as long as that it takes at least."""
    steps = (step for script in case.scenario.model.values() for step in script)
    return max((step.timeout or 0 for step in steps if isinstance(step, Bash)), default=0)


def with_policy(plugin: Plugin, policy: str) -> Plugin:
    """The same reference plugin under another policy."""
    return replace(plugin, policy=policy, name=f"{plugin.name.partition(':')[0]}:{policy}")


def _folder_name(case: Case) -> str:
    parts = [case.scenario.id, case.plugin.name, case.lifecycle.name, str(case.repeat)]
    return "--".join(re.sub(r"[^A-Za-z0-9.+-]+", "_", part) for part in parts)
