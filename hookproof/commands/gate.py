"""What a run is held against besides the sentences: the baseline of the plugin's repository, and replays.

The first verdict stands. An unexpected violation is played again, alone, so that its report can say whether it always
comes; a race is a violation all the same.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from hookproof import files, places
from hookproof.catalogue.own_scenarios import ENDING, is_shipped
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.commands import UsageError, outputs
from hookproof.hosts.registry import HOSTS
from hookproof.judge.baseline import Baseline, baseline_path, find
from hookproof.judge.expected import EXPECTED, ExpectedTable, read_expected
from hookproof.judge.verdict import Verdict, worst
from hookproof.play import Case, PlayOptions
from hookproof.report import baseline as baselines
from hookproof.report import untested
from hookproof.report.columns import tally, violated_unexpectedly
from hookproof.report.progress import progress
from hookproof.report.results import Result, Skipped
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges, read_known
from hookproof.suite.pool import Pool
from hookproof.suite.runs import REPLAY

_MOST_REPLAYED = 10
_REPLAYS = 3


@dataclass(frozen=True, slots=True)
class Gate:
    """What `--baseline`, `--update-baseline`, `--update-expected` and `--replays` come to."""

    baseline: Baseline | None = None
    update: bool = False
    replays: int | None = 0
    """How often an unexpected violation is played again; None: three times, and no longer than the run itself took."""
    skipped: Sequence[Skipped] = field(default=())
    expected: Path | None = None
    """The table of expected outcomes, where it is to be written."""

    def without_records(self) -> Gate:
        """The same for a run whose verdicts are not to be recorded: nothing is written, and nothing played again."""
        return replace(self, update=False, expected=None, replays=0)

    def replay(
        self,
        cases: Sequence[Case],
        results: list[Result],
        run: Path,
        options: PlayOptions,
        console: Console,
        *,
        seconds: float,
    ) -> tuple[list[Result], Baseline | None]:
        """Replay what was not expected, and write what was asked for. Returns the final results, and their baseline.

        `seconds` is how long the run took.
        """
        replays = self._replay(cases, results, run, options, console, seconds)
        replayed = [
            each.model_copy(update={"replays": _verdicts(each, replays.get(number, []))})
            for number, each in enumerate(results)
        ]
        again = [each for found in replays.values() for each in found]
        baseline = self.baseline
        if self.expected is not None:
            _record(self.expected, [*replayed, *again], console)
        elif self.update and baseline is not None:
            baseline = _updated(baseline, replayed, again, console)
        else:
            return replayed, baseline
        judges = Judges.read(baseline)
        judged = [judges.judge(Path(each.journal)).model_copy(update={"replays": each.replays}) for each in replayed]
        return judged, baseline

    def _replay(
        self,
        cases: Sequence[Case],
        results: list[Result],
        run: Path,
        options: PlayOptions,
        console: Console,
        seconds: float,
    ) -> dict[int, list[Result]]:
        """The replays of each unexpected violation, by its number in `results`; of repeats only the first's."""
        cells: dict[tuple[str, str, str], int] = {}
        for number, each in enumerate(results):
            if violated_unexpectedly(each):
                cells.setdefault((each.scenario, each.plugin, each.lifecycle), number)
        times = _REPLAYS if self.replays is None else self.replays
        if not cells or not times:
            return {}
        until = math.inf if self.replays is not None else time.monotonic() + seconds
        judges = Judges.read(self.baseline)
        chosen = list(cells.values())[:_MOST_REPLAYED]
        found: dict[int, list[Result]] = {}
        pool = Pool(doing="an unexpected violation was played again")
        with pool, progress(console, len(chosen) * times, surprises=False, quiet=True) as moving:
            if len(cells) > len(chosen):
                moving.show(f"of {len(cells)} unexpected violations the first {len(chosen)} are played again")
            for number in chosen:
                each = results[number]
                for count in range(1, times + 1):
                    if time.monotonic() >= until:
                        break
                    moving.started(each.scenario, each.plugin, each.lifecycle, each.repeat)
                    again = run_case(cases[number], run, options, judges, again=f"{REPLAY}{count}", runner=pool.play)
                    moving.finished(again)
                    found.setdefault(number, []).append(again)
                if number not in found:
                    moving.show("playing again has taken as long as the run itself; --replays N plays all N")
                    break
                line = tally(each.model_copy(update={"replays": _verdicts(each, found[number])}))
                moving.show(f"{each.scenario} on {each.lifecycle} {line}")
        return found


def _verdicts(each: Result, replays: Sequence[Result]) -> list[Verdict]:
    """What each replay says of the checks that were unexpectedly violated: others may be known to be."""
    option = violated_unexpectedly(each)
    judged = [[check.verdict for check in again.checks if check.id in option] for again in replays]
    return [worst(verdicts) for verdicts in judged]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the gate."""
    group = parser.add_argument_group("expected violations")
    group.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="file of known violations and untested requirements (default: the nearest hookproof.toml in the plugin's "
        "folder or above it, within its repository)",
    )
    group.add_argument(
        "--update-baseline",
        action="store_true",
        help="write that file: add new violations and requirements that no case tests, remove fixed and tested ones",
    )
    group.add_argument(
        "--update-expected",
        action="store_true",
        help="write scenarios/expected.toml in this checkout: the violations of the reference policies "
        "(without --plugin, plays all policies on the lifecycles that the file names)",
    )
    group.add_argument(
        "--replays",
        type=int,
        metavar="N",
        help="play each unexpected violation again, alone, N times; this is reported and does not change the verdict "
        "(default: 3, within the time that the run itself took)",
    )


def read(
    parsed: argparse.Namespace,
    plugins: Sequence[Plugin],
    skipped: Sequence[Skipped],
    scenarios: Sequence[Scenario] = (),
) -> Gate:
    """The gate that the command line asks for, of a run of `scenarios`. Raises UsageError, CatalogueError."""
    if parsed.replays is not None and parsed.replays < 0:
        raise UsageError(f"--replays {parsed.replays}: expected a number from 0 (0 plays nothing again)")
    update: bool = parsed.update_baseline
    reference = next((each for each in plugins if each.policy is not None), None)
    if parsed.update_expected and reference is None:
        raise UsageError(
            f"--update-expected: the table is of the reference plugins; {plugins[0].name} has a baseline "
            "(--update-baseline)"
        )
    if reference is not None:
        if update or parsed.baseline is not None:
            option = "--update-baseline" if update else "--baseline"
            raise UsageError(f"{option}: {reference.name} has the committed table; a baseline is for a --plugin PATH")
        return Gate(replays=parsed.replays, skipped=skipped, expected=EXPECTED if parsed.update_expected else None)
    baseline = _baseline(parsed.baseline, plugins[0].root, update=update)
    if update and baseline is not None:
        _known_again(baseline.path, scenarios)
    return Gate(baseline, update, parsed.replays, skipped)


def table(parsed: argparse.Namespace) -> ExpectedTable | None:
    """The table that `--update-expected` brings up to date. Raises UsageError where there is none to write."""
    if not parsed.update_expected:
        return None
    real = [f"--{host}" for host in HOSTS if getattr(parsed, host) != "fake"]
    if real:
        raise UsageError(f"--update-expected: the table is of the stand-ins; leave out {' and '.join(real)}")
    if not places.IN_CHECKOUT:
        raise UsageError(f"--update-expected: writes the table of a checkout; this hookproof is installed ({EXPECTED})")
    outputs.attempt(EXPECTED)
    return read_expected()


def _record(path: Path, results: Sequence[Result], console: Console) -> None:
    """Write the table of expected outcomes, and tell what was not decided."""
    from hookproof.report import expected as tables  # noqa: PLC0415 - tomlkit, only where it is asked for

    played = tables.outcomes(results)
    text = files.read_text(path)
    done = tables.update(text, played)
    for each in tables.undecided(played):
        console.print(f"not recorded, for it was unknown or not always the same: {each}", markup=False, soft_wrap=True)
    if done.text == text:
        console.print(f"{path}: nothing to change", markup=False, soft_wrap=True)
        return
    outputs.write(path, done.text)
    console.print(f"{path}: {done.added} recorded, {done.removed} taken out", markup=False, soft_wrap=True)


def _baseline(named: Path | None, plugin: Path, *, update: bool) -> Baseline | None:
    path = named or (baseline_path(plugin) if update else find(plugin))
    if path is None:
        return None
    if path.is_dir():
        raise UsageError(f"--baseline {path}: is a directory; expected a file such as {path / 'hookproof.toml'}")
    if update:
        outputs.attempt(path)
        if not path.exists():
            return Baseline(path)
    elif not path.exists():
        raise UsageError(f"--baseline {path}: does not exist (--update-baseline writes it)")
    return read_known(path)


def _known_again(path: Path, scenarios: Sequence[Scenario]) -> None:
    """What is written of a user's own scenario must name it to whoever reads the file. Raises UsageError."""
    for each in scenarios:
        if each.path is None or is_shipped(each.path):
            continue
        if (path.parent / f"{each.id}{ENDING}").resolve() != each.path.resolve():
            raise UsageError(
                f"--update-baseline: {path} would name {each.path} as {each.id!r}, by which it is not found again from "
                f"there; name a baseline in {each.path.parent} or above it with --baseline"
            )


def _updated(baseline: Baseline, results: Sequence[Result], replays: Sequence[Result], console: Console) -> Baseline:
    """Write the file; its new content."""
    path = baseline.path
    text = files.read_text(path) if path.exists() else ""
    platform = next((each.platform for each in results), "")
    played = baselines.outcomes(results, replays)
    nowhere = untested.found(results, baseline)
    done = baselines.update(text, baseline, played, platform, datetime.now(UTC).date(), nowhere)
    if not done.added and not done.removed and path.exists() and done.text == text:
        console.print(f"{path}: nothing to change", markup=False)
        return baseline
    outputs.write(path, done.text)
    console.print(f"{path}: {done.added} recorded, {done.removed} taken out", markup=False, soft_wrap=True)
    if done.added:
        console.print("now say in it why each is left as it is, in the place of the reason that was filled in")
    return read_known(path)
