"""Plays all that is in the table at one level of isolation, and prints the figures.

    python tests/hostile/hostile_figures.py [--isolation LEVEL] [NAME…]

With PYTHONPATH=tests. It takes ten minutes and more.
"""

from __future__ import annotations

import argparse

from hostile_drive import best_level, play
from hostile_ground import ground
from hostile_judge import faults, has_escaped, lacks
from hostile_table import TABLE

from hookproof.isolation.level import LEVELS


def main() -> None:
    """Play, a line for each, and the sums at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--isolation", choices=LEVELS, default=best_level())
    parsed = parser.parse_args()
    right = left = sandboxes = escapes = played = 0
    for manner in TABLE:
        if (parsed.names and manner.name not in parsed.names) or lacks(manner):
            continue
        with ground() as here:
            ended = play(manner, here, parsed.isolation)
            found = faults(manner, parsed.isolation, ended, here)
            out = has_escaped(manner, here)
        verdicts = "/".join(sorted({result["verdict"] for result in ended.results.values()})) or "–"
        counts = f"{len(ended.processes)} left, {len(ended.sandboxes)} sandboxes{', ESCAPED' if out else ''}"
        print(f"{manner.name}: exit {ended.exit}, {verdicts}, {counts}", *found, sep="\n    ", flush=True)
        if manner.events:
            played, right, escapes = played + 1, right + (not found), escapes + out
            left, sandboxes = left + len(ended.processes), sandboxes + len(ended.sandboxes)
    print(
        f"{parsed.isolation}: {right} of {played} as the table says; at once {left} processes left, "
        f"{sandboxes} sandboxes; {escapes} escapes"
    )


if __name__ == "__main__":
    main()
