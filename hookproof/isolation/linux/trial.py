"""Enters a level of isolation and ends: `python -I trial.py LEVEL`. Exit status 1 with one line where it is refused.

Started by `hookproof.isolation.trial`.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # this very hookproof, wherever it was started

from hookproof.isolation import entry
from hookproof.isolation.level import LEVELS
from hookproof.isolation.linux import enclosure
from hookproof.isolation.linux.refusal import NamespaceError


def main(name: str) -> int:
    """Try it: in the outer process the exit status of the inner one, which has nothing to do."""
    level = next(level for level in LEVELS if level == name)
    try:
        entered = enclosure.enclose(level, allow_network=False, programs=entry.programs())
    except NamespaceError as error:
        print(error, file=sys.stderr)
        return 1
    return entered.serve() if isinstance(entered, enclosure.Outer) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
