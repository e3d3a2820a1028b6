"""Killing the processes of an isolated `hookproof run` at many moments, and looking at what they leave.

    python tests/suite/kill_drill.py [--outer 100] [--guard 20] [--inner 20] [--isolation full] [--seed 1]

A moment is a share of the time that the command takes when it is left alone. Who is to be killed and is not there yet
is drawn again. A figure, and no test: half a second is what is promised.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from interrupt_drill import SECONDS, sandboxes

from hookproof.isolation.level import LEVELS

HALF = 0.5
PLAYED = ("jobs/pattern-[ac]", "-j", "2", "--replays", "0")


@dataclass
class Left:
    """What one kill left behind."""

    at_once: list[str] = field(default_factory=list)
    after_half_a_second: list[str] = field(default_factory=list)
    sandboxes: list[str] = field(default_factory=list)
    after_next: list[str] = field(default_factory=list)
    status: int = 0
    said: str = ""


def start(folder: Path, level: str, *words: str) -> subprocess.Popen[bytes]:
    """A run with a place of its own below `folder`."""
    (folder / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "hookproof", "run", "--isolation", level, "--runs", str(folder / "runs"), *words]
    with (folder / "stderr").open("wb") as errors:
        return subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), "HOOKPROOF_CACHE": str(folder / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )


def chosen(process: subprocess.Popen[bytes], who: str) -> psutil.Process | None:
    """The outer process, the guard or the inner one, where that is there."""
    try:
        found = psutil.Process(process.pid)
        for _ in range(("outer", "guard", "inner").index(who)):
            (found,) = found.children()
    except (psutil.NoSuchProcess, ValueError):
        return None
    return found


def alive(folder: Path, outer: int) -> list[str]:
    """The command lines of all that is alive of a run. The outer process may be, where another was killed."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = [*process.environ().values(), *process.cmdline()]
            if process.pid != outer and process.status() != psutil.STATUS_ZOMBIE and str(folder) in " ".join(words):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
    return found


def kill(who: str, level: str, seconds: float) -> Left | None:
    """Start, kill after `seconds`, look. None when there was nobody to be killed."""
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        folder = Path(name).resolve()
        process = start(folder, level, *PLAYED)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            target = chosen(process, who)
        else:
            return None
        try:
            if target is None:
                return None
            target.kill()
            killed = time.monotonic()
            left = Left(alive(folder, process.pid))
            time.sleep(max(0.0, killed + HALF - time.monotonic()))
            left.after_half_a_second = alive(folder, process.pid)
        finally:
            if target is None or who == "outer":
                process.kill()
            left_status = process.wait(SECONDS)
        left.status, left.said = left_status, (folder / "stderr").read_text("utf-8")
        left.sandboxes = sandboxes(folder / "tmp")
        start(folder, level, "pattern-a", "--replays", "0").wait(SECONDS)
        left.after_next = [*alive(folder, 0), *sandboxes(folder / "tmp")]
        return left


def drill(who: str, count: int, level: str, chance: random.Random, took: float) -> list[Left]:
    """That many kills of one of the three."""
    found: list[Left] = []
    while len(found) < count:
        left = kill(who, level, took * chance.random())
        if left is None:
            continue
        found.append(left)
        if left.after_half_a_second or left.after_next or "Traceback" in left.said:
            print(who, left, flush=True)
    return found


def main() -> None:
    """The whole drill, and its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for who, count in (("outer", 100), ("guard", 20), ("inner", 20)):
        parser.add_argument(f"--{who}", type=int, default=count, metavar="N", help="kills of it")
    parser.add_argument("--isolation", choices=LEVELS, default=LEVELS[0])
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        began = time.monotonic()
        start(Path(name).resolve(), parsed.isolation, *PLAYED).wait(SECONDS)
        took = time.monotonic() - began
    print(
        f"| {parsed.isolation} | kills | alive at once | after 0.5 s | sandboxes at once | left after the next start |"
    )
    print("|---|---|---|---|---|---|")
    for who in ("outer", "guard", "inner"):
        count = getattr(parsed, who)
        found = drill(who, count, parsed.isolation, random.Random(parsed.seed), took) if count else []
        sums = [
            sum(bool(getattr(each, name)) for each in found)
            for name in ("at_once", "after_half_a_second", "sandboxes", "after_next")
        ]
        print(f"| {who} | {len(found)} | {' | '.join(map(str, sums))} |", flush=True)


if __name__ == "__main__":
    main()
