"""What a plugin left running when every session was over: what counts, what started it, and how that is told.

Pure functions of the run view, for the checks. What started a process is said by its environment, in which stand-ins
and the tap name the run of a hook or a shell; else by the parents that it was seen with while they lived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hookproof.codex_process import is_codex
from hookproof.judge.checks.outcomes import is_stray, short, without_token
from hookproof.judge.run_view import RunView
from hookproof.records.faults import Fault
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import Cancel, CancelBegan, JobStarted, SnapshotTaken
from hookproof.records.model import ModelLoop
from hookproof.records.parts import Process
from hookproof.records.run import Census
from hookproof.records.sent import CodexGrandchild, ShellStarted

_MOST_GROUPS = 4
_MOST_PIDS = 6
Key = tuple[int, int]
"""Pid and start: one process."""


@dataclass(frozen=True, slots=True)
class Left:
    """What lives on that should not: what the plugin answers for, and what Codex does."""

    plugins: list[Process]
    codex: list[Process]
    """Left by tool calls of a job's Codex, which itself does not end them (openai/codex#42717, #27758)."""


def left(view: RunView, census: Census) -> Left:
    """What of a census no listed job accounts for."""
    return split(view, view.unaccounted(census))


def split(view: RunView, processes: Iterable[Process]) -> Left:
    """Processes that live on, by who answers for them."""
    tools, all_of_them = of_codex(view), list(processes)
    codex = [process for process in all_of_them if _key(process) in tools]
    return Left([process for process in all_of_them if process not in codex], codex)


def of_codex(view: RunView) -> set[Key]:
    """What tool calls of the Codex of a job have started, with all that these have, as it was seen below it.

    A Codex that is the host has hooks below it, too: those are the plugin's.
    """
    found: set[Key] = set()
    told = {record.pid for record in view.of(CodexGrandchild)}
    hosts = {record.pid for record in view.of(HostStarted)}
    for processes in _seen(view):
        codex = {process.pid for process in processes if is_codex(process.argv) and process.pid not in hosts}
        tools = {each.pid for each in processes if each.pid in told or (each.ppid in codex and each.pid not in codex)}
        found |= {_key(process) for process in processes if process.pid in _with_children(tools, processes)}
    return found


def _with_children(pids: set[int], processes: list[Process]) -> set[int]:
    found = set(pids)
    while more := {each.pid for each in processes if each.ppid in found} - found:
        found |= more
    return found


def not_charged(view: RunView, census: Census) -> str | None:
    """Why nobody can ask the plugin for what is left: what would have ended it was hit by a fault, or never came."""
    if view.of(ModelLoop):
        return "the case was broken off while an agent went round in a loop"
    for fault in view.records:
        if not isinstance(fault, Fault) or fault.prevents_end is None or not fault.happened or fault.seq > census.seq:
            continue
        undone = fault.undone_by
        if undone is None or not any(isinstance(each, undone) and each.seq > fault.seq for each in view.records):
            return fault.prevents_end
    return None


def told(view: RunView, processes: Iterable[Process]) -> str:
    """Processes by program and by what started them; those without the run's token first, for whom nobody looks."""
    groups: defaultdict[tuple[str, str], list[Process]] = defaultdict(list)
    for process in sorted(processes, key=lambda each: not is_stray(each)):
        program = f"{short(' '.join(process.argv))}{without_token(process)}"
        groups[program, started_by(view, process)].append(process)
    shown = [_group(program, whence, members) for (program, whence), members in groups.items()]
    more = [f"{len(shown) - _MOST_GROUPS} more"] if len(shown) > _MOST_GROUPS else []
    return "; ".join([*shown[:_MOST_GROUPS], *more])


def _group(program: str, whence: str, members: list[Process]) -> str:
    pids = ", ".join(str(each.pid) for each in members[:_MOST_PIDS]) + (", ..." if len(members) > _MOST_PIDS else "")
    named = f"pid {pids}: {program}" if len(members) == 1 else f"{len(members)} times {program} (pids {pids})"
    return f"{named}, {whence}"


def started_by(view: RunView, process: Process) -> str:
    """What started a process, as a clause."""
    hook = next((run for run in view.hooks if run.started.run == process.started_by), None)
    if hook is not None:
        return f"started by the {hook.event} hook `{short(hook.started.command)}`"
    job = next((name for name, tree in _trees(view) if _key(process) in tree), None)
    if job is not None:
        return f"started for the job {job}"
    shell = next((each for each in view.of(ShellStarted) if each.run == process.started_by and each.run), None)
    if shell is not None:
        jobs = [name for name, each in view.jobs.items() if each.call and each.call.tool_use_id == shell.tool_use_id]
        return (
            f"started by the shell that launched {' and '.join(jobs)}" if jobs else "started by a shell of the model's"
        )
    parent = _parent(view, process)
    return f"started by {short(' '.join(parent.argv))}" if parent else "nobody saw what started it"


def _trees(view: RunView) -> Iterator[tuple[str, set[Key]]]:
    """The worker of each job with all below it, when the job began."""
    for started in view.of(JobStarted):
        if started.worker is not None:
            pids = _with_children({started.worker}, started.processes)
            yield started.job, {_key(process) for process in started.processes if process.pid in pids}


def _parent(view: RunView, process: Process) -> Process | None:
    """The parent with which it was seen, as that was then."""
    for processes in _seen(view):
        known = {each.pid: each for each in processes}
        own = known.get(process.pid)
        if own is not None and own.start == process.start and own.ppid in known:
            return known[own.ppid]
    return None


def _seen(view: RunView) -> Iterator[list[Process]]:
    """Every list of processes that somebody counted, in its order."""
    for record in view.records:
        if isinstance(record, JobStarted | SnapshotTaken | Census):
            yield record.processes
        elif isinstance(record, CancelBegan | Cancel):
            yield record.tree


def _key(process: Process) -> Key:
    return process.pid, process.start
