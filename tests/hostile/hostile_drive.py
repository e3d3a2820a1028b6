"""Plays a hostile copy through the command line, as a user would, and collects how that ended."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile_build import build
from hostile_ground import Ground, as_ordinary_user, checksums, small_disk, told
from hostile_table import REPEATS, SCENARIOS, Manner

from hookproof.isolation.level import Level

LIMIT = 200.0
"""A net only: no manner may need it."""
MEMORY = 6 * 1024**3
KINDS = {"json": "r.json", "html": "r.html", "junit": "r.xml", "markdown": "r.md"}
NEXT = ["run", "jobs/output-file", "--plugin", "reference", "--replays", "0"]


@dataclass(slots=True)
class Ended:
    """How a run with a hostile plugin ended."""

    exit: int | None
    """None when the net was needed."""
    out: str
    err: str
    results: dict[str, dict[str, Any]]
    """By scenario and repeat; empty when no results were written."""
    affected: set[str]
    """The cases in whose hooks it misbehaved."""
    processes: list[str]
    sandboxes: list[str]
    home: dict[str, str]
    """The user's home, and the plugin's checkout: what was changed in them."""
    reports: dict[str, str] = field(default_factory=dict)
    after_next: tuple[list[str], list[str]] = ([], [])
    """Processes and sandboxes after the next start, where hookproof itself was ended."""


@functools.cache
def best_level() -> Level:
    """The first level of isolation that this system lets hookproof have."""
    code = (
        "from hookproof.isolation import entry\nserve = entry.begin()\n"
        "print(entry.current().level) if serve is None else serve()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    level: Level = done.stdout.strip()  # type: ignore[assignment]
    return level


def play(manner: Manner, ground: Ground, level: Level) -> Ended:
    """Build it, play it at this level of isolation, look at what is left."""
    build(manner, ground.plugin, outside=ground.outside, mark=ground.mark)
    python, user = as_ordinary_user(ground) if "ordinary user" in manner.needs else (sys.executable, {})
    before = {**checksums(ground.home), **checksums(ground.plugin)}
    out = ground.base / "out"
    words = [python, "-m", "hookproof", "run", *SCENARIOS, "--plugin", str(ground.plugin), "--isolation", level]
    words += ["-j", str(manner.jobs), "--repeat", str(REPEATS), "--replays", "0"]
    words += [f"--{kind}={out / name}" for kind, name in KINDS.items()]
    if manner.patience is not None:
        words += ["--patience", str(manner.patience)]
    if "small disk" in manner.needs:
        words = [*small_disk(ground), *words]
    exit_ = _run(words, ground, out / "stdout", out / "stderr", user)
    processes, sandboxes = told(ground.processes()), ground.sandboxes()
    if "small disk" in manner.needs:
        sandboxes += ground.tmp.with_suffix(".left").read_text(encoding="utf-8").split()
    after = {**checksums(ground.home), **checksums(ground.plugin)}
    ended = Ended(
        exit=exit_,
        # Windows ends the lines of a stream in its own way
        out=_text(out / "stdout").replace(os.linesep, "\n"),
        err=_text(out / "stderr").replace(os.linesep, "\n"),
        results=_results(out / KINDS["json"]),
        affected=_affected(ground),
        processes=processes,
        sandboxes=sandboxes,
        home={name: after.get(name, "gone") for name in {*before, *after} if before.get(name) != after.get(name)},
        reports={kind: _text(out / name) for kind, name in KINDS.items() if (out / name).exists()},
    )
    if level in manner.ends_hookproof:
        words = [sys.executable, "-m", "hookproof", *NEXT]
        _run(words, ground, out / "next.stdout", out / "next.stderr", user)
        ended.after_next = told(ground.processes()), ground.sandboxes()
    return ended


def _run(words: list[str], ground: Ground, out: Path, err: Path, user: Mapping[str, Any]) -> int | None:
    """Start it and wait for its end, or for its being stopped. What it says goes to files: nobody holds those open."""
    if sys.platform != "win32":
        words = ["sh", "-c", f'ulimit -v {MEMORY // 1024}; exec "$@"', "sh", *words]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            words,
            cwd=ground.base,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            **{"env": ground.environment(), **user},
        )
        with _ended_when_stopped(process):
            try:
                return process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return None


@contextlib.contextmanager
def _ended_when_stopped(process: subprocess.Popen[bytes]) -> Any:
    """A stopped hookproof is killed, as its user would do in the end."""
    if sys.platform == "win32":
        yield
        return

    def kill(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            # stays to be waited for: only the stop is taken
            if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG) is not None:
                process.kill()

    before = signal.signal(signal.SIGCHLD, kill)
    try:
        kill()
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def _text(path: Path) -> str:
    """Strictly UTF-8: half a character is an error."""
    return path.read_bytes().decode("utf-8")


def _results(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    return {_name(each): each for each in json.loads(_text(path))["results"]}


def _name(each: dict[str, Any]) -> str:
    return f"{each['scenario']} #{each['repeat']}"


def _affected(ground: Ground) -> set[str]:
    """Whose hooks misbehaved: each case has a home of its own, which stands in its journal."""
    if not (ground.outside / "misbehaved").exists():
        return set()
    homes = set((ground.outside / "misbehaved").read_text(encoding="utf-8").split("\n")) - {""}
    found = set()
    for journal in ground.runs.glob("2*/*/journal.jsonl"):
        text = journal.read_text(encoding="utf-8", errors="replace")
        if any(json.dumps(home)[1:-1] in text for home in homes):
            found.add(_name(json.loads(text.partition("\n")[0])))
    return found
