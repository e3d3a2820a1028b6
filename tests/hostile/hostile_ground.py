"""Where a hostile plugin is played: a home with planted files, a temporary directory and a cache of the test's own.

It lies where an isolated program can see it, and cannot write: what a hook has to say to the test it says to an ear
(hostile_ear.py). What is left afterwards is looked for from outside: processes by what stands in their command line,
environment and working directory, files by their checksums. Nothing here asks hookproof.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from hostile_ear import Ear
from open_place import open_place
from ordinary_user import AS_ONE, PATH, give, python_of_ordinary_user

SECRET = "CANARY-of-the-users-home"
WINDOWS = {name: os.environ[name] for name in ("SystemRoot", "ComSpec", "TEMP", "PATHEXT") if name in os.environ}
_PLANTED = {
    "secret.json": f'{{"jobs":[{{"id":"{SECRET}","status":"running"}}]}}',
    ".netrc": f"machine example.invalid password {SECRET}\n",
    ".claude/settings.json": f'{{"env":{{"KEY":"{SECRET}"}}}}',
    ".codex/auth.json": f'{{"key":"{SECRET}"}}',
    "project/notes.md": f"{SECRET}\n",
}


@dataclass(slots=True)
class Ground:
    """One directory that holds all of it. Its name tells the processes of this test from all others."""

    base: Path
    mark: str = field(default_factory=lambda: f"31557.{random.randrange(10**8, 10**9)}")
    """A number that a process of this test may have as its argument, and no other process has."""
    ear: Ear = field(init=False)

    @property
    def home(self) -> Path:
        """The user's own."""
        return self.base / "home"

    @property
    def tmp(self) -> Path:
        """Where hookproof makes its sandboxes."""
        return self.base / "t"

    @property
    def outside(self) -> Path:
        """Where word is that the plugin has left for the test."""
        return self.base / "outside"

    @property
    def plugin(self) -> Path:
        """The plugin as its author has it: a checkout that nobody writes to."""
        return self.base / "plugin"

    @property
    def runs(self) -> Path:
        """The runs of hookproof."""
        return self.base / "cache" / "runs"

    def environment(self) -> dict[str, str]:
        """What hookproof is started with."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "HOOKPROOF_CACHE": str(self.base / "cache"),
            "LANG": "C.UTF-8",
            "PYTHONIOENCODING": "utf-8",
            "SECRET_OF_THE_USER": SECRET,
            # where hookproof is run from a checkout that is not installed, as under Wine
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            **WINDOWS,
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.tmp)),
        }

    def sandboxes(self) -> list[str]:
        """What is in the temporary directory."""
        return sorted(path.name for path in self.tmp.iterdir())

    def processes(self) -> list[psutil.Process]:
        """Every live process that this test has to do with, this one excepted."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid == os.getpid() or process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
                    continue
                if self._ours(process):
                    found.append(process)
        return found

    def _ours(self, process: psutil.Process) -> bool:
        said = [" ".join(process.cmdline())]
        with contextlib.suppress(psutil.Error, OSError):
            said += [f"{name}={value}" for name, value in process.environ().items()]
        with contextlib.suppress(psutil.Error, OSError):
            said.append(process.cwd())
        return any(self.mark in text or str(self.base) in text for text in said)


def told(processes: list[psutil.Process]) -> list[str]:
    """Their command lines, for a message."""
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(f"{process.pid} {' '.join(process.cmdline())[:160]}")
    return lines


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Make it; afterwards nothing of it is left, whatever the test came to."""
    with open_place() as base:
        made = Ground(base)
        for folder in (made.tmp, made.outside, base / "cache", base / "out"):
            folder.mkdir()
            folder.chmod(0o1777)
        for name, text in _PLANTED.items():
            (made.home / name).parent.mkdir(parents=True, exist_ok=True)
            (made.home / name).write_text(text, encoding="utf-8")
        with Ear(made.outside) as made.ear:
            try:
                yield made
            finally:
                _end(made)


def _end(made: Ground) -> None:
    """End what a failed test has left: several times, since some start each other again."""
    for _ in range(20):
        left = made.processes()
        if not left:
            return
        for process in left:  # all are stopped before the first is killed
            with contextlib.suppress(psutil.Error):
                process.suspend()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=5)


def checksums(folder: Path) -> dict[str, str]:
    """Every file, link and directory below `folder` with its kind, mode and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        found[str(path.relative_to(folder))] = f"{stat.filemode(status.st_mode)} {content}"
    return found


def as_ordinary_user(ground: Ground) -> tuple[str, dict[str, Any]]:
    """The Python by which somebody without any right plays on this ground, and what it is started with."""
    if sys.platform == "win32" or os.getuid() != 0:
        return sys.executable, {}
    python = python_of_ordinary_user()
    assert python is not None
    give(ground.base)
    return python, {"env": {**ground.environment(), **PATH}, **AS_ONE}


def has_ordinary_user() -> bool:
    """Whether that can be had here."""
    return sys.platform != "win32" and (os.getuid() != 0 or python_of_ordinary_user() is not None)


def small_disk(ground: Ground) -> list[str]:
    """The words before a command that give it a temporary directory of 48 MB, and tell what it leaves there."""
    namespace = ["unshare", "-m"] if sys.platform == "linux" and os.getuid() == 0 else ["unshare", "-Urm"]
    script = 'mount -t tmpfs -o size=48m,mode=1777 none "$0" && { "$@"; s=$?; ls -A "$0" > "$0.left"; exit $s; }'
    return [*namespace, "sh", "-c", script, str(ground.tmp)]


def has_small_disk() -> bool:
    """Whether this user may mount one."""
    with tempfile.TemporaryDirectory() as folder:
        made = Ground(Path(folder))
        made.tmp.mkdir()
        try:
            return subprocess.run([*small_disk(made), "true"], capture_output=True, check=False).returncode == 0
        except OSError:
            return False
