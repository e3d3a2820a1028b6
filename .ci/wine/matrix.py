"""Plays the patterns of issue #345 on every lifecycle that matters to its reporter, one JSON file a plugin.

Run by the lane's Windows Python, from the checkout: `python matrix.py OUT PLUGIN…`. The same command on Linux gives the
column to compare with. An unexpected verdict is a result here, and no failure; one that never comes about is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hookproof.cli import main

SCENARIOS = ("pattern-a", "pattern-b", "pattern-c", "pattern-d", "another-session-ends")
LIFECYCLES = ("as-reported-345", "claude-2.1.91-windows", "claude-2.1.91")
CONFORMS, UNEXPECTED = 0, 1


def play(out: Path, plugin: str, jobs: str) -> int:
    """One plugin on all lifecycles. Returns hookproof's exit status."""
    name = "".join(letter if letter.isalnum() else "-" for letter in plugin).strip("-")
    scenarios = [f"jobs/{scenario}" for scenario in SCENARIOS]
    lifecycles = [word for name_ in LIFECYCLES for word in ("--lifecycle", name_)]
    to = ["--runs", str(out / "runs" / name), "--json", str(out / f"{name}.json"), "-j", jobs, "--replays", "0"]
    return main(["run", *scenarios, "--plugin", plugin, *lifecycles, *to])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # a real plugin's programs have deadlines of their own, which a busy machine would miss
    statuses = [play(folder, each, jobs="2" if each.startswith("reference") else "1") for each in sys.argv[2:]]
    sys.exit(max(statuses) if any(status not in {CONFORMS, UNEXPECTED} for status in statuses) else CONFORMS)
