"""Who ended what: what a picture is looked at for.

A sender that the kernel named is certain. Otherwise the one who can have done it is named, and called inferred: the
host that ended the shell just then, or the only SessionEnd hook of the moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from hookproof.judge.causes.act import only_hook
from hookproof.judge.causes.evidence import at_rest_between, may_have_done
from hookproof.judge.run_view import RunView
from hookproof.records import Record
from hookproof.records.run import ProcessDied
from hookproof.records.sent import CodexSignal, ShellEnded, ShellStarted
from hookproof.report.timeline.lanes import HARNESS, HOOKS, Lanes


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a signal."""

    lane: str
    words: str
    certain: bool
    why: str


def sender(view: RunView, lanes: Lanes, record: ProcessDied | CodexSignal) -> Sender | None:
    """Who sent the signal of which a process died, or of which Codex told; None when nothing points at anybody."""
    if isinstance(record, CodexSignal):
        return _named(view, lanes, record)
    told = next(
        (each for each in view.of(CodexSignal) if each.by == record.pid and each.signal == record.signal),
        None,
    )
    if told is not None:
        return _named(view, lanes, told)
    return _host(view, lanes, record) or _hook(view, record)


def _named(view: RunView, lanes: Lanes, record: CodexSignal) -> Sender:
    senders = {record.sender_pid, record.sender_ppid}
    why = f"observed: the kernel named pid {record.sender_pid} as the sender"
    for run in view.hooks:
        if run.started.pid in senders and may_have_done(view, run, record):
            return Sender(HOOKS, f"by the {run.event} hook", certain=True, why=why)
    lane = lanes.process(record.sender_pid) or lanes.process(record.sender_ppid)
    if lane is not None:
        return Sender(lane, f"by {lanes.name(lane)}", certain=True, why=why)
    return Sender(HARNESS, f"by pid {record.sender_pid}", certain=True, why=why)


def _host(view: RunView, lanes: Lanes, record: ProcessDied) -> Sender | None:
    starts = {each.run: each for each in view.of(ShellStarted)}
    for shell in view.of(ShellEnded):
        begun = starts.get(shell.run)
        if begun is None or shell.by_host is None or at_rest_between(view, shell, record):
            continue
        host = lanes.process(begun.by) or lanes.main
        own = begun.pid == record.pid and not shell.inferred
        why = "observed: the host’s own record" if own else "inferred: the host ended the shell just then"
        return Sender(host, f"by the host, {shell.by_host}", certain=own, why=why)
    return None


def _hook(view: RunView, record: Record) -> Sender | None:
    if only_hook(view, record) is None:
        return None
    why = "inferred: it was the only SessionEnd hook that was running then, or had just ended"
    return Sender(HOOKS, "by the SessionEnd hook", certain=False, why=why)
