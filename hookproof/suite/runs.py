"""Where runs are kept: one directory for each, the last twenty, and none that is still being played is ever removed.

A run is claimed by a lock in its directory from its first moment to its last report.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hookproof.errors import HookproofError
from hookproof.journal import JOURNAL
from hookproof.locks import Lock, try_lock, wait_lock
from hookproof.removal import remove_tree

RESULTS = "results.jsonl"
"""The results of a run in the order in which they came, a JSON object a line, each whole before the next begins."""
REPLAY = "--replay-"
PREFLIGHT = "preflight"
"""The folder of the preflights of a run, which are no cases."""
ALONE = "--alone"
"""In the name of a case's folder: it was played again. A replay only annotates; one alone stands for the first."""
PLAY = "--play-"
"""In the name of a case's folder, before a number from 2: what was played before had too little time for a launch."""
_KEPT = 20
_NAME = re.compile(r"\d{8}-\d{6}-\d+(-\d+)?")
_MARKER = ".hookproof-run"


class RunsError(HookproofError):
    """A place in which no run can be kept."""


@dataclass(frozen=True, slots=True)
class Run:
    """The directory of a run under way."""

    path: Path
    _lock: Lock

    def close(self) -> None:
        """The last report is written: from now on it may be removed for newer ones."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def new_run(runs: Path) -> Run:
    """A fresh run directory below `runs`, claimed; the oldest beyond the last twenty go. Raises RunsError."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        _remove_oldest(runs)
        run = _made(runs)
    except OSError as error:
        raise _not_there(runs, error) from None
    _name_latest(run.path)
    return run


def new_name() -> str:
    """A name for a run that several processes are to join."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{secrets.randbelow(10**6)}"


def join_run(runs: Path, name: str) -> Run:
    """The run of that name below `runs`, made by whoever comes first, and claimed together. Raises RunsError."""
    path = runs / name
    try:
        runs.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            return Run(path, wait_lock(path / _MARKER, shared=True))
        run = Run(path, wait_lock(path / _MARKER, shared=True))
        _remove_oldest(runs, kept=_KEPT)
    except OSError as error:
        raise _not_there(runs, error) from None
    _name_latest(path)
    return run


def _not_there(runs: Path, error: OSError) -> RunsError:
    why = "is a file; expected a directory" if runs.is_file() else f"runs cannot be kept there: {error.strerror}"
    return RunsError(f"--runs {runs}: {why}")


def _name_latest(path: Path) -> None:
    latest = path.parent / "latest"
    try:
        latest.unlink(missing_ok=True)
        latest.symlink_to(path.name, target_is_directory=True)
    except OSError:
        pass  # Windows without the privilege to make links: the newest name is the latest anyway


def _remove_oldest(runs: Path, *, kept: int = _KEPT - 1) -> None:
    """Remove the oldest runs, as far as more than `kept` are there."""
    found = sorted((path for path in runs.iterdir() if _is_ours(path)), key=lambda path: path.name)
    for old in found[: max(0, len(found) - kept)]:
        lock = try_lock(old / _MARKER)
        if lock is not None:  # else it is being played
            lock.close()
            remove_tree(old, last=_MARKER)


def _made(runs: Path) -> Run:
    stamp, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}", 1
    while True:
        path = runs / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
            continue
        lock = try_lock(path / _MARKER)
        if lock is not None:
            return Run(path, lock)


def journals_of(path: Path) -> list[Path]:
    """Every journal of a case in a run directory, or the one that `path` is. Replays only annotate, and are left out.

    Of a case that was played again only the last play counts: with longer shell timeouts, or alone because nobody could
    tell whose a process was.
    """
    if path.is_file():
        return [path]
    folders = (each.parent for each in path.rglob(JOURNAL))
    found = sorted(each / JOURNAL for each in folders if REPLAY not in each.name and each.parent.name != PREFLIGHT)
    last: dict[Path, tuple[int, Path]] = {}
    for each in found:
        name, _, number = each.parent.name.partition(PLAY)
        played = (int(number) if number.isdecimal() else 1, each)
        case = each.parent.with_name(name)
        last[case] = max(last.get(case, played), played)
    return sorted(each for case, (_, each) in last.items() if case.with_name(case.name + ALONE) not in last)


def _is_ours(path: Path) -> bool:
    """Whether `path` is a run that hookproof made: nothing else in the directory is ever removed."""
    return bool(_NAME.fullmatch(path.name)) and not path.is_symlink() and (path / _MARKER).is_file()


def append_line(path: Path, value: object) -> None:
    """Append one JSON object as a line, in one write."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")
