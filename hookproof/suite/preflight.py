"""The preflight of a plugin with jobs: one launch from the main session, before its first case.

A plugin that cannot start anything has nothing that could be lost: most of its cases would be empty, and each would say
so in its own words. So it is found out once, and told once. What the launch came to also stands in the header of every
case: a refusal inside a subagent satisfies a requirement only where the main session may launch.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hookproof import journal as journals
from hookproof import places
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.errors import describe
from hookproof.judge.checks.outcomes import NONE_LAUNCHED, REFUSED
from hookproof.judge.run_view import JobView, NoEvidenceError, RunView
from hookproof.judge.verdict import Verdict
from hookproof.play import Case, PlayOptions, play
from hookproof.report.results import Launched, PreflightResult, Result
from hookproof.rows import Row
from hookproof.suite.cases import run_case, unplayed
from hookproof.suite.judging import Judges
from hookproof.suite.pool import Pool
from hookproof.suite.runs import PREFLIGHT
from hookproof.suite.wall import Guarded

SCENARIO = places.SCENARIOS / "preflight.toml"
_JOB = "preflight"
_MISSING = frozenset({126, 127})
"""Exit statuses of a shell that could not start a program, or did not find it."""
_SHOWN = 300
_NO_LAUNCH = frozenset({REFUSED, NONE_LAUNCHED})


def wanted(case: Case) -> bool:
    """Whether the plugin of a case is one that launches jobs."""
    return isinstance(case.plugin.descriptor, Companion) and case.scenario.kind == "companion"


def preflights(cases: Sequence[Case], run: Path, options: PlayOptions, *, workers: int) -> list[PreflightResult]:
    """That of each plugin with jobs on each of its hosts; their journals are kept with the run's.

    Raises KeyboardInterrupt when it was interrupted.
    """
    first: dict[tuple[str, str], Case] = {}
    for case in cases:
        if wanted(case):
            first.setdefault((case.plugin.name, case.lifecycle.name), case)
    chosen, found = list(first.values()), dict[int, PreflightResult]()
    pool = Pool(doing="the launches of its plugins were tried")

    def one(number: int) -> None:
        found[number] = preflight(chosen[number], run, options, runner=pool.play)

    with pool:
        pool.each(one, range(len(chosen)), workers=workers)
    return [found[number] for number in sorted(found)]


def preflight(
    case: Case,
    run: Path,
    options: PlayOptions,
    *,
    runner: Callable[[Coroutine[Any, Any, Path]], Path] = asyncio.run,
) -> PreflightResult:
    """Play the launch on the host of `case`. Whatever goes wrong is its `unknown`."""
    plugin, lifecycle = case.plugin.name, case.lifecycle.name
    absent = _absent(case.plugin)
    folder = run / PREFLIGHT / re.sub("[^A-Za-z0-9.+-]", "-", f"{plugin}--{lifecycle}")
    if absent is not None:
        return PreflightResult(plugin=plugin, lifecycle=lifecycle, outcome="does not fit", detail=absent)

    def work(guarded: Guarded[Path]) -> Path:
        folder.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700)
        launch = replace(case, scenario=read_scenario(SCENARIO), repeat=1)
        return runner(guarded.listening(lambda: play(launch, folder, options)))

    try:
        path = Guarded(work, seconds=options.seconds).run()
        outcome, detail = _outcome(RunView(journals.read(path)))
    except Exception as error:
        return PreflightResult(plugin=plugin, lifecycle=lifecycle, outcome="unknown", detail=describe(error))
    return PreflightResult(plugin=plugin, lifecycle=lifecycle, outcome=outcome, detail=detail, journal=str(path))


def _absent(plugin: Plugin) -> str | None:
    """A file of the plugin that the descriptor's launch names and that is not there."""
    assert isinstance(plugin.descriptor, Companion)
    launch = plugin.descriptor.commands.launch
    try:
        words = shlex.split(launch)
    except ValueError:
        return None  # a shell may take what this does not
    files = [word.removeprefix("{plugin}/") for word in words if word.startswith("{plugin}/")]
    missing = next((name for name in files if not (plugin.root / name).exists()), None)
    return None if missing is None else f"its launch ({launch}) names {missing}, which the plugin does not have"


def _outcome(view: RunView) -> tuple[Launched, str]:
    job = view.jobs[_JOB]
    if job.started is not None:
        return _as_described(view, job)
    came_back, refusal = job.without_a_job, view.refused(job)
    text = " ".join(came_back.text.split())[:_SHOWN] if came_back is not None else ""
    exit_ = view.exit_of_launch(job)
    if refusal is not None and exit_ in _MISSING:
        return "does not fit", f"the program that it launches with could not be started: {text!r}"
    if refusal is not None:
        return "refused", text
    if came_back is not None and view.shell_ended_by_host(job) is None:
        return "does not fit", f"the launch printed no id of a job, and no error: {text!r}"
    printed = f"the launch printed the id {job.launched.id}, and nobody asked the model" if job.launched else None
    return "unknown", "; ".join([*([printed] if printed else []), *view.errors]) or "the launch did not come back"


def _as_described(view: RunView, job: JobView) -> tuple[Launched, str]:
    """A job at work: where the descriptor says that it would be seen, it must be seen."""
    look = next(iter(view.snapshots), None)
    if look is None:
        return "unknown", "; ".join(view.errors) or "nobody could look at the job"
    unread: list[str] = []
    places = [partial(view.stored, look, job), *(partial(view.listed, look, place, job) for place in look.places)]
    if any(_seen(row, unread) for row in places):
        return "started", f"job {view.job_id(job)}"
    if unread:
        return "does not fit", f"a job was at work, and no row of it can be read: {'; '.join(dict.fromkeys(unread))}"
    return "does not fit", "a job was at work, and neither the state files nor the status answer had a row of it"


def _seen(row: Callable[[], Row | None], unread: list[str]) -> bool:
    try:
        return row() is not None
    except NoEvidenceError as error:
        unread.append(str(error))
        return False


def launched_nowhere(
    tried: Sequence[PreflightResult], results: Sequence[Result], cases: Iterable[Case] = ()
) -> list[str]:
    """A sentence for each plugin whose every launch was refused, wherever it was tried.

    That may be what the plugin is, and may be what this machine lacks; no verdict of such a run is to be recorded.
    Of `cases`, the policies of the reference that are known to refuse are nobody's surprise.
    """
    known = {case.plugin.name for case in cases if case.plugin.refuses_launches}
    sentences = []
    for each in tried:
        if each.plugin in known:
            continue
        here = [result for result in results if (result.plugin, result.lifecycle) == (each.plugin, each.lifecycle)]
        # what is asked in every case besides does not need a job
        checks = [check for result in here for check in result.checks if not check.standing]
        judged = [check for check in checks if check.verdict is not Verdict.NOT_TESTED]
        if each.outcome == "refused" and checks and all(check.seen in _NO_LAUNCH for check in judged):
            sentences.append(
                f"{each.plugin} on {each.lifecycle}: every launch failed, the first with {each.detail!r}; is something"
                " missing on this machine? Nothing of this run says how the plugin treats a job"
            )
    return sentences


class Launches:
    """The preflights of a process that is asked for one case after the other, as pytest does it: each once."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str, Path], PreflightResult] = {}

    def run_case(
        self,
        case: Case,
        run: Path,
        options: PlayOptions,
        judges: Judges,
        *,
        runner: Callable[[Coroutine[Any, Any, Path]], Path],
    ) -> Result:
        """As `suite.cases.run_case`, after the preflight. Where a descriptor does not fit, the case is unknown."""
        if not wanted(case):
            return run_case(case, run, options, judges, runner=runner)
        name = case.plugin.name, case.lifecycle.name
        whole = (*name, case.plugin.root)  # a test may play several copies of one plugin
        if whole not in self._tried:
            self._tried[whole] = preflight(case, run, options, runner=runner)
        tried = self._tried[whole]
        if tried.outcome == "does not fit":
            return unplayed(case, run, options, judges, f"the plugin's descriptor does not fit: {tried.detail}")
        launches = {name: tried.main_launch} if tried.main_launch is not None else {}
        return run_case(case, run, replace(options, main_launches=launches), judges, runner=runner)
