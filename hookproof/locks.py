"""A lock on a file, which its holder's end takes off, however it ends.

So that nobody has to guess from a pid whether the holder lives: the kernel knows. One system call on either platform;
the packages that wrap it bring guards around fork that end the children of whoever forks at the wrong moment.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Lock:
    """A lock that is held. It is taken off by `close`, and by the end of this process."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle: int | None = handle

    def close(self, *, remove: bool = False) -> None:
        """Let go; with `remove` the file goes too. May be called twice."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if remove and sys.platform != "win32":  # while it is held, so that nobody takes a file that is about to go
            self.path.unlink(missing_ok=True)
        os.close(handle)
        if remove and sys.platform == "win32":
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def try_lock(path: Path) -> Lock | None:
    """Lock the file at `path`, which is made if it is not there. None when somebody holds it. Raises OSError."""
    while True:
        handle = os.open(path, _FLAGS, 0o600)
        try:
            taken = _take(handle)
            if taken and _is(handle, path):
                return Lock(path, handle)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if not taken:
            return None
        # between the opening and the taking somebody has removed it: that was another file


def wait_lock(path: Path, *, shared: bool) -> Lock:
    """Lock the file at `path`, once nobody holds it; `shared`: with others who share it. Raises OSError."""
    while True:
        handle = os.open(path, _FLAGS, 0o600)
        try:
            _wait(handle, shared=shared)
            if _is(handle, path):
                return Lock(path, handle)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))  # noqa: PTH116
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait(handle: int, *, shared: bool) -> None:
        import ctypes  # noqa: PLC0415 - msvcrt has no lock that is shared
        from ctypes import wintypes  # noqa: PLC0415

        # an OVERLAPPED that says "from the beginning": internal, internal high, offset, offset high, event
        where = (ctypes.c_void_p * 4)()
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.LockFileEx.argtypes = [wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.c_void_p]
        if not kernel.LockFileEx(msvcrt.get_osfhandle(handle), 0 if shared else _EXCLUSIVE, 0, 1, 0, where):
            raise ctypes.WinError(ctypes.get_last_error())

    _EXCLUSIVE = 2

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(handle: int, *, shared: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
