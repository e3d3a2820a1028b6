"""What a program of a run sees of the machine's files, and the threads that start programs in this view.

Life: hookproof makes one view for the run, before it has threads. In it everything is read-only, secrets are covered,
and there are no devices but those that every program needs. A case takes a copy in a thread of its own, in which its
own directory can be written and `/tmp` is empty; that thread then gives up its capabilities for good, and starts all
programs of the case. What it starts inherits the view, and can neither leave it nor take a cover off, as root either.
hookproof itself keeps seeing everything as it is.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hookproof.isolation.linux import calls, hidden, kernel
from hookproof.isolation.linux.refusal import NamespaceError

T = TypeVar("T")

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_OF_THE_KERNEL = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
"""Below /proc what settings of the machine are written to, by root without any capability too."""
_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_SMALL, _LARGE = "size=256k,mode=755", "mode=1777"


class View:
    """The view of a run. Made once, by `build`."""

    def __init__(
        self, namespace: int, covered: Sequence[str], temporary: Sequence[str], programs: Sequence[str]
    ) -> None:
        self.covered = covered
        self._namespace = namespace
        self._temporary = temporary
        self._programs = list(programs)

    def starter(self, writable: str | None = None, programs: Iterable[str] = ()) -> Starter:
        """A thread for one case: `writable` is its directory, `programs` what it may need below a cover."""
        return Starter(lambda: self._enter([writable] if writable else [], [*self._programs, *programs]))

    def prove(self) -> list[str]:
        """What shows that the view is tight, seen by a process in it. Raises NamespaceError when it is not."""
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                refused = self._enter([], self._programs)
                os.write(tell, "\n".join(self._seen(refused)).encode(errors="backslashreplace"))
                status = 0
            except (OSError, NamespaceError) as error:
                os.write(tell, str(error).encode(errors="backslashreplace"))
            finally:
                os._exit(status)
        os.close(tell)
        with open(told, encoding="utf-8") as file:  # noqa: PTH123
            seen = file.read()
        if os.waitpid(child, 0)[1] != 0:
            raise NamespaceError(f"the view of files is not tight: {seen or 'who looked ended without a word'}")
        return seen.splitlines()

    def _seen(self, refused: bool) -> list[str]:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        sets = {name: int(value, 16) for name, _, value in (line.partition(":\t") for line in lines) if name in _SETS}
        if any(sets.values()) or len(sets) != len(_SETS):
            raise NamespaceError(f"a capability is left: {sets}")
        for place in self.covered:
            with contextlib.suppress(OSError):
                if os.path.isdir(place):  # noqa: PTH112
                    left = [entry.path for entry in os.scandir(place) if entry.is_file(follow_symlinks=False)]
                else:
                    left = [place] if Path(place).read_bytes() else []
                if left and not all(any(hidden.below(each, kept) for kept in self._kept()) for each in left):
                    raise NamespaceError(f"{left[0]} can be read")
        places = list(dict.fromkeys(["/", *hidden.homes()]))
        for place in places:
            try:
                os.close(os.open(place, os.O_TMPFILE | os.O_WRONLY))
            except OSError:
                continue
            raise NamespaceError(f"{place} can be written")
        return [
            f"read-only: {', '.join(places)}",
            f"hidden: {', '.join(self.covered)}",
            "capabilities: none, and none can be got",
            calls.prove(refused=refused),
        ]

    def _new(self, below: Iterable[str]) -> list[str]:
        """What of this the view of the run has not."""
        kept = self._kept()
        return [place for place in below if not any(hidden.below(place, each) for each in kept)]

    def _kept(self) -> list[str]:
        return hidden.needed(self._programs, self.covered)

    def _enter(self, writable: Sequence[str], programs: Sequence[str]) -> bool:
        """Bring this thread into a copy of the view. There is no way back. Whether system calls are refused as well."""
        below = hidden.needed(programs, self.covered)
        opened = [cover for cover in self.covered if any(hidden.below(each, cover) for each in self._new(below))]
        with contextlib.ExitStack() as closing:
            laid_back = {
                place: _copy(closing, place, read_only=True)
                for place in below
                if any(hidden.below(place, cover) for cover in opened)
            }
            inside = hidden.needed(programs, self._temporary)
            handles = {place: _copy(closing, place, read_only=True) for place in inside}
            handles |= {place: _copy(closing, place, read_only=False) for place in map(os.path.realpath, writable)}
            kernel.part_from_threads()
            kernel.enter_mounts(self._namespace)
            kernel.unshare(kernel.NEWNS)
            for cover in opened:
                _cover(cover, closing)  # anew: what is below the run's is what every case needs
            _lay_back(laid_back, opened, self._temporary)
            for place in self._temporary:
                kernel.mount("tmpfs", place, kernel.NO_SETUID | kernel.NO_DEVICES, _LARGE)
            for place, handle in handles.items():
                _put(handle, place)
        kernel.drop_capabilities()
        return calls.refuse()


class Starter:
    """A thread in a case's view, which starts its programs."""

    def __init__(self, enter: Callable[[], object]) -> None:
        """Raises OSError when the view cannot be had."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
        try:
            self.call(enter)
        except BaseException:
            self.close()
            raise

    def call(self, start: Callable[[], T]) -> T:
        """Have `start` done in the view; what it starts stays there. Blocks, raises what it raises."""
        return self._thread.submit(start).result()

    def close(self) -> None:
        """End the thread; the view goes with the last process in it. May be called twice."""
        self._thread.shutdown()


def build(programs: Sequence[str]) -> View:
    """Make the view of a run; this process comes back to where it was. Raises OSError.

    Before there are threads, in a user and mount namespace of this process's own. `programs` are needed in every case.
    """
    covered, temporary = hidden.hidden(), _temporary()
    with contextlib.ExitStack() as closing:
        directory = closing.enter_context(_opened("."))
        ours = closing.enter_context(_opened("/proc/self/ns/mnt"))
        needed = {place: _copy(closing, place, read_only=True) for place in hidden.needed(programs, covered)}
        devices = {
            name: _copy(closing, f"/dev/{name}", read_only=False)
            for name in _DEVICES
            if os.path.exists(f"/dev/{name}")  # noqa: PTH110
        }
        kernel.unshare(kernel.NEWNS)
        try:
            kernel.set_attributes("/", kernel.READ_ONLY | kernel.NO_DEVICES | kernel.NO_SETUID, below=True)
            _protect_settings(closing)
            for place in covered:
                _cover(place, closing)
            _lay_back(needed, covered, temporary)
            _make_devices(devices)
            namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            kernel.enter_mounts(ours)
            os.fchdir(directory)
    return View(namespace, covered, temporary, programs)


def _temporary() -> list[str]:
    """Each place once, links followed, where there is such a place."""
    wanted = [*hidden.TEMPORARY, tempfile.gettempdir()]
    real = dict.fromkeys(os.path.realpath(place) for place in wanted if os.path.isdir(place))  # noqa: PTH112
    return [place for place in real if not any(hidden.below(place, other) for other in real if other != place)]


def _protect_settings(closing: contextlib.ExitStack) -> None:
    """/proc can be written, for a process writes of itself there; the settings of the machine and our own cannot."""
    names = (*_OF_THE_KERNEL, str(os.getpid()))
    places = [place for name in names if os.path.exists(place := f"/proc/{name}")]  # noqa: PTH110
    handles = {place: _copy(closing, place, read_only=True) for place in places}
    kernel.set_attributes("/proc", 0, cleared=kernel.READ_ONLY)
    for place, handle in handles.items():
        kernel.put_mount(handle, place)


def _cover(place: str, closing: contextlib.ExitStack) -> None:
    """Lay something empty over a secret: over a file a device, which cannot be opened where devices cannot.

    Links at the top of a covered folder stay (NixOS has its programs there).
    """
    if not os.path.isdir(place):  # noqa: PTH112
        kernel.put_mount(_copy(closing, "/dev/null", read_only=True), place)
        return
    links: dict[str, str] = {}
    with contextlib.suppress(PermissionError):
        links = {entry.name: os.readlink(entry.path) for entry in os.scandir(place) if entry.is_symlink()}  # noqa: PTH115
    kernel.mount("tmpfs", place, kernel.NO_SETUID | kernel.NO_DEVICES, _SMALL)
    for name, target in links.items():
        os.symlink(target, f"{place}/{name}")  # noqa: PTH211


def _lay_back(needed: dict[str, int], covered: Iterable[str], temporary: Iterable[str]) -> None:
    """Put what is needed below covers, which can be written until then, and make the temporary places there."""
    for place, handle in needed.items():
        _put(handle, place)
    for place in temporary:
        if not os.path.isdir(place) and place != "/dev/shm":  # noqa: PTH112, S108
            os.makedirs(place)  # noqa: PTH103
    for place in covered:
        if os.path.isdir(place):  # noqa: PTH112
            kernel.set_attributes(place, kernel.READ_ONLY)


def _make_devices(devices: dict[str, int]) -> None:
    """A /dev of what every program needs, and of no disk."""
    kernel.mount("tmpfs", "/dev", kernel.NO_SETUID | kernel.NO_PROGRAMS, _SMALL)
    for name, handle in devices.items():
        _put(handle, f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211
    for name in ("pts", "shm"):
        Path("/dev", name).mkdir()
    kernel.mount("devpts", "/dev/pts", kernel.NO_SETUID | kernel.NO_PROGRAMS, "newinstance,ptmxmode=0666,mode=620")
    kernel.set_attributes("/dev", kernel.READ_ONLY)


def _copy(closing: contextlib.ExitStack, place: str, *, read_only: bool) -> int:
    """A handle of what is at a place, to be put into a view."""
    handle = kernel.copy_of_mount(place)
    closing.callback(os.close, handle)
    if read_only:
        kernel.set_attributes(handle, kernel.READ_ONLY | kernel.NO_SETUID, below=True)
    return handle


def _put(handle: int, place: str) -> None:
    """Put a handle at its place, which is made where a cover has taken it away."""
    if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112
        os.makedirs(place, exist_ok=True)  # noqa: PTH103
    elif not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
        Path(place).touch()
    kernel.put_mount(handle, place)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
