"""The culprit: which hook of which session, or which act of the host, ended a job, by which signal, how soon.

Every field says whether it was observed (the wait status of a process that the harness had adopted, the sender of a
signal as the kernel told it, a hook's own record) or is inferred, and from what. An inference is never told as a fact.
"""

from __future__ import annotations

import signal as signals
from dataclasses import dataclass
from typing import Any

from hookproof.judge.run_view import HookRun, JobView, RunView
from hookproof.records import Record
from hookproof.records.model import ModelAnswer
from hookproof.records.told import CodexSignal, SessionStarted

_LATE_MS = 1000.0
_AFTERMATH_MS = 2000.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One field of the culprit."""

    value: Any
    observed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who ended the job."""

    who: Finding
    session: Finding | None
    signal: Finding | None
    after_subagent_ms: Finding | None

    def sentence(self) -> str:
        """For people."""
        parts = [str(self.who.value)]
        if self.session is not None:
            parts.append(f"of {self.session.value}")
        if self.signal is not None:
            parts.append(str(self.signal.value) if " " in str(self.signal.value) else f"with {self.signal.value}")
        if self.after_subagent_ms is not None:
            parts.append(f"{self.after_subagent_ms.value:.0f} ms after the subagent's last word")
        return " ".join(parts)


def find_culprit(view: RunView, job: JobView) -> Culprit | None:
    """The culprit of a job that was lost, or of a launch that never became one; None when nothing points at anybody."""
    shell = view.shell_ended_by_host(job)
    lost = job.lost or (shell if job.started is None else None)
    if lost is None:
        return None
    if shell is not None:
        when = str(shell.ended_by).removeprefix("host ")
        inferred = bool(shell.inferred)
        why = (
            "the shell's wait status, and what had just ended"
            if inferred
            else "the host's own record of ending the shell"
        )
        who = Finding(f"the host itself, {when}", observed=not inferred, why=why)
        return Culprit(who, None, _signal(job), _after_subagent(view, lost))
    sender = _sender(view, job, lost)
    run = sender[0] if sender else only_hook(view, lost.at)
    if run is None:
        return None
    if sender:
        pid, name = sender[1].sender_pid, sender[1].name
        why = f"the kernel named pid {pid}, of that hook, as the sender of {name} to the job's Codex"
    else:
        why = "the only SessionEnd hook that was running, or had ended within two seconds, when the job was lost"
    who = Finding(f"the {run.event} hook", observed=sender is not None, why=why)
    return Culprit(who, _whose(view, job, run), _signal(job), _after_subagent(view, lost))


def _sender(view: RunView, job: JobView, lost: Record) -> tuple[HookRun, CodexSignal] | None:
    """The hook run whose process, or a child of it (a host runs hooks through a shell), sent Codex its signal."""
    alive = {process.pid for process in job.started.processes} if job.started else set()
    for record in view.of(CodexSignal):
        if record.by not in alive or abs(record.at - lost.at) > _LATE_MS:
            continue
        for run in view.hooks:
            senders = {record.sender_pid, record.sender_ppid}
            if run.started.pid in senders and _near(run, record.at, after=0.0):
                return run, record
    return None


def _near(run: HookRun, at: float, *, after: float) -> bool:
    """Whether a hook was running at `at`, or had ended at most `after` milliseconds before.

    A host tells of a hook once it has started it; on a busy machine the hook may be quicker than the telling.
    """
    return run.started.at - _LATE_MS <= at and (run.ended is None or at <= run.ended.at + after)


def only_hook(view: RunView, at: float) -> HookRun | None:
    """The one SessionEnd hook that can have done what was done at `at`; None when there is none, or more than one."""
    running = [run for run in view.session_end_hooks() if run.runs_at(at)]
    near = running or [run for run in view.session_end_hooks() if _near(run, at, after=_AFTERMATH_MS)]
    return near[0] if len(near) == 1 else None


def _whose(view: RunView, job: JobView, run: HookRun) -> Finding:
    begun = next((r for r in view.of(SessionStarted) if r.session_id == run.session_id), None)
    if begun is not None and begun.agent_id:
        role = "the subagent's own session"
    else:
        role = "the main session" if run.session_id == view.main_session() else "another session"
    tagged = "the job's own" if view.session_tag(job) == run.session_id else "not the job's"
    why = "the session_id of the hook's payload, and the tag in the job's row"
    return Finding(f"{role} ({tagged})", observed=True, why=why)


def _signal(job: JobView) -> Finding | None:
    death = job.worker_death
    if death is None:
        return None
    if death.signal is None:
        if not death.observed:
            return None
        return Finding(f"(the worker left by itself, exit code {death.code})", observed=True, why="its wait status")
    return Finding(_signal_name(int(death.signal)), observed=bool(death.observed), why="the worker's wait status")


def _signal_name(number: int) -> str:
    """By its name on Linux, which a journal from there keeps when it is judged on Windows, where most have none."""
    known = {1: "SIGHUP", 2: "SIGINT", 9: "SIGKILL", 13: "SIGPIPE", 15: "SIGTERM"}
    try:
        return known.get(number) or signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _after_subagent(view: RunView, lost: Record) -> Finding | None:
    """From the last word of the subagent that ended before the loss, to the loss."""
    said = [
        record
        for record in view.of(ModelAnswer)
        if record.agent not in view.conversations() and record.text is not None and record.at <= lost.at
    ]
    if not said:
        return None
    value = lost.at - said[-1].at
    return Finding(value, observed=True, why="the model's last answer to the subagent, and the loss")
