"""The environment of everything that a run starts: an allow-list, so that nothing of the user's leaks in.

No credential is ever handed on; the keys below are dummies, which the run's own model server asks for. What must be
taken from the machine (where programs are, what Windows needs to start a process at all) is named here, and nowhere
else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

_WINDOWS_NEEDS = (
    *("SystemRoot", "SystemDrive", "ComSpec", "PATHEXT", "windir", "OS", "NUMBER_OF_PROCESSORS"),
    *("PROCESSOR_ARCHITECTURE", "ProgramData", "ProgramFiles", "ProgramFiles(x86)", "ProgramW6432"),
)


class InRun(Protocol):
    """A host that processes of a run may start, whichever it is played on."""

    def variables(self, *, home: Path, tmp: Path, model: str, key: str) -> Mapping[str, str]:
        """What it needs in its environment, so that it keeps to the run."""


def model_key(token: str) -> str:
    """The key of a run's model server: of this run alone, and nothing from which the run's token could be had."""
    return f"hookproof-{hashlib.sha256(f'model {token}'.encode()).hexdigest()[:40]}"


def search_path(own: Path, programs: Iterable[str]) -> str:
    """PATH of a run: its own programs first, then the system's, then where the named programs are on this machine."""
    folders = [str(own)]
    if sys.platform == "win32":
        root = os.environ.get("SystemRoot", r"C:\Windows")
        folders += [rf"{root}\System32", root]
    else:
        folders += ["/usr/local/bin", "/usr/bin", "/bin"]
    for program in programs:
        found = shutil.which(program)
        if found is not None:
            folders.append(str(Path(found).parent))
    return os.pathsep.join(dict.fromkeys(folders))


def environment(
    *, home: Path, tmp: Path, path: str, token: str, recorder: str, model: str, hosts: Iterable[InRun]
) -> dict[str, str]:
    """The complete environment. `recorder` is host:port, `model` the base address of the model server.

    `hosts` are all that a plugin could start, not only those that the run is played on: hooks see their variables.
    """
    env = {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "LANG": "C.UTF-8",
        "HOOKPROOF_TOKEN": token,
        "HOOKPROOF_RECORDER": recorder,
    }
    for host in hosts:
        env |= host.variables(home=home, tmp=tmp, model=model, key=model_key(token))
    if sys.platform == "win32":
        env |= _windows()
        env |= {"USERPROFILE": str(home), "HOMEDRIVE": home.drive, "HOMEPATH": str(home)[len(home.drive) :]}
        env |= {"TEMP": str(tmp), "TMP": str(tmp)}
        env |= {"APPDATA": str(home / "AppData" / "Roaming"), "LOCALAPPDATA": str(home / "AppData" / "Local")}
        env |= _git_bash()
    return env


def system() -> dict[str, str]:
    """What a program needs that belongs to no run: hookproof's own, of which nothing is asked but that it starts."""
    return {"PATH": search_path(Path(sys.executable).parent, ()), **_windows()}


def _windows() -> dict[str, str]:
    if sys.platform == "win32":
        return {name: os.environ[name] for name in _WINDOWS_NEEDS if name in os.environ}
    return {}


def _git_bash() -> dict[str, str]:
    if sys.platform == "win32":
        from hookproof.sandbox.windows_shell import GIT_BASH, git_bash  # noqa: PLC0415 - cannot be imported elsewhere

        found = git_bash()
        return {} if found is None else {GIT_BASH: found}
    return {}
