"""What /proc tells of processes: who they are, whether they live, and which of them carry a run's token.

Only numbers of `stat` are read of every process; the environment only of processes that are ours and young enough,
and nothing of it is kept but whether the token is there.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from hookproof.processes.base import TOKEN_VARIABLE, Identity, Instant, ProcessInfo

_TICKS = os.sysconf("SC_CLK_TCK")
_AGAIN = 1000


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
    line = _read(f"/proc/{pid}/stat")
    return parse(pid, line) if line else None


def instant() -> Instant:
    """Now, in seconds since boot: steps of the wall clock do not move it, and /proc counts in it."""
    return Instant(time.clock_gettime(time.CLOCK_BOOTTIME))


def identify(pid: int) -> Identity | None:
    """Who has this pid, or None when nobody or a zombie has it."""
    stat = read_stat(pid)
    return None if stat is None or stat.dead else stat.identity


def is_alive(identity: Identity) -> bool:
    """Whether this very process runs; a zombie does not."""
    return identify(identity.pid) == identity


def find(token: str, *, since: Instant) -> Iterator[ProcessInfo]:
    """Yield each live process with the token as soon as it is found, so that a sweep can end it before it forks on."""
    census = _Census(token, since)
    for pid in _all_pids():
        yield from census.examine(pid)
    # execve takes the old environment away some microseconds before the new one is there, and tells nobody when it
    # is done: such a process is looked at again, a bounded number of times.
    for _ in range(_AGAIN):
        if not census.undecided:
            return
        os.sched_yield()
        again, census.undecided = census.undecided, []
        for pid in again:
            yield from census.examine(pid)


def _all_pids() -> Iterator[int]:
    """Every pid there is, then those given out meanwhile, until there are no newer ones.

    So nobody escapes by forking and ending faster than a census takes. Some of the newer are of threads.
    """
    newest = _newest_pid()
    yield from _listed_pids()
    for _ in range(_AGAIN):
        before, newest = newest, _newest_pid()
        if newest == before:
            return
        yield from range(before + 1, newest + 1) if newest > before else _listed_pids()


def _listed_pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - thrice as fast as pathlib


def _newest_pid() -> int:
    return int((_read("/proc/loadavg") or b"0").split()[-1])


class _Census:
    def __init__(self, token: str, since: Instant) -> None:
        self._mark = os.fsencode(f"{TOKEN_VARIABLE}={token}\0")
        self._earliest = int(since * _TICKS)
        self._uid = os.geteuid()
        self._self = os.getpid()
        self._boot = time.time() - instant()
        self._told: set[Identity] = set()
        self.undecided: list[int] = []

    def examine(self, pid: int) -> Iterator[ProcessInfo]:
        line = _read(f"/proc/{pid}/stat")
        # Most are older: their start is all that is parsed.
        if not line or pid == self._self or int(line[line.rindex(b")") + 2 :].split(None, 20)[19]) < self._earliest:
            return
        stat = parse(pid, line)
        if stat.dead or stat.identity in self._told:
            return
        try:
            # Pins the process: what is read through it is of this process or fails, even if the pid comes round.
            entry = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return
        try:
            if os.fstat(entry).st_uid != self._uid:
                return
            environment = _read("environ", entry)
            line = _read("stat", entry)
            if environment is None or not line:
                return
            if environment.startswith(self._mark) or b"\0" + self._mark in environment:
                if b"\nTgid:\t%d\n" % pid in (_read("status", entry) or b""):
                    yield self._info(parse(pid, line), _read("cmdline", entry) or b"")
            elif not environment and not self._has_none(stat, parse(pid, line)):
                self.undecided.append(pid)
        finally:
            os.close(entry)

    @staticmethod
    def _has_none(before: Stat, after: Stat) -> bool:
        """Whether an environment that read empty is empty, rather than just being replaced."""
        return after.dead or before.memory == after.memory == 0 or before.environment == after.environment == 0

    def _info(self, stat: Stat, cmdline: bytes) -> ProcessInfo:
        self._told.add(stat.identity)
        return ProcessInfo(
            identity=stat.identity,
            ppid=stat.ppid,
            pgid=stat.pgid,
            sid=stat.sid,
            argv=[os.fsdecode(word) for word in cmdline.split(b"\0")[:-1]],
            cpu_seconds=stat.cpu / _TICKS,
            created=self._boot + stat.identity.start / _TICKS,
        )


def carries_any_token(pid: int) -> bool:
    """Whether the process is of some run, whichever."""
    mark = os.fsencode(f"{TOKEN_VARIABLE}=")
    environment = _read(f"/proc/{pid}/environ") or b""
    return environment.startswith(mark) or b"\0" + mark in environment


def children() -> list[int]:
    """The pids of this process's children, dead ones included, whichever thread they hang on."""
    pids: list[int] = []
    for task in os.listdir("/proc/self/task"):  # noqa: PTH208
        pids.extend(int(pid) for pid in (_read(f"/proc/self/task/{task}/children") or b"").split())
    return pids


def may_inspect(pid: int) -> bool:
    """Whether the kernel shows us the private numbers of this process's stat; it shows zeros otherwise."""
    try:
        os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115
    except OSError:
        return False
    return True


def _read(path: str, entry: int | None = None) -> bytes | None:
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
