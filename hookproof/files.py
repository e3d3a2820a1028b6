"""Reading what is not hookproof's own: a plugin's files and state, a user's descriptors and results, an old run.

Such a file may be anything: a FIFO that nobody writes to, a device without an end, a link to somewhere else, two
gigabytes, JSON nested deeper than any parser goes. So everything is read here: regular files only, up to a size, up to
a depth, and never through a link that leads out where there is a folder to stay in. Text that comes out of here can be
written anywhere: a surrogate without its other half is replaced, as Node and Rust do it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import stat
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hookproof.errors import HookproofError

T = TypeVar("T")

KIB, MIB = 2**10, 2**20
SMALL = 4 * MIB
"""What is written by people: manifests, hooks files, descriptors, scenarios, baselines."""
STATE = 16 * MIB
"""What a plugin writes about its jobs and agents."""
RECORDED = 512 * MIB
"""What hookproof has written itself: journals, results."""
DEEPEST = 100
"""How deep objects and lists may be nested. What hosts and plugins write is at most some ten deep."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = MIB
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_HALF_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)


class FileError(HookproofError):
    """A file that cannot be read as what it should be. `reason` is the sentence without the path."""

    def __init__(self, path: Path, reason: str, *, missing: bool = False, damaged: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.missing = missing
        """Whether there is no such file, which for some readers is no mistake."""
        self.damaged = damaged
        """Whether it was read, and is not what it should be; else it was not read at all."""


class TooDeepError(ValueError):
    """JSON that is nested deeper than it is read."""


def read_bytes(path: Path, *, limit: int = SMALL, inside: Path | None = None) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    With `inside`, a folder, the file must lie in it once every link is followed. Raises FileError.
    """
    handle = _open(path, inside)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise FileError(path, f"is {kind(status.st_mode)}; expected a regular file")
        content = bytearray()
        while chunk := os.read(handle, min(_CHUNK, limit + 1 - len(content))):
            content += chunk
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)
    if len(content) > limit:
        size = max(status.st_size, len(content))
        raise FileError(path, f"is too large: {size:,} bytes; at most {limit:,} are read")
    return bytes(content)


def read_text(path: Path, *, limit: int = SMALL, inside: Path | None = None, lossy: bool = False) -> str:
    """The text of a UTF-8 file; a byte order mark is left out. `lossy` replaces what is no UTF-8. Raises FileError."""
    content = read_bytes(path, limit=limit, inside=inside)
    try:
        return content.decode("utf-8-sig", "replace" if lossy else "strict")
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is {content[error.start]:#04x}"
        raise FileError(path, f"is not UTF-8 text: {where}", damaged=True) from None


def read_json(path: Path, *, limit: int = SMALL, inside: Path | None = None) -> Any:
    """The JSON document in a file. Raises FileError."""
    text = read_text(path, limit=limit, inside=inside)
    try:
        return parse_json(text)
    except TooDeepError as error:
        raise FileError(path, f"is not read: {error}") from None
    except ValueError as error:
        raise FileError(path, f"is not JSON: {error}", damaged=True) from None


def read_toml(path: Path, *, limit: int = SMALL, inside: Path | None = None) -> dict[str, Any]:
    """The table in a TOML file. Raises FileError."""
    return _toml(path, read_text(path, limit=limit, inside=inside))


def read_toml_head(path: Path, *, limit: int = SMALL) -> dict[str, Any]:
    """The keys of a TOML file that stand before its first table: all that `list` wants of it. Raises FileError."""
    text = read_text(path, limit=limit)
    head = text.partition("\n[")[0]
    try:
        return _toml(path, head)
    except FileError:  # the bracket stood within a value, or something is wrong: the whole file tells which
        return _toml(path, text)


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(path, f"is not TOML: {error}", damaged=True) from None
    except RecursionError:
        raise FileError(path, f"is nested more than {DEEPEST} deep") from None
    except ValueError as error:  # a number with more digits than Python converts
        raise FileError(path, f"is not TOML: {error}", damaged=True) from None
    if _deeper(table):
        raise FileError(path, f"is nested more than {DEEPEST} deep")
    return table


def parse_json(text: str | bytes, *, deepest: int = DEEPEST) -> Any:
    """The JSON document in `text`, nested `deepest` deep at most. Raises ValueError, whatever is wrong with it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    if text.count("[") + text.count("{") > deepest and _depth(text) > deepest:
        raise TooDeepError(f"nested more than {deepest} deep")
    try:
        value = json.loads(text)
    except RecursionError:
        raise TooDeepError(f"nested more than {deepest} deep") from None
    return whole(value) if _HALF_ESCAPED.search(text) or _HALF.search(text) else value


def whole(value: Any) -> Any:
    """The same value without halves of surrogate pairs, which no encoding can write."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(each) for each in value]
    if isinstance(value, dict):
        return {whole(key): whole(each) for key, each in value.items()}
    return value


def kind(mode: int) -> str:
    """What a file with this mode is, for people."""
    return next((words for fits, words in _KINDS if fits(mode)), "a regular file")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether `path` lies in `folder` once every link of both is followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


async def off_loop(work: Callable[[], T], *, waiting_for: str, seconds: float) -> T:
    """Do work that reads files without holding up the event loop.

    A file system that never answers holds up nothing but a thread that nobody waits for. Raises
    TimeoutError, naming `waiting_for`, after `seconds`.
    """
    import asyncio  # noqa: PLC0415 - most who read files have no loop, and its import is what `list` would wait for

    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def set_result(value: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, failed = None, None
        try:
            value = work()
        except BaseException as error:  # it is raised where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(set_result, value, failed)

    threading.Thread(target=run, name="reading", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        if done.done() and not done.cancelled() and done.exception() is not None:
            raise
        raise TimeoutError(f"{waiting_for}: could not be read within {seconds:g} s") from None


def _open(path: Path, inside: Path | None) -> int:
    try:
        if inside is None:
            return os.open(path, _FLAGS)
        real, folder = os.path.realpath(path), os.path.realpath(inside)
        if not Path(real).is_relative_to(folder):
            raise FileError(path, f"leads out of {inside}, to {real}; it is not followed")
        return _open_below(folder, Path(real).relative_to(folder).parts)
    except FileNotFoundError:
        raise FileError(path, "does not exist", missing=True) from None
    except NotADirectoryError:
        raise FileError(path, "does not exist: a part of its path is no directory", missing=True) from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise FileError(path, "is a symbolic link that leads to itself, or that has just been made") from None
        if error.errno == errno.ENXIO:
            raise FileError(path, "is a socket; expected a regular file") from None
        if isinstance(error, PermissionError) and path.is_dir():  # so Windows says it
            raise FileError(path, "is a directory; expected a regular file") from None
        raise FileError(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise FileError(path, f"cannot be read: {error}") from None


def _open_below(folder: str, parts: tuple[str, ...]) -> int:
    """Open `folder`/`parts`, in which no part is a link: one that has become a link meanwhile is not followed."""
    if sys.platform == "win32" or not parts:
        return os.open(Path(folder, *parts), _FLAGS)
    at = os.open(folder, _FLAGS | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        return os.open(parts[-1], _FLAGS | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def _depth(text: str) -> int:
    """How deep the brackets of a JSON text go; what stands in strings does not count."""
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    return max(itertools.accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _deeper(value: Any) -> bool:
    """Whether a value is nested deeper than DEEPEST."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True
