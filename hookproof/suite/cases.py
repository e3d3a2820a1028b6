"""Runs cases side by side and judges each as soon as it is over. Called by `run`, `gate`, `reproduce` and pytest.

Cases are played in a pool of threads with an event loop each, cases about time alone after all others, and
results come back in the order of the matrix. One bad case never costs the others theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hookproof import journal as journals
from hookproof.errors import describe
from hookproof.judge.needs import too_little_time
from hookproof.judge.run_view import RunView, strays_of_this_case, undecided
from hookproof.play import Case, PlayOptions, play
from hookproof.play.header import header
from hookproof.records import Record
from hookproof.records.parts import Process
from hookproof.report.results import Result
from hookproof.suite.judging import Judges
from hookproof.suite.pool import Pool
from hookproof.suite.runs import ALONE, PLAY
from hookproof.suite.wall import Guarded

T = TypeVar("T")
_MORE_PLAYS = 4
"""How often a case is played again with longer shell timeouts. Sixteen times the scenario's is the last."""


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

    Where a host took a launch's shell away before the machine had got to the job, it is played again, with every shell
    timeout of the scenario doubled: four times at most. The last play is its result, and each keeps its folder.
    `again` ends the name of its folder when it is played once more.
    """
    while True:
        result = _play_once(case, run, options, judges, again=again, runner=runner)
        if case.longest_timeout is None or case.play > _MORE_PLAYS or not _had_too_little_time(result):
            return result
        case = replace(case, play=case.play + 1)


def _play_once(
    case: Case,
    run: Path,
    options: PlayOptions,
    judges: Judges,
    *,
    again: str,
    runner: Callable[[Coroutine[Any, Any, Path]], Path],
) -> Result:
    folder = _folder(case, run, again)
    options = replace(options, seconds=options.seconds + _longer(case))

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
        pool.each(one, [number for number in order if not cases[number].scenario.plays_alone], workers=workers)
        pool.each(one, [number for number, case in enumerate(cases) if case.scenario.plays_alone], workers=1)
        doubted = [number for number in range(len(cases)) if _undecided(results[number])]
        left = {number: _undecided(results[number]) for number in doubted}
        pool.each(once_more, doubted, workers=1)
        accounted = any(_records(results[number], strays_of_this_case) for number in doubted)
        for number in doubted:
            if not accounted:
                results[number] = _unaccounted(results[number], left[number], judges)
            on_result(results[number])
    return [results[number] for number in range(len(cases))]


def _had_too_little_time(each: Result) -> bool:
    return bool(_records(each, lambda records: too_little_time(RunView(records))))


def _longer(case: Case) -> float:
    """By how many seconds a shell of this play may take longer than one of the first: waits for it do, too."""
    longest = case.longest_timeout or 0
    return (longest - longest / case.timeout_factor) / 1000


def _undecided(each: Result) -> list[Process]:
    """The processes of which nobody can tell whether this case left them, or one that was played beside it."""
    return _records(each, undecided) or []


def _records(each: Result, ask: Callable[[list[Record]], T]) -> T | None:
    """What the records of a result say; None where there are none to ask."""
    try:
        return ask(journals.read(Path(each.journal)))
    except journals.JournalError:
        return None


def _unaccounted(each: Result, left: list[Process], judges: Judges) -> Result:
    """The result of a case that may have left a process, although it left none when it was played alone."""
    names = ", ".join(" ".join(process.argv)[:100] or f"pid {process.pid}" for process in left[:3])
    why = f"a process was left by this case or by one played beside it, and by none of them when played alone: {names}"
    path = Path(each.journal)
    journals.append_error(path, where="harness", what=why)
    return judges.judge(path)


def _scripted_wait(case: Case) -> int:
    """The longest shell timeout in a scenario, in milliseconds. The case takes at least that long."""
    return case.longest_timeout or 0


def _folder(case: Case, run: Path, again: str) -> Path:
    parts = [case.scenario.id, case.plugin.name, case.lifecycle.name, str(case.repeat)]
    play = f"{PLAY}{case.play}" if case.play > 1 else ""
    return run / ("--".join(re.sub(r"[^A-Za-z0-9.+-]+", "_", part) for part in parts) + again + play)
