"""Which of a run's processes belong together: a job's tree, a hook's tree, the group of a shell."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from hookproof import processes
from hookproof.model.script import names_job
from hookproof.play.run import Run
from hookproof.records import Record
from hookproof.records.model import GateReached
from hookproof.records.sent import CodexGrandchild, CodexTurn


def below(
    pid: int, alive: Iterable[processes.ProcessInfo], *, without: int | None = None
) -> list[processes.ProcessInfo]:
    """The process and its descendants, by their parents as they are now, less the tree of `without`."""
    pool = list(alive)
    inside: list[processes.ProcessInfo] = [info for info in pool if info.identity.pid == pid != without]
    for info in inside:  # grows while it is walked
        children = (each for each in pool if each.ppid == info.identity.pid and each.identity.pid != without)
        inside += [child for child in children if child not in inside]
    return inside


def tree_of(
    root: processes.Identity | None, alive: Iterable[processes.ProcessInfo], *, without: int | None = None
) -> list[processes.ProcessInfo]:
    """As `below` of this very process: nothing where it has ended, whoever has its pid by now."""
    pool = list(alive)
    if root is None or all(info.identity != root for info in pool):
        return []
    return below(root.pid, pool, without=without)


def left_by_codex(job: str, records: Iterable[Record]) -> list[int]:
    """The pids of what a tool call of the job's Codex has left running, as a stand-in Codex tells of it.

    A Codex that several jobs share does not say in whose turn it was: it is the job's if that Codex had had no other's.
    """
    threads: set[str | None] = set()
    began: dict[int | None, set[str]] = {}
    left: dict[int, set[str]] = {}
    for record in records:
        if isinstance(record, GateReached) and record.job == job:
            threads.add(record.thread)
        elif isinstance(record, CodexTurn) and record.state == "started":
            began.setdefault(record.by, set()).add(record.thread_id)
        elif isinstance(record, CodexGrandchild):
            left[record.pid] = set(began.get(record.by, ()))
    return [pid for pid, of in left.items() if of and of <= threads]


def topmost_naming(job: str, alive: Iterable[processes.ProcessInfo]) -> processes.ProcessInfo | None:
    """The process whose command line names the job and whose parent's does not: the shell of its launch."""
    named = [info for info in alive if names_job(" ".join(info.argv), job)]
    pids = {info.identity.pid for info in named}
    return next((info for info in named if info.ppid not in pids), None)


def kill_tree(root: processes.Identity) -> list[int]:
    """Kill a process with all its descendants; each is stopped first, so that none is born unseen. Their pids.

    The descendants come from the system's own table of parents: a newborn does not carry the run's token yet.
    """
    return [identity.pid for identity in stop_tree(root) if processes.kill(identity)]


def stop_tree(root: processes.Identity) -> list[processes.Identity]:
    """Stop a process with all its descendants, and say who they are; nobody where it has ended."""
    tree = [root] if _stop(root) else []
    for parent in tree:  # grows while it is walked
        for child in _children(parent):
            if child not in tree and _stop(child):
                tree.append(child)
    return tree


def tree_now(root: processes.Identity) -> list[processes.Identity]:
    """A process with all its descendants as they are now. Quick where the system lists children: asked very often."""
    tree = [root] if processes.is_alive(root) else []
    for parent in tree:  # grows while it is walked
        tree += [child for child in _listed_children(parent) if child not in tree]
    return tree


def _listed_children(parent: processes.Identity) -> list[processes.Identity]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{parent.pid}/task").glob("*/children")]
    except OSError:  # a thread or the process has just ended
        lists = []
    if not lists:
        return _children(parent)
    found = (processes.identify(int(pid)) for pids in lists for pid in pids.split())
    return [identity for identity in found if identity is not None]


def is_stopped(identity: processes.Identity) -> bool:
    """Whether a process stands still after a signal."""
    try:
        return psutil.Process(identity.pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:  # it died meanwhile
        return False


def _stop(identity: processes.Identity) -> bool:
    if sys.platform == "win32":
        return processes.is_alive(identity)
    return processes.signal_process(identity, signal.SIGSTOP)


def _children(parent: processes.Identity) -> list[processes.Identity]:
    try:
        pids = [child.pid for child in psutil.Process(parent.pid).children()]
    except psutil.Error:
        return []
    found = (processes.identify(pid) for pid in pids)
    return [identity for identity in found if identity is not None]


async def outlived(infos: Iterable[processes.ProcessInfo], run: Run, *, until: Callable[[], bool]) -> list[int]:
    """Wait until all of them are dead and it is `until` what else is waited for, or nothing in the run moves any more.

    The pids of those that live on. Raises DeadlineMissedError, naming what still moves.
    """
    # a death that nobody was told of has no record
    watched = [info.identity for info in infos if run.deaths.watch(info.identity)]

    def alive() -> list[int]:
        return sorted(identity.pid for identity in watched if processes.is_alive(identity))

    await run.rest.until(lambda: not alive() and until(), f"the processes {alive()} to end")
    return alive()
