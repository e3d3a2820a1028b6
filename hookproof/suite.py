"""A run of the suite: the matrix of cases, played side by side, each judged as soon as it is over.

Life: a run directory is made (the oldest beyond twenty are removed, and whatever a killed run left behind is swept),
cases are played in a pool of threads with an event loop each, cases about time alone after all others, and results
come back in the order of the matrix.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hookproof import interrupts, processes
from hookproof import journal as journals
from hookproof.catalogue.applies import why_not
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import Requirement, read_requirements
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.catalogue.steps import Bash
from hookproof.hosts.session import Program
from hookproof.judge.baseline import Baseline, Stand, read_baseline, stand, system_of
from hookproof.judge.expected import ExpectedTable, read_expected, unexpected
from hookproof.judge.judge import Judgement, judge
from hookproof.play import Case, PlayOptions, play
from hookproof.pool import Pool
from hookproof.report.results import Result, Skipped, result
from hookproof.stage.world import remove_abandoned, remove_left

_KEPT_RUNS = 20
_RUN_NAME = re.compile(r"\d{8}-\d{6}-\d+(-\d+)?")
_MARKER = ".hookproof-run"
_REPLAY = "--replay-"


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
        """The result of one journal file. Raises journal.JournalError."""
        records = journals.read(path)
        if not records or records[0]["kind"] != "case":
            raise journals.JournalError(f'{path}: not the journal of a case: it does not begin with a "case" record')
        try:
            judgement = judge(records, self.requirements)
            return self._result(path, records, judgement)
        except (KeyError, TypeError, AttributeError) as error:
            what = f"{type(error).__name__}: {error}"
            raise journals.JournalError(
                f"{path}: cannot be judged ({what}); is it whole, and of this version?"
            ) from None

    def _result(self, path: Path, records: list[journals.Record], judgement: Judgement) -> Result:
        case = records[0]
        stands: dict[str, Stand] = {}
        if case["policy"] is None and self.baseline is not None:
            known = self.baseline.known(case["lifecycle"], system_of(case["platform"]))
            where = f"on {case['lifecycle']} in {self.baseline.path}"
            stands, surprises = stand(judgement, case["scenario"], known, self.requirements, where)
        else:
            reference = case["policy"] is not None
            wanted = self.expected.violations(case["plugin"], _column(case)) if reference else None
            surprises = unexpected(judgement, case["scenario"], wanted, self.requirements)
        return result(records, judgement, journal=path, unexpected=surprises, stands=stands)


def _column(case: journals.Record) -> str:
    """The column of the table: a stand-in's lifecycle with its switches, or the one that a real host is like."""
    return str(case["lifecycle"] if case["host"]["version"] == "fake" else case["like"])


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


def new_run(runs: Path) -> Path:
    """A fresh run directory below `runs`; old ones beyond the last twenty go, killed ones are swept first."""
    runs.mkdir(parents=True, exist_ok=True)
    kept = sorted((path for path in runs.iterdir() if _is_ours(path)), key=lambda path: path.name)
    for old in kept:
        # a claim is taken off before the world is removed: one without the other is never found again
        with interrupts.during("what killed runs have left was cleared away"), interrupts.held():
            for abandoned in processes.sweep_abandoned(old):
                remove_abandoned(abandoned.run_dir)
            remove_left(old)
    for old in kept[: max(0, len(kept) - _KEPT_RUNS + 1)]:
        if not any(old.glob("*/owner.json")):
            shutil.rmtree(old, ignore_errors=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    run = runs / f"{stamp}-{os.getpid()}"
    number = 1
    while run.exists():
        number += 1
        run = runs / f"{stamp}-{os.getpid()}-{number}"
    run.mkdir()
    (run / _MARKER).touch()
    latest = runs / "latest"
    try:
        latest.unlink(missing_ok=True)
        latest.symlink_to(run.name, target_is_directory=True)
    except OSError:
        pass  # Windows without the privilege to make links: the newest name is the latest anyway
    return run


def journals_of(path: Path) -> list[Path]:
    """Every journal of a run directory, or the one that `path` is. Replays only annotate, and are left out."""
    if path.is_file():
        return [path]
    return sorted(each for each in path.rglob("journal.jsonl") if _REPLAY not in each.parent.name)


def known_checks() -> dict[str, list[str]]:
    """Every scenario with the requirements that it checks."""
    return {scenario.id: scenario.requires for scenario in map(read_scenario, scenario_files())}


def read_known(path: Path) -> Baseline:
    """The baseline in `path`, held against the scenarios that there are. Raises CatalogueError."""
    return read_baseline(path, known_checks())


def _is_ours(path: Path) -> bool:
    """Whether `path` is a run that hookproof made: nothing else in the directory is ever removed."""
    return bool(_RUN_NAME.fullmatch(path.name)) and not path.is_symlink() and (path / _MARKER).is_file()


def run_case(
    case: Case,
    run: Path,
    options: PlayOptions,
    judges: Judges,
    *,
    replay: int = 0,
    runner: Callable[[Coroutine[Any, Any, Path]], Path] = interrupts.run,
) -> Result:
    """Play and judge one case, in this thread. `replay` counts the times that it is played again, for its folder."""
    folder = run / (_folder_name(case) + (f"{_REPLAY}{replay}" if replay else ""))
    folder.mkdir(parents=True)
    return judges.judge(runner(play(case, folder, options)))


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
        on_result(results[number])

    # what is known to take long goes first, so that it does not run alone at the end
    order = sorted(range(len(cases)), key=lambda number: -_scripted_wait(cases[number]))
    together = [number for number in order if not cases[number].scenario.alone]
    alone = [number for number, case in enumerate(cases) if case.scenario.alone]
    with pool:
        pool.each(one, together, workers=workers)
        pool.each(one, alone, workers=1)
    return [results[number] for number in range(len(cases))]


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
