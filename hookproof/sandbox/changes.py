"""Changes of a companion's state files, told as they happen: how often a record was written or removed.

A record is a file that the descriptor names: the list of jobs, a job's own file, the file of a shared server. Other
files beside them (locks, logs, what is yet to be renamed) are none. The kernel of Linux tells of each change; elsewhere
nothing does at once, and the fault that needs this is left out. Called by `play.faults.hooks`.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from hookproof.catalogue.descriptor import State
from hookproof.sandbox import inside
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import read_state

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _DELETE, _ONLYDIR = 0x8, 0x40, 0x80, 0x200, 0x01000000
_CHANGES = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _DELETE
_HEAD = struct.Struct("iIII")
_NAME = "{id}"


class StateChanges:
    """Counts the changes of the state that there is when it is made. Belongs to an event loop."""

    def __init__(self, sandbox: Sandbox, state: State, on_change: Callable[[], None]) -> None:
        """`on_change` is called after each. Raises OSError."""
        self.seen = 0
        self._on_change = on_change
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "inotify_init1")
        self._records: dict[int, list[re.Pattern[str]]] = {}
        """Watch -> the names of the records in its folder."""
        for folder, pattern in _records(sandbox, state):
            self._watch(folder, pattern)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._file, self.look)

    def look(self) -> int:
        """Take in what has happened by now. How many changes there were."""
        before = self.seen
        try:
            while data := os.read(self._file, 65536):
                self._take(data)
        except BlockingIOError:
            pass
        if self.seen > before:
            self._on_change()
        return self.seen

    def close(self) -> None:
        """Hear of no more. May be called twice."""
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _watch(self, folder: Path, pattern: re.Pattern[str]) -> None:
        watch = _checked(
            self._libc.inotify_add_watch(self._file, os.fsencode(folder), _CHANGES | _ONLYDIR), "inotify_add_watch"
        )
        self._records.setdefault(watch, []).append(pattern)

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            watch, _mask, _cookie, length = _HEAD.unpack_from(data, at)
            name = os.fsdecode(data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0"))
            self.seen += any(pattern.fullmatch(name) for pattern in self._records.get(watch, ()))
            at += _HEAD.size + length


def _records(sandbox: Sandbox, state: State) -> Iterator[tuple[Path, re.Pattern[str]]]:
    """The folders of the records of each state root that there is, and which names in them are records."""
    for entry in read_state(sandbox, state):
        for name in filter(None, (state.file, state.job_file, state.server_file)):
            path = sandbox.root / entry.root / name
            try:
                folder = inside.place(sandbox.root, path.parent)
            except inside.OutsideError:
                continue
            if folder.is_dir():
                yield folder, re.compile(".+".join(map(re.escape, path.name.split(_NAME))))


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
