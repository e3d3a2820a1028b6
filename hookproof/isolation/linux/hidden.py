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
import stat
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
BY_VARIABLE = (
    *("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GNUPGHOME", "PASSWORD_STORE_DIR"),
    *("DOCKER_CONFIG", "KUBECONFIG", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AZURE_CONFIG_DIR"),
    *("CLOUDSDK_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "NETRC", "NPM_CONFIG_USERCONFIG", "npm_config_userconfig"),
    "SSH_AUTH_SOCK",
)
"""Variables that say where such things are instead."""
OF_THE_SYSTEM = ("/run", "/var/run", "/etc/shadow", "/etc/gshadow", "/etc/ssl/private")
"""The sockets of the system's and the user's services, and what root alone can read."""
TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - each is replaced by an empty one
"""Where programs leave what is nobody's: an empty place of the case's own is laid over each."""

_PEOPLE = 1000
"""The user ids below it are those of services."""
_LINKS_BELOW = 2
"""So deep in a covered folder links are followed: there programs keep their settings, and who keeps those in a
repository links them. All of a folder would be too much to read at each start."""


def hidden() -> list[str]:
    """What is there of all that is hidden, links followed, none below another, in the order of their paths."""
    own = homes()
    of_users = _there(f"{home}/{name}" for home in own for name in IN_A_HOME)
    named = _there(place for name in BY_VARIABLE for place in os.environ.get(name, "").split(os.pathsep))
    of_users |= {place for place in named if _is_private(place, own)}
    led_to = {place for folder in of_users for place in _led_to(folder, _LINKS_BELOW) if _is_private(place, own)}
    there = sorted(_there(OF_THE_SYSTEM) | of_users | led_to)
    there = [place for place in there if not any(below(home, place) for home in own)]
    return [place for place in there if not any(below(place, other) for other in there if other != place)]


def _there(paths: Iterable[str]) -> set[str]:
    return {os.path.realpath(path) for path in paths if path.startswith("/") and os.path.exists(path)}  # noqa: PTH110


def _led_to(folder: str, depth: int) -> Iterator[str]:
    """What the links in a folder lead to, where that is there."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # a file, or nobody may read it
    for entry in entries:
        if entry.is_symlink():
            yield from _there([entry.path])
        elif depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _led_to(entry.path, depth - 1)


def _is_private(place: str, own: Iterable[str]) -> bool:
    """Whether it is not the system's: in a home, or closed to others. A program is no secret."""
    try:
        status = os.stat(place)  # noqa: PTH116
    except OSError:
        return False
    if stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IXUSR:
        return False
    return any(below(place, home) for home in own if home != "/") or not status.st_mode & stat.S_IROTH


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
    return [home for home in dict.fromkeys(real) if Path(home).is_dir()]


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

    A program is there by the name that it is started by, and by what that links to. Words that are no paths of
    anything are left out: among the words that start a program are its options.
    """
    covers = list(covered)
    found: dict[str, None] = {}
    for program in (each for each in programs if each.startswith("/") and os.path.exists(each)):  # noqa: PTH110
        for path in _links(program):
            folder = folder_of(path)
            if folder in covers:
                modules = f"{folder}/node_modules"
                folder = modules if below(path, modules) else path
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
