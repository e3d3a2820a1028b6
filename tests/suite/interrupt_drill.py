"""Killing `hookproof` at many moments, and looking at what it leaves behind.

The suite does it some times (test_interrupts.py). Run by hand it does it as often as asked and prints a table:

    python tests/suite/interrupt_drill.py --kills 60 [--load 4] [--signals INT,TERM,HUP,KILL] [--seed 1]

A moment is a share of the time that the command takes when it is left alone, from its very start to past its end.
Not under nohup: what is ignored here is ignored there, and has no effect.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from hookproof import journal as journals
from hookproof.suite.judging import Judges
from hookproof.suite.runs import journals_of

SECONDS = 120.0
JOBS = ("run", "pattern-*", "-j", "2", "--json", "{out}/r.json", "--html", "{out}/r.html", "--runs", "{out}/runs")
CONTEXT = ("run", "context/*", "-j", "2", "--junit", "{out}/r.xml", "--runs", "{out}/runs")
STORY = ("reproduce", "345", "-j", "2", "--markdown", "{out}/r.md", "--runs", "{out}/runs")
_SENTENCE = re.compile(r"hookproof: interrupted[^\n]*; nothing of it is left running(; [^\n]*)?\n")
_EARLY = ("__main__.py", "interrupts.py", "bin/hookproof")


@dataclass
class Killed:
    """What became of one command that was killed."""

    number: int
    at: float
    status: int
    said: str
    seconds: float
    """From the signal to the end."""
    alive: list[str] = field(default_factory=list)
    """The command lines of what was alive when it had ended."""
    later: list[str] = field(default_factory=list)
    """And two seconds later; after the next start, where there was one."""
    sandboxes: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    journals: int = 0
    made: bool = False
    """Whether it had come as far as to make a run."""

    def outcome(self) -> str:
        """In a word: told, over (it came too late), python's (before our first line), or what is wrong."""
        if self.number == signal.SIGKILL and self.status == -self.number:
            return "killed"
        if self.status in {0, 1} and "interrupted" not in self.said and "Traceback" not in self.said:
            return "over"
        if self.status == 128 + self.number and _SENTENCE.fullmatch(self.said):
            return "told"
        if not self.made and (self.status == -self.number or "KeyboardInterrupt" in self.said) and self._in_python():
            return "python's"
        return f"wrong: {self.status} {self.said[-300:]!r}"

    def _in_python(self) -> bool:
        """Whether Python was still starting: its own traceback may name the lines that import the module of signals."""
        files = re.findall(r'File "([^"]+)", line \d+', self.said)
        return not any("hookproof" in file and not file.endswith(_EARLY) for file in files)


def kill(command: Sequence[str], folder: Path, number: int, seconds: float) -> Killed:
    """Start `hookproof COMMAND` with a place of its own below `folder`, signal it after `seconds`, and look."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    with (folder / "stderr").open("wb") as errors:  # a file: what it leaves could hold a pipe open
        process = subprocess.Popen(
            [sys.executable, "-m", "hookproof", *(word.format(out=folder) for word in command)],
            env={**os.environ, "TMPDIR": str(temporary), "HOOKPROOF_CACHE": str(folder / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            began = time.monotonic()
            process.send_signal(number)
            process.wait(SECONDS)
        finally:
            process.kill()  # the drill itself may be interrupted
        took = time.monotonic() - began
        alive = living(temporary)
    killed = Killed(number, seconds, process.returncode, (folder / "stderr").read_text("utf-8"), took, alive)
    killed.sandboxes = sandboxes(temporary)
    if alive:
        time.sleep(2)  # a figure, and no condition
        killed.later = living(temporary)
    killed.made = any((folder / "runs").glob("2*"))
    look_at_journals(folder / "runs", killed)
    return killed


def living(temporary: Path) -> list[str]:
    """The command lines of what runs in `temporary`, or was started with it: whatever a run starts lives there."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = [*process.environ().values(), *process.cmdline(), process.cwd()]
            if any(str(temporary) in word for word in words):
                found.append(" ".join(process.cmdline())[:120])
    return found


def sandboxes(temporary: Path) -> list[str]:
    """The sandboxes that are there."""
    return [path.name for path in temporary.glob("hp-*")]


def look_at_journals(runs: Path, killed: Killed) -> None:
    """Every line whole, and every journal judged."""
    judges = Judges.read()
    for journal in journals_of(runs) if runs.is_dir() else ():
        text = journal.read_text("utf-8")
        if not text:
            continue
        killed.journals += 1
        try:
            for line in text.splitlines():
                json.loads(line)
            judges.judge(journal)
        except (ValueError, journals.JournalError) as error:
            killed.damaged.append(f"{journal}: {error}")


def cleared(folder: Path) -> list[str]:
    """What is left after the next start with the same runs."""
    subprocess.run(
        [sys.executable, "-m", "hookproof", "run", "pattern-a", "--runs", str(folder / "runs")],
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "HOOKPROOF_CACHE": str(folder / "cache")},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return [*living(folder / "tmp"), *sandboxes(folder / "tmp")]


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """That many processes that do nothing but work."""
    busy = [subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def drill(numbers: Sequence[int], kills: int, chance: random.Random) -> dict[int, list[Killed]]:
    """`kills` of each signal; a third of them in the first moments, the others all over the time of the command."""
    found: dict[int, list[Killed]] = {}
    took: dict[tuple[str, ...], float] = {}
    for number in numbers:
        for turn in range(kills):
            command = (JOBS, CONTEXT, STORY)[turn % 3]
            with tempfile.TemporaryDirectory(prefix="drill-") as name:
                folder = Path(name).resolve()
                if command not in took:
                    took[command] = whole(command, folder / "whole")
                seconds = 0.6 * chance.random() if turn % 3 == turn // 3 % 3 else 1.1 * took[command] * chance.random()
                killed = kill(command, folder, number, seconds)
                if killed.later or killed.sandboxes or number == signal.SIGKILL:
                    killed.later = cleared(folder)
                found.setdefault(number, []).append(killed)
                trouble = killed.outcome().startswith("wrong") or killed.damaged
                if trouble or killed.later or (number != signal.SIGKILL and (killed.alive or killed.sandboxes)):
                    print(" ".join(command[:2]), killed, killed.outcome(), flush=True)
    return found


def whole(command: Sequence[str], folder: Path) -> float:
    """How long the command takes when it is left alone."""
    folder.mkdir()
    began = time.monotonic()
    kill(command, folder, signal.SIGCONT, SECONDS)
    return time.monotonic() - began


def table(found: dict[int, list[Killed]], title: str) -> str:
    """The figures, a line for each signal."""
    heads = ["kills", "told", "over", "python's", "killed", "wrong", "alive at once", "sandboxes at once"]
    heads += ["left after the next start", "journals", "damaged", "longest"]
    lines = [f"| {title} | {' | '.join(heads)} |", "|" + "---|" * (1 + len(heads))]
    for number, each in found.items():
        outcomes = [killed.outcome().partition(":")[0] for killed in each]
        counts = [outcomes.count(word) for word in ("told", "over", "python's", "killed", "wrong")]
        figures = [
            sum(bool(killed.alive) for killed in each),
            sum(bool(killed.sandboxes) for killed in each),
            sum(bool(killed.later) for killed in each),
            sum(killed.journals for killed in each),
            sum(len(killed.damaged) for killed in each),
        ]
        longest = f"{max(killed.seconds for killed in each):.1f} s"
        row = [signal.Signals(number).name, len(each), *counts, *figures, longest]
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)


def main() -> None:
    """The whole drill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60, metavar="N", help="of each signal")
    parser.add_argument("--load", type=int, default=0, metavar="N", help="processes that work meanwhile")
    parser.add_argument("--signals", default="INT,TERM,HUP,KILL")
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    numbers = [getattr(signal, f"SIG{name}") for name in parsed.signals.split(",")]
    with load(parsed.load):
        found = drill(numbers, parsed.kills, random.Random(parsed.seed))
    print(table(found, f"load {parsed.load}"))


if __name__ == "__main__":
    main()
