"""Reads processes from /proc: identity, whether they live, children, open files."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from hookproof.processes.base import STARTED_BY_VARIABLE, TOKEN_VARIABLE, Identity, Instant

TICKS = os.sysconf("SC_CLK_TCK")
AGAIN = 1000
"""How often a census looks again at what changes under its eyes."""
_MOST_FILES = 512
_LONGEST_NAME = 100
_TOKEN = os.fsencode(f"{TOKEN_VARIABLE}=")
_STARTED_BY = os.fsencode(f"{STARTED_BY_VARIABLE}=")


class Stat(NamedTuple):
    """The fields of /proc/PID/stat that matter here.

    Times are in clock ticks; `environment` is its size in bytes, None where a process has none: the kernel's own, the
    dying, and for some microseconds a process inside execve. `status` is as waitpid tells it.
    """

    identity: Identity
    dead: bool
    ppid: int
    pgid: int
    sid: int
    cpu: int
    memory: int
    environment: int | None
    status: int


def parse(pid: int, line: bytes) -> Stat:
    """Parse the content of /proc/PID/stat; proc_pid_stat(5) numbers the fields, the first here is its third."""
    fields = line[line.rindex(b")") + 2 :].split()
    # The first thread may end before the others: then the state is Z while the process goes on.
    dead = fields[0] in b"ZXx" and int(fields[17]) <= 1
    return Stat(
        identity=Identity(pid, int(fields[19])),
        dead=dead,
        ppid=int(fields[1]),
        pgid=int(fields[2]),
        sid=int(fields[3]),
        cpu=int(fields[11]) + int(fields[12]),
        memory=int(fields[20]),
        environment=None if fields[48] == b"0" else int(fields[48]) - int(fields[47]),
        status=int(fields[49]),
    )


def read_stat(pid: int) -> Stat | None:
    """The stat of `pid`, dead or alive, or None when nothing has that pid."""
    line = read(f"/proc/{pid}/stat")
    return parse(pid, line) if line else None


def instant() -> Instant:
    """Now, in seconds since boot: steps of the wall clock do not move it, and /proc counts in it."""
    return Instant(time.clock_gettime(time.CLOCK_BOOTTIME))


def began(identity: Identity) -> Instant:
    """When a process began, as `instant` counts; up to a tick before it did."""
    return Instant(identity.start / TICKS)


def identify(pid: int) -> Identity | None:
    """Who has this pid, or None when nobody or a zombie has it."""
    stat = read_stat(pid)
    return None if stat is None or stat.dead else stat.identity


def is_alive(identity: Identity) -> bool:
    """Whether this very process runs; a zombie does not."""
    return identify(identity.pid) == identity


def is_unreaped(identity: Identity) -> bool:
    """Whether this very process is a zombie."""
    stat = read_stat(identity.pid)
    return stat is not None and stat.dead and stat.identity == identity


def all_pids() -> Iterator[int]:
    """Every pid there is, then those given out meanwhile, until there are no newer ones.

    So nobody escapes by forking and ending faster than a census takes. Some of the newer are of threads.
    """
    newest = _newest_pid()
    yield from _listed_pids()
    for _ in range(AGAIN):
        before, newest = newest, _newest_pid()
        if newest == before:
            return
        yield from range(before + 1, newest + 1) if newest > before else _listed_pids()


def _listed_pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - thrice as fast as pathlib


def _newest_pid() -> int:
    return int((read("/proc/loadavg") or b"0").split()[-1])


def token_in(environment: bytes) -> bytes | None:
    """The token in the content of an `environ`, or None."""
    return _value(environment, _TOKEN)


def started_by(environment: bytes) -> str | None:
    """The run of a hook or shell that the content of an `environ` names, or None."""
    found = _value(environment, _STARTED_BY)
    return None if found is None else found.decode("utf-8", "replace")[:_LONGEST_NAME] or None


def _value(environment: bytes, name: bytes) -> bytes | None:
    """What follows `name`, which ends in "=", up to the end of its entry."""
    if environment.startswith(name):
        at = len(name)
    elif (at := environment.find(b"\0" + name)) >= 0:
        at += 1 + len(name)
    else:
        return None
    end = environment.find(b"\0", at)
    return environment[at:end] if end >= 0 else None


def carries_any_token(pid: int) -> bool:
    """Whether the process is of some run, whichever."""
    return token_in(read(f"/proc/{pid}/environ") or b"") is not None


def children() -> list[int]:
    """The pids of this process's children, dead ones included, whichever thread they hang on."""
    pids: list[int] = []
    for task in os.listdir("/proc/self/task"):  # noqa: PTH208
        listed = read(f"/proc/self/task/{task}/children")
        if listed is None and not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):  # noqa: PTH110
            return _children_by_parent()
        pids.extend(int(pid) for pid in (listed or b"").split())
    return pids


def _children_by_parent() -> list[int]:
    """As `children`, on a kernel that keeps no lists of them (CONFIG_PROC_CHILDREN)."""
    own = os.getpid()
    stats = (read_stat(pid) for pid in list(_listed_pids()))
    return [stat.identity.pid for stat in stats if stat is not None and stat.ppid == own]


def places(pid: int) -> Iterator[str]:
    """The paths that a process holds, as far as we may see: its directory, program and root, and its open files."""
    for name in ("cwd", "exe", "root"):
        with contextlib.suppress(OSError):
            yield os.readlink(f"/proc/{pid}/{name}")  # noqa: PTH115
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd")[:_MOST_FILES]:  # noqa: PTH208
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115


def may_inspect(pid: int) -> bool:
    """Whether the kernel shows us the private numbers of this process's stat; it shows zeros otherwise."""
    try:
        os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115
    except OSError:
        return False
    return True


def read(path: str, entry: int | None = None) -> bytes | None:
    """The content of a file of /proc, below the directory `entry` where there is one, or None."""
    try:
        file = os.open(path, os.O_RDONLY, dir_fd=entry)
    except OSError:
        return None
    try:
        content = os.read(file, 65536)
        if len(content) < 4096:
            return content
        while chunk := os.read(file, 65536):
            content += chunk
        return content
    except OSError:
        return None
    finally:
        os.close(file)
