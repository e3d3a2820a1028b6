"""The act: which hook run, or which act of the host, ended a job. The causes and the culprit are told from it.

Observed where the kernel named the sender of a signal, or the host has recorded what it did. Else inferred: from what
was running when the first process of the job's died, its worker, its Codex or the shared server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hookproof.judge.causes.evidence import at_rest_between, may_have_done, own_session
from hookproof.judge.run_view import HookRun, JobView, RunView
from hookproof.records import Record
from hookproof.records.run import ProcessDied
from hookproof.records.sent import CodexSignal, ShellEnded


@dataclass(frozen=True, slots=True)
class ByHook:
    """A hook's run ended the job."""

    run: HookRun
    signal: CodexSignal | None
    """The signal of which the kernel named the hook as the sender."""
    trace: Record
    """The first record of the job's end."""
    what: str
    """What died first."""
    others: tuple[HookRun, ...] = ()
    """Hooks of other sessions that may have done it as well: they ran at the same time."""

    @property
    def observed(self) -> bool:
        return self.signal is not None


@dataclass(frozen=True, slots=True)
class ByHost:
    """The host ended the shell in which the job ran, or was being launched."""

    shell: ShellEnded


Act = ByHook | ByHost


def find_act(view: RunView, job: JobView) -> Act | None:
    """Who ended a job that was lost, or the shell of a launch that came to nothing; None where nobody can tell."""
    shell = view.shell_ended_by_host(job)
    if job.started is None:
        return ByHost(shell) if shell is not None and view.refused(job) is None else None
    lost = job.lost
    if lost is None:
        return None
    trace, what = _first_trace(view, job, lost)
    sent = _sender(view, job, lost)
    if sent is not None:
        return ByHook(sent[0], sent[1], trace, what)
    if shell is not None and not _outlived(view, job, shell, lost):
        return ByHost(shell)
    for at, died in ((trace, what), (lost, "it")):
        found = _candidates(view, at)
        if found:
            return _chosen(view, job, found, at, died)
    return None


def only_hook(view: RunView, at: Record) -> HookRun | None:
    """The one SessionEnd hook that can have done what a record shows; None when there is none, or more than one."""
    found = _candidates(view, at)
    return found[0] if len(found) == 1 else None


def _chosen(view: RunView, job: JobView, found: list[HookRun], at: Record, what: str) -> ByHook:
    """Of several hooks the job's own session's: whatever the other did, that one was about to end it as well."""
    own = own_session(view, job)
    run = next((each for each in found if each.session_id == own), found[0])
    others = tuple(each for each in found if each.session_id != run.session_id)
    return ByHook(run, None, at, what, others)


def _first_trace(view: RunView, job: JobView, lost: Record) -> tuple[Record, str]:
    """The first death of a process that the job needs, and what it was."""
    started = job.started
    assert started is not None
    needed: dict[int, str] = {}
    for snapshot in view.snapshots:
        needed |= {pid: "the shared server" for entry in snapshot.state if (pid := view.server_of(entry))}
    if job.worker is not None:
        needed[job.worker] = "its worker"
    below = list(needed)
    for pid in below:  # grows while it is walked; what else ran then, the host for one, is no part of the job
        below += [each.pid for each in started.processes if each.ppid == pid and each.pid not in below]
    needed |= {pid: "its Codex" for pid in below if pid not in needed}
    # after its answer a Codex or a server may go in peace
    since = job.answered.seq if job.answered is not None else started.seq
    deaths = [each for each in view.of(ProcessDied) if each.pid in needed and since < each.seq <= lost.seq]
    if deaths:
        return deaths[0], needed[deaths[0].pid]
    return lost, "its Codex"


def _outlived(view: RunView, job: JobView, shell: ShellEnded, lost: Record) -> bool:
    """Whether the job was at work when the shell's end was done with: it is not what ended it."""
    if shell.inferred and lost.seq < shell.seq:
        return False  # the harness has told of it when it had concluded it
    if at_rest_between(view, shell, lost):
        return True
    after = [each for each in view.snapshots if shell.seq < each.seq < lost.seq]
    return any(process.pid == job.worker for each in after for process in each.processes)


def _sender(view: RunView, job: JobView, lost: Record) -> tuple[HookRun, CodexSignal] | None:
    """The hook run whose process, or a child of it (a host runs hooks through a shell), sent Codex its signal."""
    alive = {process.pid for process in job.started.processes} if job.started else set()
    for record in view.of(CodexSignal):
        if record.by not in alive or at_rest_between(view, record, lost):
            continue
        for run in view.hooks:
            senders = {record.sender_pid, record.sender_ppid}
            if run.started.pid in senders and may_have_done(view, run, record):
                return run, record
    return None


def _candidates(view: RunView, at: Record) -> list[HookRun]:
    """The SessionEnd hooks that can have done what a record shows.

    Those that were running then; without any, those that were over and whose work may have shown only now; else those
    of which their host told only after that.
    """
    runs = [run for run in view.session_end_hooks() if may_have_done(view, run, at)]
    begun = [run for run in runs if run.started.seq < at.seq]
    return [run for run in begun if run.ended is None or run.ended.seq > at.seq] or begun or runs


def sessions(runs: Iterable[HookRun]) -> str:
    """Their sessions, for a sentence."""
    return ", ".join(dict.fromkeys(run.session_id for run in runs))
