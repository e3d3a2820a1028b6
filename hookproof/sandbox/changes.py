"""Changes of a companion's state files, told as they happen, and a process that stands still at each of its own.

A change is one write to, one truncation, renaming or removal of a file that the descriptor names: the list of jobs, a
job's own file, the file of a shared server. Other files beside them (locks, logs, what is yet to be renamed) are none.

Linux alone has what this takes. inotify tells of each change by name. Its forerunner dnotify knows no names, but sends
a signal of one's choice to a process of one's choice from within the very call that made the change: with SIGSTOP that
process does not take another step, however busy the machine is, until somebody has looked and lets it go on. Used by
`play.faults.hold`; where it cannot be had, `catalogue.fault.FileEvents` leaves the scenario out.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import asyncio
import ctypes
import fcntl
import os
import re
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hookproof.catalogue.descriptor import State
from hookproof.sandbox import inside
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import read_state

_MODIFY, _MOVED_FROM, _MOVED_TO, _DELETE, _ONLYDIR = 0x2, 0x40, 0x80, 0x200, 0x01000000
_CHANGES = _MODIFY | _MOVED_FROM | _MOVED_TO | _DELETE
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
        self._folders: dict[Path, None] = {}
        self._signalling: list[int] = []
        for folder, pattern in _records(sandbox, state):
            self._watch(folder, pattern)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._file, self._readable)

    def look(self) -> int:
        """Take in what has happened by now. How many changes there were."""
        with suppress(BlockingIOError):
            while data := os.read(self._file, 65536):
                self._take(data)
        return self.seen

    def stop_at_each(self, pid: int) -> None:
        """Have the process stopped by whatever it does in the folders of the state, from now on. Raises OSError."""
        for folder in self._folders:
            file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            self._signalling.append(file)
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGSTOP)
            fcntl.fcntl(file, fcntl.F_SETOWN, pid)
            events = fcntl.DN_MODIFY | fcntl.DN_CREATE | fcntl.DN_DELETE | fcntl.DN_RENAME
            fcntl.fcntl(file, fcntl.F_NOTIFY, events | fcntl.DN_MULTISHOT)

    def close(self) -> None:
        """Hear of no more, and stop nobody any more. May be called twice."""
        if self._file < 0:
            return
        self._loop.remove_reader(self._file)
        for file in [self._file, *self._signalling]:
            os.close(file)
        self._file, self._signalling = -1, []

    def _watch(self, folder: Path, pattern: re.Pattern[str]) -> None:
        added = self._libc.inotify_add_watch(self._file, os.fsencode(folder), _CHANGES | _ONLYDIR)
        self._records.setdefault(_checked(added, "inotify_add_watch"), []).append(pattern)
        self._folders[folder] = None

    def _readable(self) -> None:
        before = self.seen
        if self.look() > before:
            self._on_change()

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            watch, _, _, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            name = os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length
            self.seen += any(pattern.fullmatch(name) for pattern in self._records.get(watch, ()))


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
