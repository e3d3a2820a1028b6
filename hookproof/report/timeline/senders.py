"""Who ended what, and when a requirement was broken: the two things that a picture is looked at for.

A sender that the kernel named is certain. Otherwise the one who can have done it is named, and called inferred: the
host that ended the shell just then, or the only SessionEnd hook of the moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from hookproof.judge.agent_view import STARTS
from hookproof.judge.causes.culprit import only_hook
from hookproof.judge.run_view import HookRun, RunView
from hookproof.records import Record
from hookproof.records.faults import Fault, PidPlanted
from hookproof.records.jobs import Cancel, JobsLaunched
from hookproof.records.model import ModelRequest
from hookproof.records.run import Census, ProcessDied, SessionsEnd
from hookproof.records.told import CodexSignal, ShellEnded, ShellStarted
from hookproof.report.timeline.lanes import HARNESS, HOOKS, Cast

_HOST_MS = 1000.0
_REQUEST = re.compile(r"\bmodel request (\d+)")
_AGENT = re.compile(r"^([^\s:]+): ")


class Outcome(Protocol):
    """What is needed of a check's outcome."""

    @property
    def id(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def seen(self) -> str: ...
    @property
    def detail(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a signal."""

    lane: str
    words: str
    certain: bool
    why: str


def sender(view: RunView, cast: Cast, record: ProcessDied | CodexSignal) -> Sender | None:
    """Who sent the signal of which a process died, or of which Codex told; None when nothing points at anybody."""
    if isinstance(record, CodexSignal):
        return _named(view, cast, record)
    told = next(
        (each for each in view.of(CodexSignal) if each.by == record.pid and each.signal == record.signal),
        None,
    )
    if told is not None:
        return _named(view, cast, told)
    return _host(view, cast, record) or _hook(view, record)


def _named(view: RunView, cast: Cast, record: CodexSignal) -> Sender:
    senders = {record.sender_pid, record.sender_ppid}
    why = f"observed: the kernel named pid {record.sender_pid} as the sender"
    for run in view.hooks:
        if run.started.pid in senders and run.started.at - _HOST_MS <= record.at:
            return Sender(HOOKS, f"by the {run.event} hook", certain=True, why=why)
    lane = cast.process(record.sender_pid) or cast.process(record.sender_ppid)
    if lane is not None:
        return Sender(lane, f"by {cast.name(lane)}", certain=True, why=why)
    return Sender(HARNESS, f"by pid {record.sender_pid}", certain=True, why=why)


def _host(view: RunView, cast: Cast, record: ProcessDied) -> Sender | None:
    starts = {each.run: each for each in view.of(ShellStarted)}
    for shell in view.of(ShellEnded):
        by, begun = str(shell.ended_by), starts.get(shell.run)
        if begun is None or not by.startswith("host") or abs(shell.at - record.at) > _HOST_MS:
            continue
        host = cast.process(begun.by) or cast.main
        own = begun.pid == record.pid and not shell.inferred
        why = "observed: the host’s own record" if own else "inferred: the host ended the shell just then"
        return Sender(host, f"by the host, {by.removeprefix('host ')}", certain=own, why=why)
    return None


def _hook(view: RunView, record: Record) -> Sender | None:
    if only_hook(view, record.at) is None:
        return None
    why = "inferred: it was the only SessionEnd hook that was running then, or had just ended"
    return Sender(HOOKS, "by the SessionEnd hook", certain=False, why=why)


def broken(view: RunView, outcomes: Iterable[Outcome]) -> dict[int, list[Outcome]]:
    """By the sequence number of a record: the requirements that were broken there, as far as the journal shows."""
    found: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.verdict == "violates":
            found.setdefault(_moment(view, outcome), []).append(outcome)
    return found


def _moment(view: RunView, outcome: Outcome) -> int:
    record = _of_agent(view, outcome) if outcome.id.startswith("CTX") else _of_job(view, outcome)
    if record is None:
        record = next(iter(view.of(Census)), None) or (view.records[-1] if view.records else None)
    return int(record.seq) if record else 0


def _of_job(view: RunView, outcome: Outcome) -> Record | None:
    job = view.first_job()
    if job is None:
        return None
    lost = job.lost
    evidence: dict[str, Record | None] = {
        "JOB-04": view.snapshot_after(job.ended or job.started),
        "JOB-06": view.snapshot_after(lost),
        "JOB-21": view.snapshot_after(job.ended or lost),
        "JOB-07": next(iter(view.of(Census)), None),
        "JOB-08": job.result,
        "JOB-26": job.call,
        "JOB-28": next(iter(view.of(ShellEnded)), None),
    }
    if outcome.id in evidence:
        return evidence[outcome.id]
    if outcome.id in _LATER:
        return _after_fault(view, outcome)
    asked = [each for each in view.of(ModelRequest) if each.agent == "main"]
    return lost or job.refused or (asked[-1] if asked else None)


_LATER = frozenset(f"JOB-{number:02}" for number in (*range(9, 15), *range(16, 21), *range(22, 26)))
"""What is judged by what the plugin made of something that the scenario had done."""


def _after_fault(view: RunView, outcome: Outcome) -> Record | None:
    """The death of a planted process, the hook that was late, a session's start again; else the first look after it."""
    deeds = [*view.of(Fault), *view.of(Cancel), *view.of(SessionsEnd), *view.of(JobsLaunched)]
    since = min((int(deed.seq) for deed in deeds), default=0)
    if outcome.id == "JOB-14":
        planted = {(fault.pid, fault.start) for fault in view.of(PidPlanted)}
        return next((death for death in view.of(ProcessDied) if (death.pid, death.start) in planted), None)
    if outcome.id == "JOB-11":
        return next((run.ended for run in view.session_end_hooks() if run.ended is not None), None)
    if outcome.id == "JOB-20":
        return next(iter(view.of(Fault)), None)
    if outcome.seen in {"left behind", "teardown looks elsewhere"}:
        return next(iter(view.of(Census)), None)
    return next((snapshot for snapshot in view.snapshots if snapshot.seq > since), None)


def _of_agent(view: RunView, outcome: Outcome) -> Record | None:
    number, name = _REQUEST.search(outcome.detail), _AGENT.match(outcome.detail)
    requests = view.of(ModelRequest)
    if number is not None:
        return next((each for each in requests if each.n == int(number[1])), None)
    if name is None:
        return None
    asked = next((each for each in requests if each.agent == name[1]), None)
    if outcome.seen in {"emitted", "timed out", "failed"} and asked is not None:
        ended = (run.ended for run in view.hooks if run.event in STARTS and _thread(run) == asked.thread)
        return next((each for each in ended if each is not None), asked)
    return asked


def _thread(run: HookRun) -> object:
    payload = run.started.payload or {}
    return run.started.thread_id or payload.get("agent_id") or payload.get("session_id")
