"""Copying what is the user's into a run: his plugin, and the repository whose tests are run.

The copy has no link that leads out of it, so that nothing that is written into it, by whomever, is written elsewhere
through one. Modes and times are those of the original: compiled Python that lies beside its source stays valid.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from hookproof.catalogue.tree import Tree, Wrong
from hookproof.files import kind

_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# what has become a FIFO since it was looked at would otherwise be waited for
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _FLAGS
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
_CHUNK = 2**20
_OURS = stat.S_IRWXU


def copy(tree: Tree, target: Path) -> list[Wrong]:
    """Make a copy at `target`, where there must be nothing. What could not be copied is returned."""
    return _Copy(tree, target).make()


class _Copy:
    """One copy in the making."""

    def __init__(self, tree: Tree, target: Path) -> None:
        self._tree = tree
        self._target = target
        self._wrong: list[Wrong] = []

    def make(self) -> list[Wrong]:
        """The whole of it."""
        self._target.mkdir()
        for folder in self._tree.folders:
            (self._target / folder).mkdir()
        for path in self._tree.files:
            self._file(path, path)
        for path, link in self._tree.links.items():
            try:
                os.symlink(link.text, self._target / path, target_is_directory=link.folder)  # noqa: PTH211
            except OSError:  # Windows without the privilege to make links, or a file system without them
                self._content(link.place, path, ())
        for folder in [*reversed(self._tree.folders), Path()]:
            self._copy_mode(folder)
        return self._wrong

    def _file(self, source: Path, to: Path) -> None:
        try:
            reads = os.open(self._tree.root / source, _READ)
        except OSError as error:
            self._fail(source, f"cannot be read: {error.strerror}")
            return
        try:
            status = os.fstat(reads)
            if not stat.S_ISREG(status.st_mode):
                self._fail(source, f"is {kind(status.st_mode)}, which cannot be copied")
                return
            self._fill(reads, status, self._target / to)
        finally:
            os.close(reads)

    @staticmethod
    def _fill(reads: int, status: os.stat_result, target: Path) -> None:
        writes = os.open(target, _WRITE, stat.S_IRUSR | stat.S_IWUSR)
        try:
            # as long as it was when it was opened: somebody may be adding to it without an end
            left = status.st_size
            while left > 0 and (chunk := os.read(reads, min(_CHUNK, left))):
                left -= len(chunk)
                while chunk:
                    chunk = chunk[os.write(writes, chunk) :]
            if sys.platform != "win32":
                os.fchmod(writes, stat.S_IMODE(status.st_mode))
                os.utime(writes, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(writes)
        if sys.platform == "win32":
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _content(self, source: Path, to: Path, through: tuple[Path, ...]) -> None:
        """In the place of a link what it leads to. `through` are the folders that links lead to, which hold it."""
        tree = self._tree
        if source in tree.files:
            self._file(source, to)
            return
        if source in through or to.is_relative_to(source):
            self._fail(to, "is a link to a folder that holds it, and no links can be made here")
            return
        if source not in tree.folders:
            return
        (self._target / to).mkdir()
        for folder in tree.folders:
            if folder != source and folder.is_relative_to(source):
                (self._target / to / folder.relative_to(source)).mkdir()
        for path in tree.files:
            if path.is_relative_to(source):
                self._file(path, to / path.relative_to(source))
        for path, link in tree.links.items():
            if path.is_relative_to(source):
                self._content(link.place, to / path.relative_to(source), (*through, source))

    def _copy_mode(self, folder: Path) -> None:
        """Give a folder its mode and times. It stays ours to write to and to remove."""
        try:
            status = os.lstat(self._tree.root / folder)
        except OSError as error:
            self._fail(folder, f"cannot be read: {error.strerror}")
            return
        target = self._target / folder
        target.chmod(stat.S_IMODE(status.st_mode) | _OURS)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _fail(self, path: Path, what: str) -> None:
        self._wrong.append(Wrong(path, what, "it has changed while it was copied; try again"))
