"""Edits a companion's state files to damage them. Called by the faults, which record it.

Everything is replaced whole, so that no reader sees our own half-written file; only `tear` leaves one. The files are
the plugin's, and its hooks may have put links in their place: nothing is written through one.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.descriptor import State
from hookproof.records.base import Json
from hookproof.records.parts import TornFile
from hookproof.sandbox import inside
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import read_state

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


class NoSuchRowError(Exception):
    """The state files do not hold what is to be changed, or cannot be changed. One sentence."""


class StateFiles:
    """The state files of one run, to be changed."""

    def __init__(self, sandbox: Sandbox, state: State) -> None:
        self._sandbox = sandbox
        self._state = state

    def change_row(self, job_id: str, change: Callable[[Json], Json]) -> None:
        """Change the row of a job in the list, and the job's own file likewise. Raises NoSuchRowError."""
        root, table, rows = self._list_with(job_id)
        table[self._state.rows] = [change(row) if self._id(row) == job_id else row for row in rows]
        self._write(root / self._state.file, table)
        own = self._job_file(root, job_id)
        if isinstance(record := self._read(own), dict):
            self._write(own, change(record))

    def add_row(self, template: str, rename: Callable[[str], str], change: Callable[[Json], Json]) -> None:
        """Add a job that is like another one but for its names and what `change` says of it. Raises NoSuchRowError."""
        root, table, rows = self._list_with(template)
        row = change(json.loads(rename(json.dumps(next(row for row in rows if self._id(row) == template)))))
        own = self._read(self._job_file(root, template))
        if isinstance(own, dict):
            self._write(self._job_file(root, str(self._id(row))), change(json.loads(rename(json.dumps(own)))))
        table[self._state.rows] = [row, *rows]
        self._write(root / self._state.file, table)

    def fill(self, template: str, count: int) -> None:
        """Add `count` jobs that are over, all younger than the one that they are like. Raises NoSuchRowError."""
        root, table, rows = self._list_with(template)
        model = next(row for row in rows if self._id(row) == template)
        table[self._state.rows] = [self._over(model, number) for number in range(count, 0, -1)] + rows
        self._write(root / self._state.file, table)

    def _over(self, row: Json, number: int) -> Json:
        fields, words = self._state.fields, self._state.words
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        aged = {key: now if isinstance(value, str) and _STAMP.fullmatch(value) else value for key, value in row.items()}
        return aged | {
            fields.id: f"{row[fields.id]}-{number:03d}",
            fields.status: words.succeeded[0],
            fields.pid: None,
        }

    def tear(self) -> list[TornFile]:
        """Cut every list of jobs in half, as a writer leaves it that was killed.

        Raises NoSuchRowError for one that is no file of the run's.
        """
        torn: dict[Path, TornFile] = {}
        for entry in read_state(self._sandbox, self._state):
            path = self._sandbox.root / entry.root / self._state.file
            try:
                real = inside.place(self._sandbox.root, path)
                whole = files.read_bytes(real, limit=files.STATE, inside=self._sandbox.root)
            except (inside.OutsideError, files.FileError) as error:
                if isinstance(error, files.FileError) and error.missing:
                    continue
                raise NoSuchRowError(str(error)) from None
            if real not in torn:
                # not in place: the file may have a second name, outside of the run
                self._put(real, whole[: len(whole) // 2])
                name = path.relative_to(self._sandbox.root).as_posix()
                torn[real] = TornFile(file=name, bytes=len(whole), left=len(whole) // 2)
        return list(torn.values())

    def server(self) -> tuple[Path, Json] | None:
        """The file that says where a shared server is, and what it says; None where there is none."""
        if self._state.server_file is None:
            return None
        for entry in read_state(self._sandbox, self._state):
            if entry.server is not None:
                return self._sandbox.root / entry.root / self._state.server_file, entry.server
        return None

    def change_server(self, **fields: Any) -> bool:
        """Change what is said of the shared server. False where there is none."""
        found = self.server()
        if found is None:
            return False
        self._write(found[0], found[1] | fields)
        return True

    def _list_with(self, job_id: str) -> tuple[Path, Json, list[Json]]:
        for entry in read_state(self._sandbox, self._state):
            root = self._sandbox.root / entry.root
            if any(self._id(row) == job_id for row in entry.rows):
                table = self._table(root / self._state.file)
                return root, table, table[self._state.rows]
        raise NoSuchRowError(f"no list of jobs below {', '.join(self._state.roots)} has the job {job_id!r}")

    def _job_file(self, root: Path, job_id: str) -> Path:
        return root / self._state.job_file.replace("{id}", job_id)

    def _id(self, row: Json) -> Any:
        return row.get(self._state.fields.id)

    def _table(self, path: Path) -> Json:
        """A list of jobs that has just been read, once more. Raises NoSuchRowError."""
        try:
            table = files.read_json(path, limit=files.STATE, inside=self._sandbox.root)
        except files.FileError as error:
            raise NoSuchRowError(str(error)) from None
        rows = table.get(self._state.rows) if isinstance(table, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise NoSuchRowError(f"{path}: expected a list of objects under {self._state.rows!r}")
        return dict(table)

    def _read(self, path: Path) -> Any:
        try:
            return files.read_json(path, limit=files.STATE, inside=self._sandbox.root)
        except files.FileError:
            return None

    def _write(self, path: Path, content: Any) -> None:
        self._put(path, json.dumps(content, indent=2).encode("utf-8"))

    def _put(self, path: Path, content: bytes) -> None:
        """Raises NoSuchRowError where the file would not be the run's."""
        try:
            inside.write(self._sandbox.root, path, content)
        except inside.OutsideError as error:
            raise NoSuchRowError(str(error)) from None
