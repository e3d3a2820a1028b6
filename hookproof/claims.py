"""Which directories are whose, so that the next start can clear away after a hookproof that was killed.

Every process that makes directories outside of a run's own (a case's sandbox, the draft of an installed host) has a
lock in the registry, held until its end, and one file for each such directory, written before the directory is made.
A start takes the locks that nobody holds any more: it ends what the tokens in those files name, and removes the
directories. The registry is one for all runs of a user on a machine, whatever `--runs` says, and pytest's are in it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import secrets
import stat
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hookproof import clean, files, places, processes
from hookproof.errors import HookproofError
from hookproof.isolation import outside
from hookproof.locks import Lock, try_lock
from hookproof.removal import remove_tree

SWEEP_SECONDS = 10.0
_MARK = ".hookproof"
"""The file in a claimed directory that holds its token: what does not carry it is not ours to remove."""
_LOCK = ".lock"
_NAME = re.compile(r"[0-9a-f]{16}")
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A directory that this process has claimed and made, and the token of the processes that belong to it."""

    root: Path
    token: str
    since: processes.Instant
    """Before its first process began."""
    _claim: Path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> bool:
        """Remove it. False when something of it is still there (a file in use on Windows): then the claim stays."""
        removed = remove_tree(self.root, last=_MARK)
        if removed:
            self._claim.unlink(missing_ok=True)
        return removed

    def keep(self, moved_to: Path) -> None:
        """It has been moved, and is a directory like any other from now on."""
        (moved_to / _MARK).unlink(missing_ok=True)
        self._claim.unlink(missing_ok=True)


@dataclass(slots=True)
class Swept:
    """What was done about the claims of those who are gone."""

    removed: list[Path] = field(default_factory=list)
    ended: int = 0
    troubles: list[str] = field(default_factory=list)
    """What could not be done, or not be believed, for people."""


class Claims:
    """The claims of one process."""

    def __init__(self, registry: Path) -> None:
        """Raises OSError where the registry cannot be written."""
        registry.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._pid = os.getpid()
        self._lock = _new_lock(registry)
        self._folder = self._lock.path.with_suffix("")
        self._folder.mkdir(mode=0o700)

    def make(self, prefix: str, parent: Path | None = None) -> Claimed:
        """Make a directory of a new name in `parent` (default: where temporary files are), claimed before it is made.

        Raises OSError.
        """
        base = Path(os.path.realpath(parent or tempfile.gettempdir()))
        while True:
            # short, because the paths of sockets are
            root, token = base / f"{prefix}{secrets.token_hex(4)}", secrets.token_hex(16)
            claim = self._folder / f"{token}.json"
            since = processes.instant()
            what = {"root": str(root), "token": token, "since": since, "world": processes.machine_identity()}
            _write(claim, json.dumps(what))
            try:
                root.mkdir(mode=0o700)
            except FileExistsError:
                claim.unlink()
                continue
            _write(root / _MARK, token)
            return Claimed(root, token, since, claim)

    def close(self) -> None:
        """Clear away what is still claimed, and give up the lock. What cannot be is left for the next start."""
        if os.getpid() != self._pid:  # a forked child on its way out
            return
        for file in sorted(self._folder.glob("*.json")):
            _sweep_one(file, Swept(), SWEEP_SECONDS)
        with contextlib.suppress(OSError):
            self._folder.rmdir()
        self._lock.close(remove=not self._folder.exists())


def sweep(registry: Path, *, seconds: float = SWEEP_SECONDS) -> Swept:
    """End and remove what is claimed by processes that are gone. Blocks; a missing registry is an empty one.

    `seconds` is the deadline for the processes of each directory.
    """
    done = Swept()
    for lock in _unheld(registry, done):
        folder = lock.path.with_suffix("")
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            _sweep_one(file, done, seconds)
        for draft in folder.glob(".*"):
            draft.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
        lock.close(remove=not folder.exists())
    return done


def _sweep_one(file: Path, done: Swept, seconds: float) -> None:
    try:
        claim = files.read_json(file)
        root, token, since, machine_identity = _believed(claim)
    except files.FileError as error:
        done.troubles.append(f"{error}; what it claimed is not known, and it is removed")
        file.unlink(missing_ok=True)
        return
    except (KeyError, TypeError, ValueError) as error:
        raw = clean.line(json.dumps(claim))[:200]
        done.troubles.append(f"{file}: no claim of a directory ({error}), and removed; it said {raw}")
        file.unlink(missing_ok=True)
        return
    here = processes.machine_identity()
    same_boot = machine_identity.get("boot") == here.get("boot")
    if machine_identity.get("machine") != here.get("machine") and not (same_boot and "boot" in here):
        done.troubles.append(
            f"{file}: claimed on another machine ({clean.line(str(machine_identity.get('machine')))}); left alone"
        )
        return
    if same_boot and machine_identity.get("pids") == here.get("pids"):
        swept = processes.sweep(token, since=since, seconds=seconds)
        done.ended += len(swept.ended)
        if swept.left:
            pids = ", ".join(str(info.identity.pid) for info in swept.left)
            done.troubles.append(f"{root}: processes of a run that is gone could not be ended: {pids}")
            return
    if not os.path.lexists(root):
        file.unlink(missing_ok=True)
    elif not _carries(root, token):
        done.troubles.append(f"{root}: claimed by a run that is gone, but it does not carry its token; left alone")
        file.unlink(missing_ok=True)
    elif remove_tree(root, last=_MARK):
        done.removed.append(root)
        file.unlink(missing_ok=True)
    else:
        done.troubles.append(f"{root}: could not be removed; the next start tries again")


def _believed(claim: Any) -> tuple[Path, str, processes.Instant, dict[str, Any]]:
    """The fields of a claim. Raises KeyError, TypeError, ValueError for what is none."""
    root, token, since, machine_identity = claim["root"], claim["token"], claim["since"], claim["world"]
    if not isinstance(root, str) or not Path(root).is_absolute():
        raise ValueError("root is no absolute path")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ValueError("token is no token")
    if type(since) not in {int, float}:
        raise TypeError("since is no time")
    if not isinstance(machine_identity, dict):
        raise TypeError("world is no table")
    # a clock that was put back: what began before now is not to be told from what others began
    return Path(root), token, processes.Instant(min(float(since), processes.instant())), machine_identity


def _carries(root: Path, token: str) -> bool:
    """Whether a directory is the one that was claimed; killed before its mark was written, it is empty."""
    if not stat.S_ISDIR(root.lstat().st_mode):
        return False
    try:
        return files.read_text(root / _MARK) == token
    except files.FileError as error:
        return error.missing and not any(each.name != f".{_MARK}" for each in root.iterdir())


def _new_lock(registry: Path) -> Lock:
    while True:
        lock = try_lock(registry / f"{secrets.token_hex(8)}{_LOCK}")
        if lock is not None:  # else a start that sweeps has just looked at it
            return lock


def _unheld(registry: Path, done: Swept) -> Iterator[Lock]:
    """The locks that nobody holds, taken."""
    for path in sorted(registry.glob(f"*{_LOCK}")):
        if not _NAME.fullmatch(path.stem):
            continue
        try:
            lock = try_lock(path)
        except OSError as error:
            done.troubles.append(f"{path}: cannot be locked ({error.strerror}); left alone")
            continue
        if lock is not None:
            yield lock


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for whoever reads it after a kill."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


_guard = threading.Lock()
_ours: dict[tuple[int, Path], Claims] = {}
"""By process and registry: a forked child is a process of its own."""
_made_by: dict[int, list[Claimed]] = {}


def make(prefix: str, parent: Path | None = None) -> Claimed:
    """`Claims.make` in this process's own claims, which the first call opens. Raises OSError."""
    claimed = _claims()[0].make(prefix, parent)
    with _guard:
        _made_by.setdefault(threading.get_ident(), []).append(claimed)
    return claimed


def abandon(thread: int | None) -> None:
    """End and remove what a thread has made that is blocked for good."""
    with _guard:
        made = _made_by.pop(thread or 0, [])
    for claimed in made:
        if os.path.lexists(claimed.root):
            processes.sweep(claimed.token, since=claimed.since, seconds=SWEEP_SECONDS)
            claimed.remove()


def forget(thread: int) -> None:
    """A thread is over: another may come to have its number."""
    with _guard:
        _made_by.pop(thread, None)


def clear_away() -> Swept:
    """End and remove what others have left who are gone. Blocks; a start does it before it plays.

    Outside of the isolation: the processes of others are not to be seen in it.
    """
    if not outside.is_here() and not _left_behind():
        return Swept()
    return outside.call(_clear_away)


def _left_behind() -> bool:
    """Whether there is anything to clear away: locks are the same in here, and outside all of this is yet to import."""
    _, registry, _ = _claims()
    done = Swept()
    unheld = list(_unheld(registry, done))
    for lock in unheld:
        lock.close()
    return bool(unheld or done.troubles)


def _clear_away() -> Swept:
    _, registry, swept = _claims()
    return swept or sweep(registry)


def _claims() -> tuple[Claims, Path, Swept | None]:
    """This process's claims and their registry; who asks first opens them and clears away what others have left."""
    for registry in (places.cache_dir() / "claims", _beside_the_sandboxes()):
        key = (os.getpid(), registry)
        with _guard:
            if key in _ours:
                return _ours[key], registry, None
            try:
                _ours[key] = Claims(registry)
            except OSError:
                continue  # a cache that cannot be written
            atexit.register(_ours[key].close)
            return _ours[key], registry, sweep(registry) if outside.is_here() else Swept()
    raise HookproofError(f"{registry}: cannot be written, so that nothing could be cleared away after a kill")


def _beside_the_sandboxes() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return Path(tempfile.gettempdir()) / f"hookproof-claims-{user}"
