"""`hookproof --schema`: the JSON Schema of what `--json` writes."""

from __future__ import annotations

import argparse
import json


def execute(_arguments: argparse.Namespace) -> int:
    """Print it."""
    from hookproof.report.results import schema  # noqa: PLC0415

    print(json.dumps(schema(), indent=2))
    return 0
