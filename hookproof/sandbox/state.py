"""Reading a companion's state files, as its descriptor says where they are: rows, job files, the shared server.

Evidence only: nothing is written, a torn or corrupt file is told as such, and every root that exists is read, since a
state root that is not where the other half of the plugin looks is itself a finding.
"""

from __future__ import annotations

import asyncio
import glob
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Protocol

from hookproof import files
from hookproof.catalogue.descriptor import State, has_wildcard
from hookproof.catalogue.spelling import state_spelling
from hookproof.journal import Journal
from hookproof.model.script import names_job
from hookproof.records.parts import StateRoot
from hookproof.records.run import Error
from hookproof.rows import Row, RowPath, Slot, Spelling, read_rows
from hookproof.sandbox.sandbox import Sandbox

_AGAIN_SECONDS = 0.01
_LONGEST_SECONDS = 30.0
_MOST_FILES = 10_000


class Moves(Protocol):
    """What watches for a while whether anything in the run still moves."""

    async def __call__(self) -> str | None:
        """What moves, or None."""


async def state_at_rest(
    sandbox: Sandbox, state: State, journal: Journal, moves: Moves, *, seconds: float
) -> list[StateRoot]:
    """As `read_state`, but a file that is being written is read again until it is whole.

    Plugins write state in place (measured on 1.0.4: torn reads), and a torn read is no evidence of a lost row. There
    is no event for the end of somebody's write, hence the short pauses; what is still torn when nothing moves is
    damage. Whether it is nobody can tell where something still moves after `seconds`: that is an error of the run, and
    so is, told once, a file that nobody can read. What it says is unknown, and not nothing.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    entries = await _off_loop(sandbox, state)
    while _torn(entries):
        watching = asyncio.ensure_future(moves())
        try:
            while _torn(entries) and not watching.done():
                await asyncio.wait([watching], timeout=_AGAIN_SECONDS)
                entries = await _off_loop(sandbox, state)
            if not watching.done() or watching.result() is None:
                break
        finally:
            watching.cancel()
        if loop.time() > deadline:
            what = f"a state file is torn, and may be in the middle of being written: {watching.result()}"
            journal.write(Error(where="state", what=what))
            break
    for entry in entries:
        if entry.unread:
            what = f"{entry.root}: {entry.unread}"
            if not any(error.what == what for error in journal.of(Error)):
                journal.write(Error(where="state", what=what))
    return entries


def _torn(entries: list[StateRoot]) -> bool:
    return any(entry.error and not entry.unread for entry in entries)


async def _off_loop(sandbox: Sandbox, state: State) -> list[StateRoot]:
    return await files.off_loop(
        lambda: read_state(sandbox, state), waiting_for="the plugin's state files", seconds=_LONGEST_SECONDS
    )


def read_state(sandbox: Sandbox, state: State) -> list[StateRoot]:
    """One entry per state root. Reads files of the plugin's: blocks.

    `unread` is set where a file is a FIFO, too large, nested too deep, or a link that leads out.
    """
    return [_read_root(root, state, sandbox) for root in _roots(sandbox, state)]


def _roots(sandbox: Sandbox, state: State) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in state.roots:
        filled = pattern.replace("{home}", glob.escape(str(sandbox.home))).replace(
            "{tmp}", glob.escape(str(sandbox.tmp))
        )
        found.update(dict.fromkeys(Path(match) for match in sorted(glob.glob(filled))))  # noqa: PTH207
    return list(found)


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file in which rows stand: the list of a root, or the file of one row."""

    path: Path
    name: str | None = None
    """What its row is called by the file, where each row is a file of its own."""

    def slots(self, value: list[Any], state: State) -> Iterator[tuple[Slot, str | None]]:
        """The rows in what the file holds, each with what it is called. `value` is in a box, so that it can change."""
        for slot in _row_path(state).slots(value):
            if isinstance(slot.value, dict):
                yield slot, slot.name or self.name

    def has_rows(self, value: Any, state: State) -> bool:
        """Whether what the file holds has the place of rows in it."""
        return value is not None and _row_path(state).is_there(value)


def _row_path(state: State) -> RowPath:
    return RowPath.parse("." if state.one_file_each else state.rows)


def row_files(root: Path, state: State) -> list[RowFile]:
    """The files of a root in which rows stand. A list need not be there yet. Blocks."""
    if not state.one_file_each:
        return [RowFile(root / state.file)]
    matches = glob.iglob(state.file.replace("{id}", "*"), root_dir=root)  # noqa: PTH207
    paths = sorted(PurePath(match) for match in itertools.islice(matches, _MOST_FILES))
    return [RowFile(root / path, _name_of(path, state)) for path in paths if not (root / path).is_dir()]


def _name_of(path: PurePath, state: State) -> str | None:
    """What a row is called by its file: what stands for `{id}`, else the file's name where that is what differs."""
    pattern = PurePosixPath(state.file)
    if "{id}" not in state.file:
        return path.stem if has_wildcard(pattern.name) else None
    part, whole = next((part, whole) for part, whole in zip(pattern.parts, path.parts, strict=True) if "{id}" in part)
    before, _, after = part.partition("{id}")
    return whole[len(before) : len(whole) - len(after)]


def _read_root(root: Path, state: State, sandbox: Sandbox) -> StateRoot:
    name = str(root.relative_to(sandbox.root))
    if not files.is_inside(root, sandbox.root):
        reason = f"leads out of the run, to {os.path.realpath(root)}; it is not followed"
        return StateRoot(root=name, rows=[], job_files=[], server=None, error=reason, unread=reason)
    among = row_files(root, state)
    found = [(file, *_json(file.path, sandbox)) for file in among]
    rows = [(slot.value, called) for file, value, *_ in found for slot, called in file.slots([value], state)]
    wrong, hidden = [each[2] for each in found], [each[3] for each in found]
    server = None
    if state.server_file is not None:
        server, torn, unread = _json(root / state.server_file, sandbox)
        wrong, hidden = [*wrong, torn], [*hidden, unread]
    return StateRoot(
        root=name,
        rows=[row for row, _ in rows],
        there=any(error or file.has_rows(value, state) for file, value, error, _ in found),
        names=[called or "" for _, called in rows] if any(called for _, called in rows) else [],
        job_files=sorted(file.path.name for file in among) if state.one_file_each else _job_files(root, state, sandbox),
        server=server if isinstance(server, dict) else None,
        error=next(filter(None, wrong), None),
        unread=next(filter(None, hidden), None),
        torn=next((error for _, _, error, unread in found if error and not unread), None),
    )


def _job_files(root: Path, state: State, sandbox: Sandbox) -> list[str]:
    folder = (root / state.job_file).parent if state.job_file is not None else None
    if folder is None or not folder.is_dir() or not files.is_inside(folder, sandbox.root):
        return []
    return sorted(each.name for each in itertools.islice(folder.iterdir(), _MOST_FILES))


def _json(path: Path, sandbox: Sandbox) -> tuple[Any, str | None, str | None]:
    """What a file holds; what is wrong with it; and the same again where nobody can know what it holds."""
    try:
        return files.read_json(path, limit=files.STATE, inside=sandbox.root), None, None
    except files.FileError as error:
        wrong = None if error.missing else f"{path.name} {error.reason}"
        return None, wrong, None if error.damaged else wrong


def rows_of(entry: StateRoot, spelling: Spelling) -> list[Row]:
    """The rows of a state root."""
    names = entry.names or [""] * len(entry.rows)
    return list(read_rows(list(zip(entry.rows, names, strict=False)), spelling))


def find_row(
    entries: list[StateRoot], state: State, job: str, sandbox: Sandbox, *, known: frozenset[str] = frozenset()
) -> Row | None:
    """The row of the job that was launched with `job=NAME` in its prompt, wherever it is.

    The prompt stands in the row itself or in the job's own file. A plugin that keeps it in neither (1.0.4 does not,
    for reviews) is taken at its word when there is just one active row beside those `known` to be of other jobs.
    """
    spelling = state_spelling(state)
    rows = [(entry, row) for entry in entries for row in rows_of(entry, spelling)]
    for entry, row in rows:
        if names_job(json.dumps(row.told), job) or names_job(_own_file(entry, row, state, sandbox), job):
            return row
    others = [row for _, row in rows if row.status.active and row.id not in known]
    return others[0] if len(others) == 1 else None


def _own_file(entry: StateRoot, row: Row, state: State, sandbox: Sandbox) -> str:
    if state.job_file is None:
        return ""
    path = sandbox.root / entry.root / state.job_file.replace("{id}", row.id)
    try:
        return files.read_text(path, limit=files.STATE, inside=sandbox.root, lossy=True)
    except files.FileError:
        return ""
