"""`hookproof report`: the JSON of many machines as one report. And `hookproof --schema`: what that JSON is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from hookproof.commands import UsageError, outputs
from hookproof.report import merge, results, terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a file written by `hookproof run --json FILE`, or a results.jsonl",
    )
    outputs.arguments(parser)


def execute(parsed: argparse.Namespace) -> int:
    """Merge, print, write. Exit status as `run`: 1 when anything in it was not as expected."""
    if parsed.schema:
        print(json.dumps(results.schema(), indent=2))
        return 0
    try:
        found = merge.merge([merge.read(path) for path in parsed.files])
    except merge.ReportError as error:
        raise UsageError(str(error)) from None
    outputs.check(parsed)
    outputs.write_all(parsed, found)
    terminal.summary(terminal.console(), found)
    return 1 if found.failed else 0
