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
from pathlib import Path
from typing import Any, Protocol

from hookproof import files
from hookproof.catalogue.descriptor import State
from hookproof.journal import Journal
from hookproof.model.script import names_job
from hookproof.records.base import Json
from hookproof.records.parts import StateRoot
from hookproof.records.run import Error
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


def _read_root(root: Path, state: State, sandbox: Sandbox) -> StateRoot:
    name = str(root.relative_to(sandbox.root))
    if not files.is_inside(root, sandbox.root):
        reason = f"leads out of the run, to {os.path.realpath(root)}; it is not followed"
        return StateRoot(root=name, rows=[], job_files=[], server=None, error=reason, unread=reason)
    table, error, unread = _json(root / state.file, sandbox)
    damaged = None if unread else error
    rows = table.get(state.rows) if isinstance(table, dict) else None
    job_files, server = [], None
    folder = (root / state.job_file).parent
    if folder.is_dir() and files.is_inside(folder, sandbox.root):
        job_files = sorted(each.name for each in itertools.islice(folder.iterdir(), _MOST_FILES))
    if state.server_file is not None:
        server, torn, hidden = _json(root / state.server_file, sandbox)
        error, unread = error or torn, unread or hidden
    return StateRoot(
        root=name,
        rows=[row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [],
        job_files=job_files,
        server=server if isinstance(server, dict) else None,
        error=error,
        unread=unread,
        torn=damaged,
    )


def _json(path: Path, sandbox: Sandbox) -> tuple[Any, str | None, str | None]:
    """What a file holds; what is wrong with it; and the same again where nobody can know what it holds."""
    try:
        return files.read_json(path, limit=files.STATE, inside=sandbox.root), None, None
    except files.FileError as error:
        wrong = None if error.missing else f"{path.name} {error.reason}"
        return None, wrong, None if error.damaged else wrong


def find_row(
    entries: list[StateRoot], state: State, job: str, sandbox: Sandbox, *, known: frozenset[str] = frozenset()
) -> Json | None:
    """The row of the job that was launched with `job=NAME` in its prompt, wherever it is.

    The prompt stands in the row itself or in the job's own file. A plugin that keeps it in neither (1.0.4 does not,
    for reviews) is taken at its word when there is just one active row beside those `known` to be of other jobs.
    """
    for entry in entries:
        for row in entry.rows:
            file = sandbox.root / entry.root / state.job_file.replace("{id}", str(row.get(state.fields.id)))
            if names_job(json.dumps(row), job) or names_job(_text(file, sandbox), job):
                return dict(row)
    rows = (row for entry in entries for row in entry.rows)
    active = [row for row in rows if row.get(state.fields.status) in state.words.active]
    others = [row for row in active if str(row.get(state.fields.id)) not in known]
    return dict(others[0]) if len(others) == 1 else None


def _text(path: Path, sandbox: Sandbox) -> str:
    try:
        return files.read_text(path, limit=files.STATE, inside=sandbox.root, lossy=True)
    except files.FileError:
        return ""
