"""`hookproof recheck`: judge an old run again, from its journals alone."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from hookproof import suite
from hookproof.commands import UsageError, run
from hookproof.report import results as reports
from hookproof.report import terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `recheck`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's directory, or one journal.jsonl")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")


def execute(parsed: argparse.Namespace) -> int:
    """Judge every journal below RUN. Exit status as `run`."""
    path: Path = parsed.run
    if not path.exists():
        raise UsageError(f"{path}: does not exist")
    journals = [path] if path.is_file() else sorted(path.rglob("journal.jsonl"))
    if not journals:
        raise UsageError(f"{path}: there is no journal.jsonl in it")
    began = time.monotonic()
    judges = suite.Judges.read()
    report = reports.report([judges.judge(each) for each in journals], seconds=time.monotonic() - began)
    console = terminal.console()
    terminal.matrix(console, report.results)
    terminal.summary(console, report)
    if parsed.json is not None:
        run.write(parsed.json, report.model_dump_json(indent=2) + "\n")
    return 1 if report.summary.unexpected else 0
