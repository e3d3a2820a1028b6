"""Reading a companion's state files, as its descriptor says where they are: rows, job files, the shared server.

Evidence only: nothing is written, a torn or corrupt file is told as such, and every root that exists is read, since a
state root that is not where the other half of the plugin looks is itself a finding.
"""

from __future__ import annotations

import asyncio
import glob
import json
from pathlib import Path
from typing import Any

from hookproof.catalogue.descriptor import State
from hookproof.journal import Record
from hookproof.model.script import names_job
from hookproof.stage.world import World

_TORN_SECONDS = 1.0
_AGAIN_SECONDS = 0.01


async def settled_state(world: World, state: State) -> list[Record]:
    """As `read_state`, but a file that is being written is read again until it is whole.

    Plugins write state in place (measured on 1.0.4: torn reads), and a torn read is no evidence of a lost row. There
    is no event for the end of somebody's write, hence the short pauses; what is still torn after a second is damage.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _TORN_SECONDS
    entries = read_state(world, state)
    while any(entry["error"] for entry in entries) and loop.time() < deadline:
        await asyncio.sleep(_AGAIN_SECONDS)
        entries = read_state(world, state)
    return entries


def read_state(world: World, state: State) -> list[Record]:
    """One entry per state root: `{root, rows, job_files, server, error}`."""
    return [_read_root(root, state, world) for root in _roots(world, state)]


def _roots(world: World, state: State) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in state.roots:
        filled = pattern.replace("{home}", glob.escape(str(world.home))).replace("{tmp}", glob.escape(str(world.tmp)))
        found.update(dict.fromkeys(Path(match) for match in sorted(glob.glob(filled))))  # noqa: PTH207
    return list(found)


def _read_root(root: Path, state: State, world: World) -> Record:
    entry: Record = {"root": str(root.relative_to(world.root)), "rows": [], "job_files": [], "server": None}
    table, error = _json(root / state.file)
    rows = table.get(state.rows) if isinstance(table, dict) else None
    entry["rows"] = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    entry["error"] = error
    folder = (root / state.job_file).parent
    if folder.is_dir():
        entry["job_files"] = sorted(path.name for path in folder.iterdir())
    if state.server_file is not None:
        server, torn = _json(root / state.server_file)
        entry["server"] = server if isinstance(server, dict) else None
        entry["error"] = error or torn
    return entry


def _json(path: Path) -> tuple[Any, str | None]:
    try:
        return json.loads(path.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        return None, f"{path.name}: {error}"


def find_row(
    entries: list[Record], state: State, job: str, world: World, *, known: frozenset[str] = frozenset()
) -> Record | None:
    """The row of the job that was launched with `job=NAME` in its prompt, wherever it is.

    The prompt stands in the row itself or in the job's own file. A plugin that keeps it in neither (1.0.4 does not,
    for reviews) is taken at its word when there is just one active row beside those `known` to be of other jobs.
    """
    for entry in entries:
        for row in entry["rows"]:
            file = world.root / entry["root"] / state.job_file.replace("{id}", str(row.get(state.fields.id)))
            if names_job(json.dumps(row), job) or names_job(_text(file), job):
                return dict(row)
    rows = (row for entry in entries for row in entry["rows"])
    active = [row for row in rows if row.get(state.fields.status) in state.words.active]
    others = [row for row in active if str(row.get(state.fields.id)) not in known]
    return dict(others[0]) if len(others) == 1 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
