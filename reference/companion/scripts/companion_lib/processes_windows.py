"""Processes on Windows: a handle tells when one began, taskkill ends what is below a pid that is still the same."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import threading
from ctypes import wintypes

assert sys.platform == "win32"

QUERY_LIMITED_INFORMATION, SYNCHRONIZE = 0x1000, 0x100000
ACQUIRED, ABANDONED = 0x0, 0x80  # the second: its last holder died with it
LARGEST_PID = 0xFFFFFFFF
DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP


def start_time(pid: object, *, zombies: bool = False) -> str | None:  # noqa: ARG001 - nobody has to be reaped here
    """When the process began, as a FILETIME in digits; None if none lives under that pid. An ended one does not."""
    if not isinstance(pid, int) or not 0 < pid <= LARGEST_PID:
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
    """Held by one process at a time, gone with its holder. Waiting has a deadline.

    A mutex named after the file: msvcrt.locking asks once a second, which eight launches at once do not all outlast.
    """

    def __init__(self, path: str, seconds: float = 20.0) -> None:
        self._path, self._seconds = path, seconds

    def __enter__(self) -> None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateMutexW.restype = wintypes.HANDLE
        name = os.path.normcase(os.path.realpath(self._path)).replace("\\", "/")
        handle = kernel.CreateMutexW(None, False, f"Global\\{name[-200:]}")
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())
        self._mutex = wintypes.HANDLE(handle)
        if kernel.WaitForSingleObject(self._mutex, int(self._seconds * 1000)) not in (ACQUIRED, ABANDONED):
            kernel.CloseHandle(self._mutex)
            raise TimeoutError(f"waited {self._seconds:g} s for {self._path}, which another process holds")

    def __exit__(self, *_: object) -> None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.ReleaseMutex(self._mutex)
        kernel.CloseHandle(self._mutex)
