"""What belongs to the user, before and after: every file with its content, mode and time; and links, planted.

For the tests that show that a checkout is never written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from hookproof import places

State = dict[str, tuple[str, int, int, str]]


def snapshot(*folders: Path) -> State:
    """Kind, mode, time of change and content of all that is in these folders, without following a link."""
    return {str(path): _state(path) for folder in folders for path in [folder, *_below(folder)]}


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        yield from (Path(at, name) for name in [*folders, *files])


def _state(path: Path) -> tuple[str, int, int, str]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "link", status.st_mode, status.st_mtime_ns, str(path.readlink())
    if stat.S_ISREG(status.st_mode):
        return "file", status.st_mode, status.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()
    return "other", status.st_mode, status.st_mtime_ns, ""


def reference(folder: Path, name: str = "companion") -> Path:
    """A copy of a reference plugin in `folder`, with times of its own."""
    root = folder / "plugin"
    shutil.copytree(places.REFERENCE / name, root, ignore=shutil.ignore_patterns("__pycache__"))
    for number, path in enumerate(sorted(root.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18, 10**18 + number))
    return root


def plant(root: Path, place: str, *, outside: bool, absolute: bool) -> Path:
    """Put a link in the place of a file or folder of the plugin in `root`, to what was there. Where that is now."""
    link = root / place
    target = root.parent / "shared" / link.name if outside else link.with_name(f"moved-{link.name}")
    target.parent.mkdir(exist_ok=True)
    link.rename(target)
    link.symlink_to(target if absolute else os.path.relpath(target, link.parent))
    return target
