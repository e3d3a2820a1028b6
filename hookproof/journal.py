"""The journal of one run: an append-only JSONL file, and the only thing that judges and reports read.

It is born with the case, takes every record of the model server, the host, the hooks, the processes and the
harness itself in the order in which they became known, and can be waited on: a wait looks at what is already
written first, so that nothing is missed between two waits. What a record holds its kind says: `hookproof.records`.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hookproof import files, older_journals, records
from hookproof.errors import DeadlineMissedError, HookproofError
from hookproof.records import Record
from hookproof.records.run import Case, Error

JOURNAL = "journal.jsonl"
"""The journal's name in the folder of its case."""
_LATEST = 1e12
"""No run has lasted for thirty years; and this is never true of what is no number."""
Predicate = Callable[[Record], bool]
R = TypeVar("R", bound=Record)


class Journal:
    """Writes, keeps and waits for records. Belongs to one event loop; other threads use `call_soon_threadsafe`."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.records: list[Record] = []
        self._clock = clock
        self._began = clock()
        self._waiters: list[tuple[Predicate, asyncio.Future[Record]]] = []
        self._observers: list[Callable[[Record], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, new: R) -> R | Error:
        """Append one record and wake whoever waits for it. Returns it as written, with its number and its time.

        Whoever follows the journal and fails at a record has failed alone: that is an `error` record after it, and
        this one is written, seen by the others and waited for all the same. So is one that is no JSON.
        """
        at = round((self._clock() - self._began) * 1000, 3)
        record = replace(new, seq=len(self.records) + 1, at=at)
        try:
            line = encoded(record)
        except (ValueError, TypeError, RecursionError) as error:
            what = f"a record of the kind {record.kind!r} cannot be written: {type(error).__name__}: {error}"
            return self.write(Error(where="journal", what=what))
        self.records.append(record)
        self._file.write(line + "\n")
        for observe in self._observers:
            try:
                observe(record)
            except Exception as error:  # of whichever follower, and whatever it is
                self._failed(observe, record, error)
        for predicate, future in self._waiters:
            try:
                if not future.done() and predicate(record):
                    future.set_result(record)
            except Exception as error:  # it is the one who waits that must hear of it
                future.set_exception(error)
        self._waiters = [waiter for waiter in self._waiters if not waiter[1].done()]
        return record

    def _failed(self, observe: Callable[[Record], None], record: Record, error: Exception) -> None:
        if isinstance(record, Error) and record.where == "journal":
            return  # it fails at the telling, too
        who = getattr(observe, "__qualname__", repr(observe))
        what = f"{who} failed at record {record.seq} ({record.kind}): {type(error).__name__}: {error}"
        self.write(Error(where="journal", what=what))

    def observe(self, observer: Callable[[Record], None]) -> None:
        """Call `observer` with every record from now on, before anybody who waits for it is woken."""
        self._observers.append(observer)

    def after(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin `work` once the record at hand is written and everybody has seen it: what an observer does at a record.

        What fails in it is an `error` record. `stop` cancels what still runs.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.write(Error(where="play", what=f"{type(error).__name__}: {error}"))

    async def stop(self) -> None:
        """Cancel what was begun after records and still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def find(self, predicate: Predicate, *, since: int = 0) -> Record | None:
        """The first record after sequence number `since` that fits, or None."""
        return next((record for record in self.records[since:] if predicate(record)), None)

    def of(self, kind: type[R]) -> list[R]:
        """All records of a kind so far."""
        return [record for record in self.records if isinstance(record, kind)]

    async def wait(self, predicate: Predicate, *, waiting_for: str, seconds: float, since: int = 0) -> Record:
        """The first record after `since` that fits, now or later.

        Raises DeadlineMissedError, naming `waiting_for`, after `seconds`.
        """
        found = self.find(predicate, since=since)
        if found is not None:
            return found
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._waiters.append((predicate, future))
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise DeadlineMissedError(waiting_for, seconds) from None

    def close(self) -> None:
        """Close the file. Records stay readable in memory; a late write is dropped by nobody: it raises."""
        self._file.close()


class JournalError(HookproofError):
    """A journal file that cannot be read. The text says which file and line, and what was expected."""


def append_error(path: Path, *, where: str, what: str) -> None:
    """Add an `error` record to a journal that its writer has left. Raises JournalError, OSError."""
    written = read(path)
    if not written:
        raise JournalError(f"{path}: there is no record in it")
    last = written[-1]
    line = encoded(Error(seq=last.seq + 1, at=last.at, where=where, what=what))
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
            file.seek(0, os.SEEK_END)
            if torn:
                # a record that was cut off is none; from here on it would be damage
                file.truncate(path.read_bytes().rfind(b"\n") + 1)
                file.seek(0, os.SEEK_END)
        file.write(line.encode("ascii") + b"\n")


def encoded(record: Record) -> str:
    """One line of a journal, without its end. Raises ValueError, TypeError, RecursionError for what is no JSON."""
    return json.dumps(records.plain(record), separators=(",", ":"), default=records.outward)


def read(path: Path) -> list[Record]:
    """Read a journal file back. A torn last line (the run was killed) is left out; any other damage raises.

    Raises JournalError. A journal of an older format is read as what it would be today; a newer one is refused.
    """
    found: list[Record] = []
    upgrade: older_journals.Upgrade = older_journals.unchanged
    for number, line, values in _parse(path):
        if not found:
            upgrade = _upgrade(path, values)
        now = upgrade(values)
        try:
            found.append(records.decode(now.pop("kind"), now, Record))
        except records.MisfitError as error:
            raise JournalError(f"{path}:{number}: {error}, found {_beginning(line)}") from None
    return found


def _upgrade(path: Path, first: dict[str, Any]) -> older_journals.Upgrade:
    """What makes today's records of those of a journal that begins so."""
    number = first.get("format", 1) if first["kind"] == Case.kind else 1
    if type(number) is not int or number < 1:
        raise JournalError(f'{path}:1: the "case" record: expected the number of a format, found {number!r}')
    if number > records.FORMAT:
        newest = f"this hookproof reads formats up to {records.FORMAT}"
        raise JournalError(f"{path}: a journal of format {number}, which a later hookproof has written; {newest}")
    return older_journals.UPGRADES.get(number, older_journals.unchanged)


def _parse(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    try:
        lines = files.read_bytes(path, limit=files.RECORDED).split(b"\n")
    except files.FileError as error:
        raise JournalError(f"{error}; expected a journal") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = files.parse_json(line, deepest=2 * files.DEEPEST)  # a record holds what others have nested
        except ValueError as error:
            if number == len(lines):
                return
            raise JournalError(f"{path}:{number}: expected one JSON object a line: {error}") from None
        wrong = _misfit(record)
        if wrong is not None:
            raise JournalError(f"{path}:{number}: expected a record with {wrong}, found {_beginning(line)}")
        yield number, line, record


def _misfit(record: Any) -> str | None:
    """What a line lacks that every record has; None when it is a record."""
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        return 'a "kind"'
    if type(record.get("seq")) is not int:
        return 'a whole number "seq"'
    at = record.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not abs(at) < _LATEST:
        return 'a number "at", in milliseconds'
    return None


def _beginning(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))
