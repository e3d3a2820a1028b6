"""What the isolation costs: the level `full` against `none`, in turns, in one run. See README.md beside this file."""

from __future__ import annotations

import sys

if sys.platform != "linux":
    raise SystemExit("there is no isolation but on Linux")

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("none", "full")
_NO_SUCH = "no-such-scenario"


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took, in seconds."""

    wall: float
    processor: float
    """Of hookproof and all that it started, user and system."""


def run(words: Sequence[str], level: str, runs: Path, status: int) -> Took:
    """One `hookproof run`. Raises RuntimeError when it ends in another way than expected."""
    command = [sys.executable, "-m", "hookproof", "run", *words, "--isolation", level, "--runs", str(runs)]
    # as a user has it: with it, Python compiles hookproof anew for each start
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, ended, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(ended)
        if process.returncode != status:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{said.read().decode()}")
    return Took(wall, used.ru_utime + used.ru_stime)


def in_turns(words: Sequence[str], repeats: int, runs: Path, status: int = 0) -> dict[str, list[Took]]:
    """Both levels, `repeats` times; who is first changes each time. The first of each warms the caches."""
    found: dict[str, list[Took]] = {level: [] for level in LEVELS}
    for number in range(repeats + 1):
        for level in LEVELS if number % 2 else reversed(LEVELS):
            took = run(words, level, runs, status)
            if number:
                found[level].append(took)
    return found


def medians(found: Mapping[str, Sequence[Took]]) -> dict[str, float]:
    """The medians of both, of their ratios and of their differences in milliseconds, pair by pair."""
    numbers: dict[str, float] = {}
    for what in ("wall", "processor"):
        none, full = ([getattr(took, what) for took in found[level]] for level in LEVELS)
        pairs = list(zip(none, full, strict=True))
        numbers |= {
            f"none, {what}": statistics.median(none),
            f"full, {what}": statistics.median(full),
            f"ratio, {what}": statistics.median(after / before for before, after in pairs),
            f"more ms, {what}": statistics.median((after - before) * 1000 for before, after in pairs),
        }
    return numbers


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="pairs of suites (default: %(default)s)")
    parser.add_argument("--starts", type=int, default=21, help="pairs of starts and of cases (default: %(default)s)")
    parser.add_argument("--suite", default="jobs/*", metavar="GLOB", help="the suite (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    parsed = parser.parse_args()
    plugin = ["--plugin", "reference:correct", "--replays", "0"]
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for what, words, repeats, status in (
            # a run that is refused as soon as it knows what to play: all that comes once, and no case
            ("start", [_NO_SUCH], parsed.starts, 2),
            ("one case", ["jobs/pattern-c", *plugin], parsed.starts, 0),
            ("suite", [parsed.suite, *plugin, "-j", "2"], parsed.repeats, 0),
        ):
            found[what] = medians(in_turns(words, repeats, Path(name), status))
            print(what, *(f"  {number:<22}{value:8.3f}" for number, value in found[what].items()), sep="\n", flush=True)
    if parsed.json:
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
