"""The culprit: which hook of which session, or which act of the host, ended a job, by which signal, how soon.

Every field says whether it was observed (the wait status of a process that the harness had adopted, the sender of a
signal as the kernel told it, a hook's own record) or is inferred, and from what. An inference is never told as a fact.
"""

from __future__ import annotations

from typing import Literal

from hookproof.judge.causes.act import ByHost, find_act
from hookproof.judge.causes.evidence import own_session
from hookproof.judge.run_view import HookRun, JobView, RunView
from hookproof.judge.verdict import Model
from hookproof.machine import signal_name
from hookproof.records import Record
from hookproof.records.model import ModelAnswer
from hookproof.records.sent import SessionStarted

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
    act = find_act(view, job)
    if isinstance(act, ByHost):
        shell = act.shell
        why = (
            "the shell's wait status, and what had just ended"
            if shell.inferred
            else "the host's own record of ending the shell"
        )
        who = _fact(f"the host itself, {shell.by_host}", observed=not shell.inferred, why=why)
        return _culprit(who, _signal(job), _after_subagent(view, job.lost or shell), None, None)
    if act is None or act.others or job.lost is None:
        return None
    run = act.run
    if act.signal is not None:
        pid, name = act.signal.sender_pid, act.signal.name
        why = f"the kernel named pid {pid}, of that hook, as the sender of {name} to the job's Codex"
    else:
        why = "no other session's SessionEnd hook was running, or had ended just before, when the job was lost"
    who = _fact(f"the {run.event} hook", observed=act.observed, why=why)
    whose = _whose(view, run)
    return _culprit(who, _signal(job), _after_subagent(view, job.lost), _session(view, job, run, whose), whose)


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
    tagged = "the job's own" if own_session(view, job) == run.session_id else "not the job's"
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
