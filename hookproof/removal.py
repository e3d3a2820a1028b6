"""Removing a directory that a plugin has had: whatever is in its place or in it, and whatever its modes are.

Used for sandboxes (claims.py) and for runs that make room for newer ones (runs.py). No link is followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path


def remove_tree(root: Path, *, last: str | None = None) -> bool:
    """Remove a directory, also what in it cannot be written; whether it is gone.

    The entry named `last` goes last: by it a later start knows what it may still remove.
    """
    for path in _entries(root):
        if path.name != last:
            _remove(path)
    if all(path.name == last for path in _entries(root)):
        _remove(root)
    return not os.path.lexists(root)


def _entries(root: Path) -> list[Path]:
    if not root.is_dir() or root.is_symlink():  # a plugin can put anything in its place
        return []
    try:
        return list(root.iterdir())
    except FileNotFoundError:
        return []
    except OSError:
        _open_up(root)
        return list(root.iterdir()) if root.is_dir() else []


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
            return
    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):
        # Go's module cache is read-only, and so are others
        _open_up(path)
        shutil.rmtree(path, ignore_errors=True)


def _open_up(folder: Path) -> None:
    """Make a directory and all below it such that entries can be removed from them. Links are not followed."""
    waiting = [folder]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(each.lstat().st_mode):
                each.chmod(0o700)
                waiting += [Path(entry) for entry in os.scandir(each) if entry.is_dir(follow_symlinks=False)]
