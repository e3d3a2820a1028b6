"""What stands in the files that a scenario's own sentences are about, when all is over. Called by the runner.

A plugin may do its work in a process that outlives its hook and its session, and comes to its end by itself. So what is
not as it should be is looked at again after each death, until nothing runs that could still change it.
"""

from __future__ import annotations

import asyncio
import glob
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from hookproof import files, processes
from hookproof.errors import DeadlineMissedError
from hookproof.play.job_tracker import describe
from hookproof.play.own_programs import is_own
from hookproof.play.run import Run
from hookproof.records import Record
from hookproof.records.expect import FileLeft
from hookproof.records.parts import FoundFile, LeftFile
from hookproof.records.run import FilesLeft, ProcessDied
from hookproof.records.sent import HookStarted

MOST_KEPT = 200_000
"""Of the text of each file, in characters."""
MOST_FOUND = 100
"""Files that fit one path."""
_READING_SECONDS = 30.0
_DATA = ("CLAUDE_PLUGIN_DATA", "PLUGIN_DATA")
"""The variables by which hosts tell hooks where their plugin's data are."""


async def write_left_files(run: Run) -> None:
    """Write the `files.left` record, if the scenario is about any file."""
    wanted = [each.in_journal.expects for each in run.case.scenario.expect]
    expected = [each for each in wanted if isinstance(each, FileLeft)]
    if not expected:
        return
    found, alive = await _read(run, expected), _alive(run)
    deadline = asyncio.get_running_loop().time() + run.options.seconds
    while alive and any(_is_not_yet(each, left) for each, left in zip(expected, found, strict=True)):
        if not await _one_dies(run, alive, deadline - asyncio.get_running_loop().time()):
            found = await _read(run, expected)
            break
        found, alive = await _read(run, expected), _alive(run)
    paths = {left.path: left for left in found}
    run.journal.write(FilesLeft(files=list(paths.values()), still_runs=describe(alive)))


def _is_not_yet(expected: FileLeft, left: LeftFile) -> bool:
    return left.nowhere is None and expected.misfit(left) is not None


def _alive(run: Run) -> list[processes.ProcessInfo]:
    return [info for info in run.processes.census() if not is_own(info, run.journal, run.processes)]


async def _one_dies(run: Run, alive: Sequence[processes.ProcessInfo], seconds: float) -> bool:
    """Wait until one of the processes is dead. Whether one is, in that time."""
    if seconds <= 0:
        return False
    since = len(run.journal.records)
    watched = {info.identity for info in alive if run.deaths.watch(info.identity)}
    if len(watched) < len(alive):
        return True

    def is_one(record: Record) -> bool:
        return isinstance(record, ProcessDied) and any(
            (record.pid, record.start) == (each.pid, each.start) for each in watched
        )

    what = "what the plugin left running to be done with the files that a sentence is about"
    try:
        await run.journal.wait(is_one, waiting_for=what, seconds=seconds, since=since)
    except DeadlineMissedError:
        return False
    return True


async def _read(run: Run, expected: Sequence[FileLeft]) -> list[LeftFile]:
    return await files.off_loop(
        lambda: [left_file(run, each.path) for each in expected],
        waiting_for="the files that the scenario's sentences are about",
        seconds=_READING_SECONDS,
    )


def left_file(run: Run, path: str) -> LeftFile:
    """The files that fit a path. Blocks."""
    place, _, below = path.partition("/")
    folder = _folder(run, place)
    if folder is None:
        return LeftFile(path=path, found=[], nowhere="no hook of the plugin ran that was told where its data are")
    matches = _matches(folder, below)
    found = [_found(folder, match, place) for match in itertools.islice(matches, MOST_FOUND)]
    return LeftFile(path=path, found=[each for each in found if each is not None], more=sum(1 for _ in matches))


def _folder(run: Run, place: str) -> Path | None:
    sandbox = run.sandbox
    match place:
        case "{project}":
            return sandbox.project
        case "{home}":
            return sandbox.home
    told = (started.env.get(name) for started in run.journal.of(HookStarted) for name in _DATA)
    return next((Path(each) for each in told if each and files.is_inside(Path(each), sandbox.root)), None)


def _matches(folder: Path, below: str) -> Iterator[str]:
    """What fits below a folder, in its order; only `*` stands for something else."""
    escaped = "*".join(glob.escape(part) for part in below.split("*"))
    return iter(sorted(glob.iglob(escaped, root_dir=folder, include_hidden=True)))  # noqa: PTH207


def _found(folder: Path, below: str, place: str) -> FoundFile | None:
    """What is in a file; None where it has gone meanwhile."""
    path = f"{place}/{below}".replace("\\", "/")
    try:
        content = files.read_bytes(folder / below, limit=files.STATE, inside=folder)
    except files.FileError as error:
        return None if error.missing else FoundFile(path=path, unread=error.reason)
    text = files.whole(content.decode("utf-8", "replace"))
    return FoundFile(path=path, text=text[:MOST_KEPT], bytes=len(content), shortened=len(text) > MOST_KEPT)
