"""A plugin's folder, or a repository, as it may be copied: what is in it, and where its links lead.

Names and kinds are read, and no file is opened. A link is followed as far as it stays in the folder, spelled relative
or absolute; one that leads out, or in a circle, is told and never followed, and so is what cannot be copied at all.
Folders that are ignored are not looked into, unless a link leads there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hookproof.files import kind

IGNORED = frozenset({".git", "node_modules", ".venv"})
"""What no copy of a plugin has."""

_NAME_SURROGATE = 0x20000000
"""The bit of a Windows reparse tag that says: stands for another place (links, junctions; not files in a cloud)."""
_CANNOT_RESOLVE = 1921
"""Windows' error for links that lead in a circle."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that stays in the folder."""

    text: str
    """What a copy of the link says: it leads to the same place of the copy."""
    place: Path
    """Where it leads, relative to the folder. There may be nothing."""
    folder: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that cannot be copied. `what` is the rest of the sentence that begins with the path."""

    path: Path
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()} {self.what}"


@dataclass(frozen=True, slots=True)
class Tree:
    """What a folder holds, relative to it. `root` has no link in its own path."""

    root: Path
    folders: list[Path] = field(default_factory=list)
    """Parents first; without the folder itself."""
    files: list[Path] = field(default_factory=list)
    links: dict[Path, Link] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)


def survey(root: Path, *, whole: str = "plugin", ignored: frozenset[str] = IGNORED) -> Tree:
    """What is in the folder `root`, which is called the `whole` in sentences. `root` itself may be a link."""
    return _Survey(Path(os.path.realpath(root)), whole, ignored).tree()


def is_link(status: os.stat_result) -> bool:
    """Whether what was looked at without following stands for another place: a link, on Windows also a junction."""
    return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0) & _NAME_SURROGATE)


class _Survey:
    """The walk through a folder; one use."""

    def __init__(self, root: Path, whole: str, ignored: frozenset[str]) -> None:
        self._root = root
        self._whole = whole
        self._ignored = {os.path.normcase(name) for name in ignored}
        self._walked: set[Path] = set()
        self._folders: set[Path] = set()
        self._files: set[Path] = set()
        self._links: dict[Path, Link] = {}
        self._wrong: list[Wrong] = []
        self._also: list[Path] = []
        """Places in ignored folders that a link leads to."""

    def tree(self) -> Tree:
        """Walk, and say what was found."""
        self._walk(Path())
        while self._also:
            self._add(self._also.pop())
        return Tree(
            root=self._root,
            folders=sorted(self._folders - {Path()}),
            files=sorted(self._files),
            links=dict(sorted(self._links.items())),
            wrong=sorted(self._wrong, key=lambda wrong: wrong.path),
        )

    def _walk(self, start: Path) -> None:
        waiting = [start]
        while waiting:
            at = waiting.pop()
            if at in self._walked:
                continue
            self._walked.add(at)
            self._folders.add(at)
            try:
                with os.scandir(self._root / at) as entries:
                    names = sorted(entry.name for entry in entries)
            except OSError as error:
                self._unreadable(at, error)
                continue
            wanted = [at / name for name in names if not self._is_ignored([name])]
            waiting += [path for path in wanted if self._note(path)]

    def _note(self, path: Path) -> bool:
        """Note what lies at `path`. Whether it is a folder, and still to be walked."""
        try:
            status = os.lstat(self._root / path)
            if is_link(status):
                self._link(path, os.readlink(self._root / path))  # noqa: PTH115 - as it is spelled
                return False
        except OSError as error:
            self._unreadable(path, error)
            return False
        if stat.S_ISDIR(status.st_mode):
            return True
        if not stat.S_ISREG(status.st_mode):
            advice = f"remove it, or play a copy of the {self._whole} without it"
            self._wrong.append(Wrong(path, f"is {kind(status.st_mode)}, which cannot be copied", advice))
        elif not os.access(self._root / path, os.R_OK):
            self._unreadable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        else:
            self._files.add(path)
        return False

    def _add(self, path: Path) -> None:
        """Take up a place in an ignored folder, with the folders on the way to it."""
        if not os.path.lexists(self._root / path):
            return
        # by its parts: the names that are ignored elsewhere are not ignored on the way to what is asked for
        self._folders.update(path.parents)
        if self._note(path):
            self._walk(path)

    def _link(self, path: Path, says: str) -> None:
        """Note a link that says this."""
        spelled = f"is a link to {says} that"
        try:
            real = Path(os.path.realpath(self._root / path, strict=True))
        except OSError as error:
            if error.errno == errno.ELOOP or getattr(error, "winerror", None) == _CANNOT_RESOLVE:
                self._wrong.append(Wrong(path, f"{spelled} leads in a circle", "mend or remove it"))
                return
            # there is nothing, but it has a place all the same
            real = Path(os.path.realpath(self._root / path))
        if not real.is_relative_to(self._root):
            advice = f"put a copy of what it names into the {self._whole}, or play a copy that has no links (`cp -RL`)"
            to = "" if says == str(real) else f", to {real}"
            self._wrong.append(Wrong(path, f"{spelled} leads out of the {self._whole}{to}", advice))
            return
        place = real.relative_to(self._root)
        if self._is_ignored(place.parts):
            self._also.append(place)
        text = says if self._stays(path, says) else os.path.relpath(place, path.parent)
        self._links[path] = Link(text, place, folder=real.is_dir())

    def _stays(self, path: Path, says: str) -> bool:
        """Whether a link can say the same in a copy, since no step on its way leaves what is copied."""
        if Path(says).anchor:
            return False
        at = self._root / path.parent
        for part in Path(says).parts:
            at = at.parent if part == os.pardir else Path(os.path.realpath(at / part))
            if not at.is_relative_to(self._root) or self._is_ignored(at.relative_to(self._root).parts):
                return False
        return True

    def _is_ignored(self, names: Iterable[str]) -> bool:
        return any(os.path.normcase(name) in self._ignored for name in names)

    def _unreadable(self, path: Path, error: OSError) -> None:
        advice = f"make it readable, or play a copy of the {self._whole} without it"
        self._wrong.append(Wrong(path, f"cannot be read: {error.strerror}", advice))
