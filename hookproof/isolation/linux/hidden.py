"""What nothing that hookproof starts is to find, and what of it must be found all the same. Called by `view`.

Secrets lie in few places, which are known: they are covered, and the rest of a home can be read, since programs live
there. A program that is needed may live below a cover (Claude Code below `~/.claude`, Node below `~/.config/nvm`): then
its own folder is laid back in.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import pwd
from collections.abc import Iterable, Iterator
from pathlib import Path

IN_A_HOME = (
    *(".ssh", ".gnupg", ".pki", ".password-store", ".local/share/keyrings", ".local/share/kwalletd"),
    *(".config", ".aws", ".azure", ".kube", ".docker", ".netrc", ".git-credentials", ".mozilla"),
    *(".claude", ".claude.json", ".codex", ".gemini"),
    *(
        ".npmrc",
        ".yarnrc",
        ".yarnrc.yml",
        ".pypirc",
        ".cargo/credentials",
        ".cargo/credentials.toml",
        ".gem/credentials",
    ),
    *(".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history"),
)
"""Keys, tokens, sessions of agents and browsers, and what was typed into shells."""
OF_THE_SYSTEM = ("/run", "/var/run", "/etc/shadow", "/etc/gshadow", "/etc/ssl/private")
"""The sockets of the system's and the user's services, and what root alone can read."""
TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - each is replaced by an empty one
"""Where programs leave what is nobody's: an empty place of the case's own is laid over each."""


_PEOPLE = 1000
"""The user ids below it are those of services."""


def hidden() -> list[str]:
    """What is there of all that is hidden, links followed, none below another, in the order of their paths."""
    wanted = [f"{home}/{name}" for home in homes() for name in IN_A_HOME] + list(OF_THE_SYSTEM)
    there = sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)})  # noqa: PTH110
    return [path for path in there if not any(below(path, other) for other in there if other != path)]


def homes() -> list[str]:
    """The user's home; for root, who may read them, everybody's."""
    found = [os.environ.get("HOME", "")]
    try:
        found.append(pwd.getpwuid(os.geteuid()).pw_dir)
        if os.geteuid() == 0:
            found += [entry.pw_dir for entry in pwd.getpwall() if entry.pw_uid == 0 or entry.pw_uid >= _PEOPLE]
    except KeyError:
        pass  # a container's user has no entry
    real = (os.path.realpath(home) for home in found if home.startswith("/"))
    return [home for home in dict.fromkeys(real) if home != "/" and Path(home).is_dir()]


def folder_of(program: str) -> str:
    """What has to be there so that a program can be started: its installation, as far as that can be told.

    A folder is itself.
    """
    path = Path(program)
    if path.is_dir():
        return program
    if "node_modules" in path.parts:
        return str(Path(*path.parts[: path.parts.index("node_modules")]))
    folder = path.parent
    return str(folder.parent if folder.name == "bin" and folder.parent != folder.parent.parent else folder)


def needed(programs: Iterable[str], covered: Iterable[str]) -> list[str]:
    """What of the programs' folders lies below a cover, and must be laid back in. Of a covered folder, never the whole.

    A program is there by the name that it is started by, and by what that links to.
    """
    covers = list(covered)
    found: dict[str, None] = {}
    for program in programs:
        for path in _links(program):
            folder = folder_of(path)
            folder = path if folder in covers else folder
            if any(below(folder, cover) for cover in covers if folder != cover):
                found[folder] = None
            elif any(below(path, cover) for cover in covers):
                found[path] = None
    return [each for each in found if not any(below(each, other) for other in found if other != each)]


def _links(program: str) -> Iterator[str]:
    """A path with its folder resolved, what it links to, and so on to the file itself."""
    for _ in range(40):
        folder, name = os.path.split(program)
        program = f"{os.path.realpath(folder)}/{name}"
        yield program
        if not os.path.islink(program):  # noqa: PTH114
            return
        program = os.path.normpath(f"{os.path.dirname(program)}/{os.readlink(program)}")  # noqa: PTH115, PTH120


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or something in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
