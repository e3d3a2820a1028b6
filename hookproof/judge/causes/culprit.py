"""The culprit: which hook of which session, or which act of the host, ended a job, by which signal, how soon.

Every field says whether it was observed (the wait status of a process that the harness had adopted, the sender of a
signal as the kernel told it, a hook's own record) or is inferred, and from what. An inference is never told as a fact.
"""

from __future__ import annotations

from typing import Literal

from hookproof.judge.run_view import HookRun, JobView, RunView
from hookproof.judge.verdict import Model
from hookproof.machine import signal_name
from hookproof.records import Record
from hookproof.records.model import ModelAnswer
from hookproof.records.sent import CodexSignal, SessionStarted

_LATE_MS = 1000.0
_AFTERMATH_MS = 2000.0
"""At the least: on a machine on which a run is given a longer patience, that."""


Whose = Literal["subagent", "main", "another"]
"""Which session a hook ran for: a subagent's own, the main one, or another."""


class Fact(Model):
    """One field of the culprit: observed, or inferred from something."""

    value: str | float
    how: Literal["observed", "inferred"]
    why: str


class NamedFact(Fact):
    """A fact of a cause that has no field of its own."""

    name: str


class Culprit(Model):
    """Who ended the job, or lost a context."""

    sentence: str
    """The whole, for people."""
    who: Fact
    session: Fact | None
    signal: Fact | None
    after_subagent_ms: Fact | None
    whose: Whose | None = None
    """`session` as data."""
    facts: list[NamedFact] = []
    """What else the cause is known by: of a lost context."""


_Part = tuple[str, Fact]
"""A field, and how the sentence puts it."""


def _culprit(
    who: Fact, signal: _Part | None, after: _Part | None, session: Fact | None, whose: Whose | None
) -> Culprit:
    parts = [str(who.value)]
    if session is not None:
        parts.append(f"of {session.value}")
    parts += [part[0] for part in (signal, after) if part is not None]
    return Culprit(
        sentence=" ".join(parts),
        who=who,
        session=session,
        signal=signal[1] if signal is not None else None,
        after_subagent_ms=after[1] if after is not None else None,
        whose=whose,
    )


def _fact(value: str | float, *, observed: bool, why: str) -> Fact:
    return Fact(value=value, how="observed" if observed else "inferred", why=why)


def find_culprit(view: RunView, job: JobView) -> Culprit | None:
    """The culprit of a job that was lost, or of a launch that never became one; None when nothing points at anybody."""
    shell = view.shell_ended_by_host(job)
    lost = job.lost or (shell if job.started is None else None)
    if lost is None:
        return None
    if shell is not None:
        inferred = bool(shell.inferred)
        why = (
            "the shell's wait status, and what had just ended"
            if inferred
            else "the host's own record of ending the shell"
        )
        who = _fact(f"the host itself, {shell.by_host}", observed=not inferred, why=why)
        return _culprit(who, _signal(job), _after_subagent(view, lost), None, None)
    sender = _sender(view, job, lost)
    run = sender[0] if sender else only_hook(view, lost.at)
    if run is None:
        return None
    if sender:
        pid, name = sender[1].sender_pid, sender[1].name
        why = f"the kernel named pid {pid}, of that hook, as the sender of {name} to the job's Codex"
    else:
        why = "the only SessionEnd hook that was running, or had ended just before, when the job was lost"
    who = _fact(f"the {run.event} hook", observed=sender is not None, why=why)
    whose = _whose(view, run)
    return _culprit(who, _signal(job), _after_subagent(view, lost), _session(view, job, run, whose), whose)


def _sender(view: RunView, job: JobView, lost: Record) -> tuple[HookRun, CodexSignal] | None:
    """The hook run whose process, or a child of it (a host runs hooks through a shell), sent Codex its signal."""
    alive = {process.pid for process in job.started.processes} if job.started else set()
    for record in view.of(CodexSignal):
        if record.by not in alive or abs(record.at - lost.at) > _at_least(_LATE_MS, view):
            continue
        for run in view.hooks:
            senders = {record.sender_pid, record.sender_ppid}
            if run.started.pid in senders and _near(view, run, record.at, after=0.0):
                return run, record
    return None


def _near(view: RunView, run: HookRun, at: float, *, after: float) -> bool:
    """Whether a hook was running at `at`, or had ended at most `after` milliseconds before.

    A host tells of a hook once it has started it; on a busy machine the hook may be quicker than the telling.
    """
    return run.started.at - _at_least(_LATE_MS, view) <= at and (run.ended is None or at <= run.ended.at + after)


def _at_least(ms: float, view: RunView) -> float:
    patience = view.case.patience
    return ms if patience is None else max(ms, patience.ms)


def only_hook(view: RunView, at: float) -> HookRun | None:
    """The one SessionEnd hook that can have done what was done at `at`; None when there is none, or more than one."""
    running = [run for run in view.session_end_hooks() if run.runs_at(at)]
    aftermath = _at_least(_AFTERMATH_MS, view)
    near = running or [run for run in view.session_end_hooks() if _near(view, run, at, after=aftermath)]
    return near[0] if len(near) == 1 else None


_SESSIONS: dict[Whose, str] = {
    "subagent": "the subagent's own session",
    "main": "the main session",
    "another": "another session",
}


def _whose(view: RunView, run: HookRun) -> Whose:
    started = next((r for r in view.of(SessionStarted) if r.session_id == run.session_id), None)
    if started is not None and started.agent_id:
        return "subagent"
    return "main" if run.session_id == view.main_session() else "another"


def _session(view: RunView, job: JobView, run: HookRun, whose: Whose) -> Fact:
    tagged = "the job's own" if view.session_tag(job) == run.session_id else "not the job's"
    why = "the session_id of the hook's payload, and the tag in the job's row"
    return _fact(f"{_SESSIONS[whose]} ({tagged})", observed=True, why=why)


def _signal(job: JobView) -> _Part | None:
    death = job.worker_death
    if death is None:
        return None
    if death.signal is None:
        if not death.observed:
            return None
        left = f"(the worker left by itself, exit code {death.code})"
        return left, _fact(left, observed=True, why="its wait status")
    name = signal_name(int(death.signal))
    return f"with {name}", _fact(name, observed=bool(death.observed), why="the worker's wait status")


def _after_subagent(view: RunView, lost: Record) -> _Part | None:
    """From the last word of the subagent that ended before the loss, to the loss."""
    facts = [
        record
        for record in view.of(ModelAnswer)
        if record.agent not in view.conversations() and record.text is not None and record.at <= lost.at
    ]
    if not facts:
        return None
    value = lost.at - facts[-1].at
    why = "the model's last answer to the subagent, and the loss"
    return f"{value:.0f} ms after the subagent's last word", _fact(value, observed=True, why=why)
