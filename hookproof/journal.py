"""The journal of one run: an append-only JSONL file, and the only thing that judges and reports read.

It is born with the case, takes every record of the model server, the host, the hooks, the processes and the
harness itself in the order in which they became known, and can be waited on: a wait looks at what is already
written first, so that nothing is missed between two waits. Records carry `seq` (1, 2, ...), `at` (milliseconds
since the case began) and `kind`; the other fields depend on the kind.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Predicate = Callable[[Record], bool]


class DeadlineMissedError(Exception):
    """Something that the run waited for did not come. The text names what."""

    def __init__(self, waiting_for: str, seconds: float) -> None:
        super().__init__(f"waited {seconds:g} s for {waiting_for}, which did not come")
        self.waiting_for = waiting_for
        self.seconds = seconds


class Journal:
    """Writes, keeps and waits for records. Belongs to one event loop; other threads use `call_soon_threadsafe`."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.records: list[Record] = []
        self._clock = clock
        self._began = clock()
        self._waiters: list[tuple[Predicate, asyncio.Future[Record]]] = []
        self._observers: list[Callable[[Record], None]] = []
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, kind: str, /, **fields: Any) -> Record:
        """Append one record and wake whoever waits for it. Returns the record as written.

        Whoever follows the journal and fails at a record has failed alone: that is an `error` record after it, and
        this one is written, seen by the others and waited for all the same. So is one that is no JSON.
        """
        at = round((self._clock() - self._began) * 1000, 3)
        record: Record = {"seq": len(self.records) + 1, "at": at, "kind": kind, **fields}
        try:
            line = json.dumps(record, separators=(",", ":"), default=str)
        except (ValueError, TypeError, RecursionError) as error:
            what = f"a record of the kind {kind!r} cannot be written: {type(error).__name__}: {error}"
            return self.write("error", where="journal", what=what)
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
        if record["kind"] == "error" and record.get("where") == "journal":
            return  # it fails at the telling, too
        who = getattr(observe, "__qualname__", repr(observe))
        what = f"{who} failed at record {record['seq']} ({record['kind']}): {type(error).__name__}: {error}"
        self.write("error", where="journal", what=what)

    def observe(self, observer: Callable[[Record], None]) -> None:
        """Call `observer` with every record from now on, before anybody who waits for it is woken."""
        self._observers.append(observer)

    def find(self, predicate: Predicate, *, since: int = 0) -> Record | None:
        """The first record after sequence number `since` that fits, or None."""
        return next((record for record in self.records[since:] if predicate(record)), None)

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


class JournalError(Exception):
    """A journal file that cannot be read. The text says which file and line, and what was expected."""


def read(path: Path) -> list[Record]:
    """Read a journal file back. A torn last line (the run was killed) is left out; any other damage raises."""
    return list(_parse(path))


def _parse(path: Path) -> Iterator[Record]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise JournalError(f"{path}: cannot read the journal: {error.strerror}") from None
    except UnicodeDecodeError:
        raise JournalError(f"{path}: not a journal: expected UTF-8 JSON lines") from None
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            record = json.loads(line)
        except ValueError:
            if number == len(lines):
                return
            raise JournalError(f"{path}:{number}: expected one JSON object a line, found {line[:60]!r}") from None
        if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
            raise JournalError(f'{path}:{number}: expected a record with a "kind", found {line[:60]!r}')
        yield record
