"""`hookproof recheck`: judge an old run again, from its journals alone."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from hookproof import clean
from hookproof.commands import UsageError, outputs
from hookproof.journal import JournalError
from hookproof.report import results as reports
from hookproof.report import terminal, untested
from hookproof.suite.judging import Judges, read_known
from hookproof.suite.runs import journals_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `recheck`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the directory of a run, or one journal.jsonl")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="the plugin's known violations (default: none)")
    outputs.arguments(parser)


def execute(parsed: argparse.Namespace) -> int:
    """Judge every journal below RUN. Exit status as `run`."""
    path: Path = parsed.run
    if not path.exists():
        raise UsageError(f"{path}: does not exist")
    found_journals = journals_of(path)
    if not found_journals:
        raise UsageError(f"{path}: there is no journal.jsonl in it")
    began = time.monotonic()
    outputs.check(parsed)
    baseline = read_known(parsed.baseline) if parsed.baseline is not None else None
    judges = Judges.read(baseline)
    found: list[reports.Result] = []
    unread: list[JournalError] = []
    for each in found_journals:
        try:
            found.append(judges.judge(each))
        except JournalError as error:  # one that is damaged costs the others nothing
            unread.append(error)
    if not found:
        raise unread[0]
    report = reports.report(
        found,
        seconds=time.monotonic() - began,
        baseline=baseline.path if baseline is not None else None,
        untested=untested.found(found, baseline),
    )
    console = terminal.console()
    terminal.summary(console, report)
    outputs.write_all(parsed, report, step=False)
    for each_error in unread:
        print(f"hookproof: not judged: {clean.text(str(each_error))}", file=sys.stderr)
    return 1 if report.failed or unread else 0
