"""Who is of a run, from one pass over /proc.

Of every process only numbers of `stat` are read; the environment only of those that are ours and young enough, and
nothing of it is kept but the token. A process is of a run that carries its token, whose parents lead to one that does
or that `spawn` started, or that this process adopted and `registry.attribute` holds to be the case's.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hookproof.processes import registry
from hookproof.processes.base import TOKEN_VARIABLE, Identity, Instant, ProcessInfo
from hookproof.processes.linux import proc, status
from hookproof.processes.linux.proc import AGAIN, TICKS, Stat
from hookproof.processes.registry import DESCENDANT, TOKEN, Attribution, Entry, Stray

_foreign: set[Identity] = set()
_foreign_groups: set[int] = set()
"""What others in this process started while a case was open, with all that was seen below it: left alone."""


def find(token: str, *, since: Instant, entry: Entry | None = None) -> Iterator[ProcessInfo]:
    """Yield each live process of the run; those with its token as soon as they are found, so that none forks on.

    Without `entry` those that carry the token and what descends from them; with it all that is of that open case.
    """
    census = _Census(token, since, entry)
    for pid in proc.all_pids():
        yield from census.examine(pid)
    # execve takes the old environment away some microseconds before the new one is there, and tells nobody when it
    # is done: such a process is looked at again, a bounded number of times.
    for _ in range(AGAIN):
        if not census.unclear:
            break
        os.sched_yield()
        again, census.unclear = census.unclear, []
        for pid in again:
            yield from census.examine(pid)
    yield from census.below()
    yield from census.strays()


def of_nobody() -> Iterator[ProcessInfo]:
    """The adopted processes that are of cases which are closed, all of them, and what is below: nobody ends these."""
    if not status.adopting() or not any(entry.closed is not None for entry in registry.entries()):
        return
    roots: list[Stat] = []
    for pid in proc.children():
        stat = proc.read_stat(pid)
        if stat is None or stat.dead or status.born(stat) != "elsewhere" or _is_foreign(stat):
            continue
        attribution = _attribute(stat)
        if attribution is not None and attribution.over:
            roots.append(stat)
            yield from _infos([stat], attribution.by)
    if roots:
        stats = (proc.read_stat(pid) for pid in proc.all_pids())
        yield from _infos(_descendants(roots, _by_parent(stat for stat in stats if stat is not None)), DESCENDANT)


def forget() -> None:
    """No case is open any more: what others start is no longer to be told from what cases leave."""
    _foreign.clear()
    _foreign_groups.clear()


class _Census:
    def __init__(self, token: str, since: Instant, entry: Entry | None) -> None:
        self._mark = os.fsencode(f"{TOKEN_VARIABLE}={token}\0")
        self._earliest = int(since * TICKS)
        self._entry = entry
        self._others = {
            each.token.encode(): each
            for each in (registry.entries() if entry is not None else ())
            if each is not entry and each.closed is None
        }
        self._adopts = entry is not None and status.adopting()
        self._uid = os.geteuid()
        self._self = os.getpid()
        self._reported: set[Identity] = set()
        self._young: dict[int, Stat] = {}
        self._old: set[int] = {0}
        self._children: dict[int, list[Stat]] = {}
        self.unclear: list[int] = []

    def examine(self, pid: int) -> Iterator[ProcessInfo]:
        line = proc.read(f"/proc/{pid}/stat")
        if not line or pid == self._self:
            self._young.pop(pid, None)
            return
        # Most are older: their start is all that is parsed.
        if int(line[line.rindex(b")") + 2 :].split(None, 20)[19]) < self._earliest:
            self._old.add(pid)
            return
        stat = self._young[pid] = proc.parse(pid, line)
        if stat.dead or stat.identity in self._reported:
            return
        try:
            # Pins the process: what is read through it is of this process or fails, even if the pid comes round.
            entry = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return
        try:
            if os.fstat(entry).st_uid == self._uid:
                yield from self._read_token(stat, entry)
        finally:
            os.close(entry)
        if stat.ppid == self._self and self._adopts and pid not in self.unclear:
            # at once: one that forks and ends for ever would be gone by the end of the pass
            yield from self._stray(stat)

    def _read_token(self, stat: Stat, entry: int) -> Iterator[ProcessInfo]:
        environment = proc.read("environ", entry)
        line = proc.read("stat", entry)
        if environment is None or not line:
            return
        now = proc.parse(stat.identity.pid, line)
        if environment.startswith(self._mark) or b"\0" + self._mark in environment:
            info = _described(now, entry, TOKEN)
            if info is not None:
                yield self._report(now, replace(info, started_by=proc.started_by(environment)))
        elif not environment and not _has_none(stat, now):
            self.unclear.append(stat.identity.pid)
        elif self._others and (other := self._others.get(proc.token_in(environment) or b"")) is not None:
            _note(other, now, TOKEN)

    def below(self) -> Iterator[ProcessInfo]:
        """Those whose parents lead to one of the run, whatever they carry and whoever owns them."""
        self._fill_gaps()
        self._children = _by_parent(self._young.values())
        roots = [stat for stat in self._young.values() if stat.identity in self._reported]
        if self._entry is not None:
            untold = [stat for stat in self._young.values() if stat.identity not in self._reported]
            for stat in [each for each in untold if each.identity in self._entry.known]:
                roots.append(stat)
                yield from self._describe(stat, self._entry.recognised(stat.identity))
        yield from self._descend(roots)
        for other in self._others.values():
            theirs = [stat for stat in self._young.values() if stat.identity in other.known]
            for stat in _descendants(theirs, self._children):
                if stat.identity not in other.known:
                    _note(other, stat, DESCENDANT)

    def strays(self) -> Iterator[ProcessInfo]:
        """Those that came to this process, and are the case's as far as anything tells by now."""
        if self._adopts:
            self._note_foreign()
            for stat in self._children.get(self._self, ()):
                if not stat.dead and stat.identity not in self._reported and stat.identity.pid not in self.unclear:
                    yield from self._stray(stat)
                    if stat.identity in self._reported:
                        yield from self._descend([stat])

    def _stray(self, stat: Stat) -> Iterator[ProcessInfo]:
        if stat.identity in self._reported or status.born(stat) != "elsewhere" or _is_foreign(stat):
            return
        attribution = _attribute(stat)
        if attribution is not None and attribution.entry is self._entry:
            yield from self._describe(stat, attribution.by)
        elif attribution is not None and attribution.entry is None:
            for info in _infos([stat], attribution.by):
                registry.note_undecided(attribution, info)

    def _fill_gaps(self) -> None:
        """A parent may end between the look at its child and that at itself: then the child has another one now."""
        for _ in range(AGAIN):
            gaps = [
                pid
                for pid, stat in self._young.items()
                if stat.ppid != self._self and stat.ppid not in self._young and stat.ppid not in self._old
            ]
            if not gaps:
                return
            for pid in gaps:
                stat = proc.read_stat(pid)
                if stat is None or stat.identity != self._young[pid].identity:
                    del self._young[pid]
                    continue
                self._young[pid] = stat
                parent = proc.read_stat(stat.ppid) if stat.ppid not in self._young else None
                if parent is not None and parent.identity.start < self._earliest:
                    self._old.add(stat.ppid)
                elif parent is not None:
                    self._young.setdefault(stat.ppid, parent)

    def _descend(self, roots: Iterable[Stat]) -> Iterator[ProcessInfo]:
        for stat in _descendants(roots, self._children):
            yield from self._describe(stat, DESCENDANT)

    def _describe(self, stat: Stat, by: str) -> Iterator[ProcessInfo]:
        if stat.identity not in self._reported and not stat.dead:
            for info in _infos([stat], by):
                yield self._report(stat, info)

    def _report(self, stat: Stat, info: ProcessInfo) -> ProcessInfo:
        self._reported.add(stat.identity)
        if self._entry is not None:
            _note(self._entry, stat, info.by)
        status.notice(stat.identity)
        return info

    def _note_foreign(self) -> None:
        """Remember what others here have started, while it can be told from what is of a case."""
        for pid in proc.children():
            stat = self._young.get(pid) or (proc.read_stat(pid) if pid in self._old else None)
            if stat is None or stat.dead or status.born(stat) != "here" or _is_known(stat):
                continue
            for each in (stat, *_descendants([stat], self._children)):
                _foreign.add(each.identity)
                _foreign_groups.update(_groups(each))


def _has_none(before: Stat, after: Stat) -> bool:
    """Whether an environment that read empty is empty, rather than just being replaced."""
    return after.dead or before.memory == after.memory == 0 or before.environment == after.environment == 0


def _groups(stat: Stat) -> frozenset[int]:
    """The session and the process group that it is in, unless they are this process's own."""
    return frozenset({stat.sid, stat.pgid}) - {os.getsid(0), os.getpgrp(), 0}


def _by_parent(stats: Iterable[Stat]) -> dict[int, list[Stat]]:
    children: dict[int, list[Stat]] = {}
    for stat in stats:
        children.setdefault(stat.ppid, []).append(stat)
    return children


def _descendants(roots: Iterable[Stat], children: dict[int, list[Stat]]) -> Iterator[Stat]:
    parents = list(roots)
    seen = {stat.identity for stat in parents}
    for parent in parents:  # grows while it is walked
        for stat in children.get(parent.identity.pid, ()):
            if stat.identity not in seen and _is_child(stat, parent):
                seen.add(stat.identity)
                parents.append(stat)
                yield stat


def _is_child(stat: Stat, parent: Stat) -> bool:
    """Whether it is this very parent's child, or was when it ended: a pass may last until pids come round."""
    now = proc.read_stat(stat.identity.pid)
    if now is None or now.identity != stat.identity or now.ppid != parent.identity.pid:
        return False
    # Looked at after the child was: who had the pid before and still has it, had it all the time.
    of_parent = proc.read_stat(parent.identity.pid)
    return of_parent is not None and of_parent.identity == parent.identity


def _infos(stats: Iterable[Stat], by: str) -> Iterator[ProcessInfo]:
    """What there is to say of those that live; nothing of what is gone, or is but a thread."""
    for stat in stats:
        try:
            entry = os.open(f"/proc/{stat.identity.pid}", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            line = proc.read("stat", entry)
            now = proc.parse(stat.identity.pid, line) if line else None
            info = _described(now, entry, by) if now is not None and now.identity == stat.identity else None
        finally:
            os.close(entry)
        if info is not None:
            status.notice(info.identity)
            yield info


def _described(stat: Stat, entry: int, by: str) -> ProcessInfo | None:
    pid = stat.identity.pid
    if stat.dead or b"\nTgid:\t%d\n" % pid not in (proc.read("status", entry) or b""):
        return None
    argv = (proc.read("cmdline", entry) or b"").removesuffix(b"\0")
    # one that has overwritten its command line away still has the name of its program
    named = argv.split(b"\0") if argv else [b"[" + (proc.read("comm", entry) or b"?").strip() + b"]"]
    return ProcessInfo(
        identity=stat.identity,
        ppid=stat.ppid,
        pgid=stat.pgid,
        sid=stat.sid,
        argv=[os.fsdecode(word) for word in named],
        cpu_seconds=stat.cpu / TICKS,
        created=time.time() - proc.instant() + stat.identity.start / TICKS,
        by=by,
    )


def _note(entry: Entry, stat: Stat, by: str) -> None:
    registry.note(entry, stat.identity, by, _groups(stat))


def _is_known(stat: Stat) -> bool:
    return any(stat.identity in each.known for each in registry.entries())


def _is_foreign(stat: Stat) -> bool:
    return stat.identity in _foreign or bool(_groups(stat) & _foreign_groups)


def _attribute(stat: Stat) -> Attribution | None:
    """Whose an adopted process is; None while it replaces itself, when nothing of it can be told."""
    pid = stat.identity.pid
    for _ in range(AGAIN):
        environment = proc.read(f"/proc/{pid}/environ")
        now = proc.read_stat(pid)
        if now is None or now.identity != stat.identity:
            return None
        if environment is None or environment or _has_none(stat, now):
            token = proc.token_in(environment or b"")
            return registry.attribute(
                Stray(
                    identity=stat.identity,
                    began=proc.began(stat.identity),
                    groups=_groups(now),
                    token=None if token is None else token.decode("ascii", "replace"),
                    places=lambda: proc.places(pid),
                )
            )
        os.sched_yield()
    return None
