"""What the plugin tells of its jobs: the rows of its state and of its status answers, in one run. Part of the run view.

Missing is not absent: where rows cannot be read, nobody can tell, and NoEvidenceError says what was looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hookproof.records import Record
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.parts import StateRoot, StatusShape, Words
from hookproof.records.run import Case, Census
from hookproof.rows import DEFAULT_ROWS, Row, RowPath, Spelling, Status, place_of, read_rows, rows_at

_SHOWN = 200


class NoEvidenceError(Exception):
    """What a check would look at cannot be seen: nobody can tell, and `at` is the record that shows it."""

    def __init__(self, detail: str, at: Record) -> None:
        super().__init__(detail)
        self.at = at


class PluginRows:
    """The rows of one run, by the spelling that its header gives."""

    def __init__(self, case: Case) -> None:
        words = case.words or Words()
        shape = case.status or StatusShape(rows=list(DEFAULT_ROWS), fields=case.fields or {}, words=words)
        self._waiting = words.active[0] if len(words.active) > 1 else None
        self._state = Spelling(_given(case.fields or {}), words)
        self._answer = Spelling(_given(shape.fields), shape.words)
        self._shape = shape
        self._paths = list(_parsed(shape.rows))
        self._roots = case.state_roots

    def waits(self, status: Status) -> bool:
        """Whether a job, by its row, has yet to begin: the first of several words for jobs that are not over."""
        return status.active and status.word == self._waiting

    def of_root(self, entry: StateRoot) -> list[Row]:
        """The rows of one state root."""
        names = entry.names or [""] * len(entry.rows)
        return list(read_rows(list(zip(entry.rows, names, strict=False)), self._state))

    def stored(self, seen: SnapshotTaken | Census) -> Iterator[Row]:
        """The rows of every root in a look or a census."""
        for entry in seen.state:
            yield from self.of_root(entry)

    def stored_row(self, seen: SnapshotTaken | Census, job_id: str | None) -> Row | None:
        """The row of a job in a look or a census, in whichever root it is."""
        return next((row for row in self.stored(seen) if row.id == job_id), None)

    def started_row(self, told: dict[str, object], job_id: str | None) -> Row | None:
        """The row that a job's start tells, of a job whose id is known if the row itself does not have it."""
        return next(read_rows([(told, job_id)], self._state), None)

    def answered(self, snapshot: SnapshotTaken, place: str) -> list[Row]:
        """The rows that `status` answered at a place; none where it did not answer in JSON.

        Raises NoEvidenceError for an answer in a form in which no rows can be found.
        """
        asked = snapshot.places.get(place)
        if asked is None or asked.answer is None:
            return []
        rows = rows_at(asked.answer, self._paths, self._answer)
        if rows is None:
            why = f"status in {place} answered in a form in which hookproof finds no jobs"
            said = " ".join(asked.text.split())[:_SHOWN]
            raise NoEvidenceError(f"{why} (it looks at {', '.join(self._shape.rows)}): {said}", snapshot)
        return rows

    def listed_row(self, snapshot: SnapshotTaken, place: str, job_id: str | None) -> Row | None:
        """The row of a job in what `status` answered at a place.

        Raises NoEvidenceError also where the answer has the job at a place at which the descriptor has no rows.
        """
        row = next((row for row in self.answered(snapshot, place) if row.id == job_id), None)
        asked = snapshot.places.get(place)
        if row is None and job_id is not None and asked is not None:
            where = place_of(job_id, asked.answer, self._answer)
            if where is not None:
                why = f"status in {place} has the job at `{where}`, where the plugin's descriptor has no rows"
                raise NoEvidenceError(f"{why} (it looks at {', '.join(self._shape.rows)})", snapshot)
        return row

    def is_listed(self, snapshot: SnapshotTaken, job_id: str | None) -> bool:
        """Whether the job is listed anywhere, as far as the answers can be read."""
        for place in snapshot.places:
            try:
                if self.listed_row(snapshot, place, job_id) is not None:
                    return True
            except NoEvidenceError:
                continue
        return False

    @property
    def looked_in(self) -> str:
        """Where the state was looked for."""
        return f" (looked in {', '.join(self._roots)})" if self._roots else ""


def understood(row: Row | None, at: Record) -> Row | None:
    """The row, if it is known what its status means. Raises NoEvidenceError."""
    if row is None or row.status.means is not None:
        return row
    words = f"says {row.status!r}, which" if row.status else "has no status that"
    raise NoEvidenceError(f"the row of {row.id} {words} the plugin's descriptor has no meaning for", at)


def is_there(entries: Iterable[StateRoot]) -> bool:
    """Whether any root has its list of jobs, or a row: then the state is where the descriptor says."""
    return any(entry.rows or entry.there is not False for entry in entries)


def _given(fields: dict[str, str | None]) -> dict[str, str]:
    return {fact: field for fact, field in fields.items() if field is not None}


def _parsed(paths: list[str]) -> Iterator[RowPath]:
    for path in paths:
        try:
            yield RowPath.parse(path)
        except ValueError:
            continue  # a journal that somebody has written by hand: no rows are found there
