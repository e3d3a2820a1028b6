"""Real hosts in a private cache that npm fills.

Life of an installation: npm installs into a directory with a temporary name beside its final one, claimed as a run
is, so that the next start clears away after a killed one; `release.json` is written last; then the directory gets its
final name in one step. So what bears the name of a version is whole, and of two installations at once the first wins.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hookproof import claims, files, interrupts, places
from hookproof.catalogue.host import HostName
from hookproof.errors import HookproofError
from hookproof.hosts.install import npm, packages
from hookproof.hosts.registry import HOSTS

RECORD = "release.json"
_NUMBER = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_TAG = re.compile(r"[a-z][a-z0-9-]*")
_DRAFT, _GARBAGE = ".draft-", ".removed-"
_TICK_SECONDS = 0.25


class ReleaseError(HookproofError):
    """A real host that cannot be had. One sentence."""


class InstallProgress:
    """What shows the progress of an installation. This one is silent; the command line has others."""

    def show(self, text: str) -> None:
        """One line for people."""

    def busy(self, text: str) -> None:
        """It still goes on. Called a few times a second."""

    def done(self) -> None:
        """What was busy is over."""


@dataclass(frozen=True, slots=True)
class Release:
    """An installed host. `argv` starts it, `needs` is the program that this takes (`node`), `integrity` is npm's.

    `folder` is all of it, `installed` when that was, in UTC.
    """

    host: HostName
    version: str
    argv: tuple[str, ...]
    integrity: str
    needs: str | None
    folder: Path
    installed: str

    def usable(self) -> Release:
        """Itself. Raises ReleaseError when what it needs is missing."""
        if self.needs is not None and shutil.which(self.needs) is None:
            raise ReleaseError(
                f"{HOSTS[self.host].title} {self.version} is JavaScript and needs {self.needs}, which is not on PATH"
            )
        return self


@dataclass(frozen=True, slots=True)
class _Record:
    host: HostName
    version: str
    program: str
    size: int
    needs: str | None
    integrity: str
    packages: dict[str, dict[str, Any]]
    installed: str


def folder_of(host: HostName) -> Path:
    """Where the releases of a host are."""
    return places.cache_dir() / "hosts" / host


def check_version(version: str) -> str:
    """The version itself: a number such as 2.1.91, or one of npm's tags. Raises ReleaseError."""
    if not _NUMBER.fullmatch(version) and not _TAG.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version: expected a number such as 2.1.91, or a tag such as latest")
    return version


def installed() -> list[Release]:
    """All that are whole, by host and version."""
    found = [
        release
        for host in sorted(HOSTS)
        for path in _entries(folder_of(host))
        if (release := _read(host, path)) is not None
    ]
    return sorted(found, key=lambda release: (release.host, _order(release.version)))


def install(host: HostName, version: str, progress: InstallProgress | None = None) -> Release:
    """The release, installed now unless it is there already; a tag is always looked up. Raises ReleaseError.

    Uses the network, so it is called outside of the isolation, and an event loop of its own.
    """
    check_version(version)
    progress = progress or InstallProgress()
    folder = folder_of(host)
    there = _read(host, folder / version)
    if there is not None:
        return there.usable()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        progress.show(f"installing {host}@{version} from npm into {folder}")
        with interrupts.during(f"npm installed {host}@{version}"):
            release = interrupts.run(_install(host, version, folder, progress))
    except (npm.NpmError, packages.LayoutError) as error:
        raise ReleaseError(str(error)) from None
    except OSError as error:
        raise ReleaseError(f"{error.filename or folder}: {error.strerror}") from None
    progress.show(f"installed {host}@{release.version}")
    return release.usable()


def remove(host: HostName, version: str) -> None:
    """Remove an installed release, whole or not. Raises ReleaseError."""
    folder = folder_of(host)
    path = folder / check_version(version)
    if not path.is_dir():
        names = ", ".join(release.version for release in installed() if release.host == host)
        raise ReleaseError(f"{host}@{version} is not installed (there is: {names or 'nothing'})")
    try:
        _discard(path)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be removed: {error.strerror}") from None


async def _install(host: HostName, version: str, folder: Path, progress: InstallProgress) -> Release:
    claimed = claims.make(f"{_DRAFT}{version}-", folder)
    draft = claimed.root
    try:
        working = asyncio.ensure_future(_bring(host, version, draft, claimed.token))
        try:
            await _watch(working, progress, f"{host}@{version}")
        finally:
            progress.done()
        record = _record(host, version, draft, working.result())
        (draft / RECORD).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        return _publish(host, claimed, folder / record.version)
    finally:
        claimed.remove()


async def _bring(host: HostName, version: str, draft: Path, token: str) -> Mapping[str, Any]:
    found = await npm.install(HOSTS[host].package, version, draft, token=token)
    missing = packages.left_out(host, found)
    if missing is None:
        return found
    # asked for by name it is not optional: it comes, or npm says why not
    return await npm.install(HOSTS[host].package, version, draft, token=token, also=missing)


async def _watch(working: asyncio.Future[Mapping[str, Any]], progress: InstallProgress, what: str) -> None:
    began = time.monotonic()
    try:
        while not (await asyncio.wait({working}, timeout=_TICK_SECONDS))[0]:
            progress.busy(f"npm is bringing {what} ({time.monotonic() - began:.0f} s)")
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError, npm.NpmError):
            await working


def _record(host: HostName, version: str, folder: Path, installed: Mapping[str, Any]) -> _Record:
    main = installed.get(f"node_modules/{HOSTS[host].package}", {})
    exact = str(main.get("version"))
    if not _NUMBER.fullmatch(exact):
        raise ReleaseError(f"npm installed {host}@{version} as version {exact!r}, which is none")
    found = packages.find(host, exact, folder, installed)
    return _Record(
        host=host,
        version=exact,
        program=found.program,
        size=(folder / found.program).stat().st_size,
        needs=found.needs,
        integrity=found.integrity,
        packages={
            name.removeprefix("node_modules/"): {key: entry.get(key) for key in ("version", "integrity")}
            for name, entry in installed.items()
        },
        installed=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def _publish(host: HostName, draft: claims.Claimed, path: Path) -> Release:
    """Give the draft its final name, unless a whole release has it already."""
    for _ in range(3):
        with contextlib.suppress(OSError):
            draft.root.rename(path)
            draft.keep(path)
        there = _read(host, path)
        if there is not None:
            return there
        if path.exists():
            _discard(path)  # of that name, but not whole
    raise ReleaseError(f"{path}: cannot be put in its place; is something in the way?")


def _read(host: HostName, path: Path) -> Release | None:
    """The release in `path`; None when it is not whole."""
    try:
        record = _Record(**files.read_json(path / RECORD))
        program = path / record.program
        whole = record.host == host and record.version == path.name and program.stat().st_size == record.size
    except (OSError, files.FileError, TypeError):
        return None
    if not whole:
        return None
    runner = () if record.needs is None else (shutil.which(record.needs) or record.needs,)
    argv = (*runner, str(program))
    return Release(host, record.version, argv, record.integrity, record.needs, path, record.installed)


def _entries(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []


def _order(version: str) -> tuple[list[int], bool, str]:
    number, _, more = version.partition("-")
    return [int(part) for part in number.split(".")], not more, more


def _clear(folder: Path) -> None:
    """Remove what killed installations and removals left."""
    claims.clear_away()
    for garbage in folder.glob(f"{_GARBAGE}*"):
        shutil.rmtree(garbage, ignore_errors=True)


def _discard(path: Path) -> None:
    """Take the name away first, so that nobody ever sees a half of it."""
    garbage = path.with_name(f"{_GARBAGE}{path.name}-{secrets.token_hex(4)}")
    path.rename(garbage)
    shutil.rmtree(garbage, ignore_errors=True)
