"""Processes on Windows: a handle tells when one began, taskkill ends what is below a pid that is still the same."""

from __future__ import annotations

import contextlib
import ctypes
import msvcrt
import os
import shutil
import subprocess
import sys
import threading
from ctypes import wintypes

assert sys.platform == "win32"

QUERY_LIMITED_INFORMATION, SYNCHRONIZE = 0x1000, 0x100000
DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP


def start_time(pid: object) -> str | None:
    """When the process began, as a FILETIME in digits; None if none lives under that pid. An ended one does not."""
    if not isinstance(pid, int):
        return None
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(QUERY_LIMITED_INFORMATION | SYNCHRONIZE, False, pid)
    if not handle:
        return None
    try:
        ended = kernel.WaitForSingleObject(wintypes.HANDLE(handle), 0) == 0
        times = [wintypes.FILETIME() for _ in range(4)]
        known = kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times))
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))
    return None if ended or not known else str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)


class Child:
    """A process started here: the pipe to it, the pipe from it, and its end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.pid = process.pid
        self.stdin = process.stdin
        self.stdout = process.stdout
        self._process = process

    def speaks(self, within: float = 10.0) -> bool:
        """Wait for its first line; False if it closes its stdout without one, or takes longer."""
        said: list[bytes] = []
        listener = threading.Thread(target=lambda: said.append(self.stdout.readline()), daemon=True)
        listener.start()
        listener.join(within)
        return any(said)

    def close(self) -> None:
        """Its stdin ends, which is its cue to go; two seconds later it is ended."""
        for stream in (self.stdin, self.stdout):
            try:
                stream.close()
            except OSError:  # it went without reading all
                continue
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            _taskkill(self.pid)
            self._process.wait(2)


def start(argv: list[str], environment: dict[str, str], log: str, *, detached: bool = False) -> Child:
    """Start a program with pipes, its stderr in the log. A detached one has no console and a group of its own."""
    with open(log, "ab") as stderr:
        process = subprocess.Popen(
            [shutil.which(argv[0]) or argv[0], *argv[1:]],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            creationflags=DETACHED if detached else 0,
        )
    return Child(process)


def _taskkill(pid: int) -> None:
    subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], capture_output=True, check=False, timeout=5)


def end_group(pid: object) -> None:
    """What 1.0.4 does: the tree below whoever has the pid by now."""
    if isinstance(pid, int) and pid > 0:
        _taskkill(pid)


def end_tree(mark: str, pid: object, began: object, *, gently: bool = True) -> None:  # noqa: ARG001 - see Linux
    """End the leader and all below it, if it is still the one that began then. Marks cannot be read here."""
    if isinstance(pid, int) and began is not None and start_time(pid) == began:
        _taskkill(pid)


def remove(path: str) -> None:
    """Windows refuses while somebody holds the file open, be it a reader of the log; then it stays where it is."""
    with contextlib.suppress(PermissionError):
        os.unlink(path)


def replace(new: str, old: str) -> None:
    """Whoever reads the old file without our lock makes Windows refuse; then it is rewritten where it stands."""
    try:
        os.replace(new, old)
    except PermissionError:
        shutil.copyfile(new, old)


class Lock:
    """Held by one process at a time, gone with its holder. Waiting has a deadline: msvcrt gives up after 10 seconds."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            msvcrt.locking(self._file, msvcrt.LK_LOCK, 1)
        except OSError:
            raise TimeoutError(f"waited 10 s for {self._path}, which another process holds") from None

    def __exit__(self, *_: object) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        msvcrt.locking(self._file, msvcrt.LK_UNLCK, 1)
        os.close(self._file)
