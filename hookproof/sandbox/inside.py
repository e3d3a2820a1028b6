"""Writing below a folder of a run, where something else may be running: never through a link, never into a file that
is there.

A plugin's hook may put a link into the place of any file or folder that it finds, at any moment. So the folder of the
file is resolved and must lie inside; it is then opened step by step, following nothing; a fresh file is written there
and takes the place of what bears the name. A link of that name is replaced, and a file that has a second name
elsewhere (a hard link) keeps its content there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookproof.catalogue.tree import is_link
from hookproof.errors import HookproofError

_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS | getattr(os, "O_BINARY", 0)


class OutsideError(HookproofError):
    """A file that would not be written where it should be. One sentence."""


def write(folder: Path, path: Path, content: str | bytes, *, template: os.stat_result | None = None) -> None:
    """Make the file `path`, below `folder`, hold `content`; folders on the way are made.

    `folder` is one without a link in its own path. The file keeps the mode of a regular file that was there, or gets
    mode and times of `template`. Raises OutsideError.
    """
    try:
        with _parent(folder, path) as parent:
            parent.replace(path.name, content.encode("utf-8") if isinstance(content, str) else content, template)
    except OSError as error:
        raise OutsideError(f"{path}: cannot be written: {error.strerror or error}") from None


def place(folder: Path, path: Path) -> Path:
    """`path` with every link on it followed. Raises OutsideError where that is not inside `folder`."""
    real, whole = os.path.realpath(path), os.path.realpath(folder)
    if os.path.normcase(whole) != os.path.normcase(os.path.normpath(folder)):
        raise OutsideError(f"{folder}: has a link in its path, to {whole}; hookproof writes nothing there")
    if not Path(real).is_relative_to(whole):
        raise OutsideError(f"{path}: leads out of {folder}, to {real}; hookproof writes nothing there")
    return Path(real)


@contextmanager
def _parent(folder: Path, path: Path) -> Iterator[_Folder]:
    """The folder of `path`, so that nobody can put another one into its place meanwhile."""
    if path.name in {"", os.pardir}:
        raise OutsideError(f"{path}: is no name of a file")
    opened = _Folder(folder, place(folder, path.parent).relative_to(os.path.normpath(folder)).parts)
    try:
        yield opened
    finally:
        opened.close()


def _no_folder(folder: Path, part: str) -> OutsideError:
    return OutsideError(f"{folder}: {part!r} in it is no folder, or has become a link")


if sys.platform == "win32":

    class _Folder:
        """A folder by its path, each step of which was looked at: the best that Windows lets Python do."""

        def __init__(self, folder: Path, parts: tuple[str, ...]) -> None:
            self._path = folder
            for part in parts:
                self._path /= part
                with contextlib.suppress(FileExistsError):
                    self._path.mkdir()
                status = os.lstat(self._path)
                if is_link(status) or not stat.S_ISDIR(status.st_mode):
                    raise _no_folder(folder, part)

        def replace(self, name: str, content: bytes, template: os.stat_result | None) -> None:
            draft = self._path / _a_name()
            try:
                with os.fdopen(os.open(draft, _FRESH), "wb") as file:
                    file.write(content)
                if template is not None:
                    os.utime(draft, ns=(template.st_atime_ns, template.st_mtime_ns))
                draft.replace(self._path / name)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

        def close(self) -> None: ...

else:

    class _Folder:
        """A folder by its open handle: no link can be slipped in before it."""

        def __init__(self, folder: Path, parts: tuple[str, ...]) -> None:
            flags = os.O_RDONLY | os.O_DIRECTORY | _FLAGS
            at = os.open(folder, flags)
            for part in parts:
                try:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=at)
                    below = os.open(part, flags, dir_fd=at)
                except OSError as error:
                    if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                        raise _no_folder(folder, part) from None
                    raise
                finally:
                    os.close(at)
                at = below
            self._handle = at

        def replace(self, name: str, content: bytes, template: os.stat_result | None) -> None:
            draft = _a_name()
            try:
                with os.fdopen(os.open(draft, _FRESH, dir_fd=self._handle, mode=0o666), "wb") as file:
                    file.write(content)
                    file.flush()
                    mode = self._mode(name) if template is None else template.st_mode
                    if mode is not None:
                        os.fchmod(file.fileno(), stat.S_IMODE(mode))
                    if template is not None:
                        os.utime(file.fileno(), ns=(template.st_atime_ns, template.st_mtime_ns))
                os.rename(draft, name, src_dir_fd=self._handle, dst_dir_fd=self._handle)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=self._handle)
                raise

        def _mode(self, name: str) -> int | None:
            """That of the regular file that bears the name."""
            try:
                there = os.stat(name, dir_fd=self._handle, follow_symlinks=False)
            except FileNotFoundError:
                return None
            return there.st_mode if stat.S_ISREG(there.st_mode) else None

        def close(self) -> None:
            os.close(self._handle)


def _a_name() -> str:
    return f".hookproof-{secrets.token_hex(8)}"
