"""Runs cases side by side and judges each as soon as it is over. Called by `run`, `gate`, `reproduce` and pytest.

Cases are played in a pool of threads with an event loop each, cases about time alone after all others, and
results come back in the order of the matrix. One bad case never costs the others theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from hookproof import journal as journals
from hookproof.catalogue.model_step import Bash
from hookproof.errors import describe
from hookproof.judge.run_view import strays_of_this_case, undecided
from hookproof.play import Case, PlayOptions, play
from hookproof.play.header import header
from hookproof.records import Record
from hookproof.records.parts import Process
from hookproof.report.results import Result
from hookproof.suite.judging import Judges
from hookproof.suite.pool import Pool
from hookproof.suite.runs import ALONE
from hookproof.suite.wall import Guarded


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
    folder = _folder(case, run, again)

    def work(guarded: Guarded[Result]) -> Result:
        folder.mkdir(parents=True, mode=0o700)
        return judges.judge(runner(guarded.listening(lambda: play(case, folder, options))))

    try:
        return Guarded(work, seconds=options.seconds).run()
    except Exception as error:
        return unplayed(case, run, options, judges, describe(error), again=again)


def unplayed(case: Case, run: Path, options: PlayOptions, judges: Judges, why: str, *, again: str = "") -> Result:
    """What is left to say of a case that could not be played or judged to its end; its journal tells it, too."""
    path = _folder(case, run, again) / journals.JOURNAL
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
        accounted = any(_records(results[number], strays_of_this_case) for number in doubted)
        for number in doubted:
            if not accounted:
                results[number] = _unaccounted(results[number], left[number], judges)
            on_result(results[number])
    return [results[number] for number in range(len(cases))]


def _undecided(each: Result) -> list[Process]:
    """The processes of which nobody can tell whether this case left them, or one that was played beside it."""
    return _records(each, undecided)


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
    """The longest shell timeout in a scenario, in milliseconds. The case takes at least that long."""
    steps = (step for script in case.scenario.model.values() for step in script)
    return max((step.timeout or 0 for step in steps if isinstance(step, Bash)), default=0)


def _folder(case: Case, run: Path, again: str) -> Path:
    parts = [case.scenario.id, case.plugin.name, case.lifecycle.name, str(case.repeat)]
    return run / ("--".join(re.sub(r"[^A-Za-z0-9.+-]+", "_", part) for part in parts) + again)
