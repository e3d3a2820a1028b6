"""Edits a companion's state files to damage them. Called by the faults, which record it.

Everything is replaced whole, so that no reader sees our own half-written file; only `tear` leaves one. The files are
the plugin's, and its hooks may have put links in their place: nothing is written through one.
"""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.descriptor import State
from hookproof.catalogue.spelling import saying, state_spelling
from hookproof.records.base import Json
from hookproof.records.parts import TornFile
from hookproof.rows import Slot, with_value
from hookproof.sandbox import inside
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import RowFile, read_state, row_files

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_DAY_SECONDS = 86_400
"""A number that is a time of less than a day ago is a stamp of the run's: no count and no size is that large."""


class NoSuchRowError(Exception):
    """The state files do not hold what is to be changed, or cannot be changed. One sentence."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A row in the file that it stands in."""

    root: Path
    file: RowFile
    box: list[Any]
    """What the file holds, in a box: the row is changed in there."""
    slot: Slot


class StateFiles:
    """The state files of one run, to be changed."""

    def __init__(self, sandbox: Sandbox, state: State) -> None:
        self._sandbox = sandbox
        self._state = state
        self._spelling = state_spelling(state)

    def change_row(self, job_id: str, change: Callable[[Json], Json]) -> None:
        """Change the row of a job, and the job's own file likewise where it has one. Raises NoSuchRowError."""
        found = self._find(job_id)
        found.slot.put(change(found.slot.value))
        self._write(found.file.path, found.box[0])
        own = self._own_file(found.root, job_id)
        if own is not None and isinstance(record := self._read(own), dict):
            self._write(own, change(record))

    def add_row(self, template: str, job_id: str, rename: Callable[[str], str], change: Callable[[Json], Json]) -> None:
        """Add a job that is like another one but for its names and what `change` says of it. Raises NoSuchRowError.

        `rename` is what becomes of each text of the other's row.
        """
        found = self._find(template)

        def changed(row: Json) -> Json:
            return change(self._named(_with_texts(row, rename), template, job_id))

        row = changed(found.slot.value)
        own, new = self._own_file(found.root, template), self._own_file(found.root, job_id)
        if own is not None and new is not None and isinstance(record := self._read(own), dict):
            self._write(new, changed(record))
        self._add(found, {job_id: row}, template)

    def fill(self, template: str, count: int, clean: Callable[[Json], Json]) -> None:
        """Add `count` jobs that are over, all younger than the one that they are like. Raises NoSuchRowError.

        `clean` takes from a copied row what is the running job's own.
        """
        found = self._find(template)
        over = saying(self._state, clean(found.slot.value), "succeeded")
        over = with_value(_as_of_now(over), self._state.fields.pid, None)
        jobs = [f"{template}-{number:03d}" for number in range(1, count + 1)]
        self._add(found, {job: self._named(over, template, job) for job in jobs}, template)

    def _named(self, row: Json, template: str, job_id: str) -> Json:
        """A row of another job, under a new id."""
        own = self._spelling.get(row, "id")
        return with_value(row, self._state.fields.id, job_id) if own is not None and str(own) == template else row

    def _add(self, like: _Found, rows: dict[str, Json], template: str) -> None:
        """Put rows, by their jobs' ids, where the one of another job stands. Raises NoSuchRowError."""
        if self._state.one_file_each:
            for job_id, row in rows.items():
                self._write(self._file_like(like, template, job_id), row)
            return
        if not all(like.slot.add(row, job_id) for job_id, row in rows.items()):
            raise NoSuchRowError(f"{like.file.path}: has room for one job only")
        self._write(like.file.path, like.box[0])

    @staticmethod
    def _file_like(like: _Found, template: str, job_id: str) -> Path:
        """The file of a new job's row, called as that of another job is."""
        path = like.file.path.relative_to(like.root)
        named = Path(*(part.replace(template, job_id) for part in path.parts))
        # a file whose name has nothing of the id in it
        return like.root / (named if named != path else path.with_name(f"{path.stem}-{job_id}{path.suffix}"))

    def tear(self) -> list[TornFile]:
        """Cut every list of jobs in half, as a writer leaves it that was killed.

        Raises NoSuchRowError for one that is no file of the run's.
        """
        torn: dict[Path, TornFile] = {}
        for path in self._row_files():
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

    def _row_files(self) -> Iterator[Path]:
        for entry in read_state(self._sandbox, self._state):
            for file in row_files(self._sandbox.root / entry.root, self._state):
                yield file.path

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

    def _find(self, job_id: str) -> _Found:
        """The row of a job that is there now. Raises NoSuchRowError."""
        wrong: list[str] = []
        for entry in read_state(self._sandbox, self._state):
            root = self._sandbox.root / entry.root
            for file in row_files(root, self._state):
                try:
                    box = [files.read_json(file.path, limit=files.STATE, inside=self._sandbox.root)]
                except files.FileError as error:
                    wrong += [] if error.missing else [str(error)]
                    continue
                for slot, called in file.slots(box, self._state):
                    if self._spelling.id(slot.value, called) == job_id:
                        return _Found(root, file, box, slot)
        if wrong:
            raise NoSuchRowError(wrong[0])
        raise NoSuchRowError(f"no list of jobs below {', '.join(self._state.roots)} has the job {job_id!r}")

    def _own_file(self, root: Path, job_id: str) -> Path | None:
        """What a job has in a file of its own beside its row."""
        name = self._state.job_file
        return root / name.replace("{id}", job_id) if name is not None else None

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


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A value with every text in it changed, its keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_with_texts(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): _with_texts(each, change) for key, each in value.items()}
    return value


def _as_of_now(value: Any) -> Any:
    """A value with every stamp in it set to now, whether it is a text, in seconds or in milliseconds."""
    now = time.time()
    if isinstance(value, str) and _STAMP.fullmatch(value):
        stamp = datetime.datetime.fromtimestamp(now, datetime.UTC)
        return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, int | float) and not isinstance(value, bool):
        for unit in (1, 1000):
            if 0 <= now - value / unit < _DAY_SECONDS:
                return type(value)(now * unit)
    if isinstance(value, list):
        return [_as_of_now(each) for each in value]
    if isinstance(value, dict):
        return {key: _as_of_now(each) for key, each in value.items()}
    return value
