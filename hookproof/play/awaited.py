"""What a step waits for, in the journal: the predicate of each condition. Asked by `steps`, once a step.

Of what happens more than once each step waits for one more: the second `turn ended` for the second turn.
"""

from __future__ import annotations

from collections import Counter
from typing import assert_never

from hookproof.catalogue import condition as when
from hookproof.catalogue.condition import AnyCondition
from hookproof.catalogue.scenario import MAIN, Scenario
from hookproof.hosts.host import Host
from hookproof.hosts.registry import HOSTS
from hookproof.journal import Journal, Predicate
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostLine, HostStarted, HostThread
from hookproof.records.jobs import Cancel, JobEnded, JobQueued, JobRefused, JobStarted
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Settled
from hookproof.records.sent import SessionStarted, ShellEnded, ShellStarted, SubagentEnded, TurnEnded

_REPORTS = frozenset({"result", "turn.completed", "turn/completed"})
"""Lines by which a host says that a turn is over: Claude Code, `codex exec`, `codex app-server`."""
_COMPACTED = "compact_boundary"
"""The line of Claude Code that stands before its report of a compaction (measured on 2.1.91 and 2.1.329)."""
_ORDINAL = {2: "nd", 3: "rd"}


class Awaited:
    """The conditions of one scenario, in the order of its steps."""

    def __init__(self, scenario: Scenario, journal: Journal, host: Host) -> None:
        """`host` is that of main, and of every session that names no other."""
        self._scenario = scenario
        self._host = host
        self._journal = journal
        self._count: Counter[AnyCondition] = Counter()
        """How many steps have waited for it."""

    def job(self, named: str | None) -> str:
        """The job that a step is about: the one that it names, or the scenario's first."""
        return named or next(iter(self._scenario.jobs), "")

    def predicate(self, condition: AnyCondition) -> Predicate:  # noqa: C901, PLR0911, PLR0912 - one case a condition
        """What must be in the journal for the next step with this condition to be played."""
        match condition:
            case when.JobStarted(job):
                return self._of_job(JobStarted, job)
            case when.JobEnded(job):
                return self._of_job(JobEnded, job)
            case when.JobQueued(job):
                return self._of_job(JobQueued, job)
            case when.JobCancelled(job):
                return self._of_job(Cancel, job)
            case when.SubagentEnded():
                return self._subagent_ends(condition.agent_type)
            case when.ShellEnded():
                # a call that a hook has refused has no shell
                return lambda record: isinstance(record, JobRefused) or self._ends_launching_shell(record)
            case when.TurnEnded(agent):
                return self._one_more(condition, lambda record: _ends_turn(record, agent or MAIN))
            case when.TurnReported(session):
                return self._one_more(condition, lambda record: self._reports_turn(record, session or MAIN))
            case when.SessionStarted(session):
                return self._session_starts(session or MAIN)
            case when.SessionCleared(session):
                return self._session_goes_on(session or MAIN, "clear")
            case when.SessionCompacted(session):
                return self._session_goes_on(session or MAIN, "compact")
            case when.SessionResumed(session):
                return lambda record: self._resumes_session(record, session or MAIN)
            case when.SessionEnded(session):
                return lambda record: self._ends_session(record, session or MAIN)
            case when.Settled():
                # whoever plays the step has that record written when it is so
                return self._one_more(condition, lambda record: isinstance(record, Settled))
            case _:
                assert_never(condition)

    def described(self, condition: AnyCondition) -> str:
        """What is waited for, for an error: which one of several it is, too."""
        count = self._count[condition]
        again = f" for the {count}{_ORDINAL.get(count, 'th')} time" if count > 1 else ""
        return f"{str(condition)!r}{again}"

    def _of_job(self, kind: type[JobStarted | JobEnded | JobQueued | Cancel], named: str | None) -> Predicate:
        job = self.job(named)
        return lambda record: isinstance(record, (kind, JobRefused)) and record.job == job

    def _one_more(self, condition: AnyCondition, predicate: Predicate) -> Predicate:
        """The first record that fits, at the first step with this condition; at the second step the second."""
        self._count[condition] += 1
        count = self._count[condition]
        seen: set[int] = set()

        def fits(record: Record) -> bool:
            if predicate(record):
                seen.add(record.seq)
            return len(seen) >= count and record.seq in seen

        return fits

    def _subagent_ends(self, kind: str | None) -> Predicate:
        def ends(record: Record) -> bool:
            return isinstance(record, SubagentEnded) and kind in {None, record.agent_type}

        return self._one_more(when.SubagentEnded(kind), ends)

    def _ends_launching_shell(self, record: Record) -> bool:
        """Whether a shell is over in which the model launched a job."""
        if not isinstance(record, ShellEnded):
            return False
        records = self._journal.records
        calls = {r.tool_use_id for r in records if isinstance(r, ModelAnswer) and r.job}
        shells = (r for r in records if isinstance(r, ShellStarted) and r.run == record.run)
        return any(shell.tool_use_id in calls for shell in shells)

    def _reports_turn(self, record: Record, session: str) -> bool:
        """Whether the host has reported a turn: by then it has ended what it ends with a turn (measured on 2.1.91).

        At a terminal there is no `result` line; there its Stop hooks tell.
        """
        if self._at_a_terminal(session):
            return isinstance(record, TurnEnded) and record.agent_id is None and self._is_by(record, session)
        if not isinstance(record, HostLine) or record.line_type not in _REPORTS:
            return False
        return record.session == session and not record.child and not self._reports_compaction(record)

    def _reports_compaction(self, record: HostLine) -> bool:
        """Whether it is a compaction that is over: no turn, though Claude Code reports it in the same way."""
        for each in reversed(self._journal.of(HostLine)):
            if each.seq < record.seq and each.session == record.session:
                if each.line_type in _REPORTS:
                    return False
                if each.line_subtype == _COMPACTED:
                    return True
        return False

    def _has_a_client(self, session: str) -> bool:
        """Whether it is a session of `codex app-server`, whose client tells of its threads."""
        return self._scenario.codex.app_server and self._host_of(session).has_clients

    def _at_a_terminal(self, session: str) -> bool:
        return self._scenario.claude.interactive and self._host_of(session).has_terminal

    def _host_of(self, session: str) -> Host:
        wanted = self._scenario.sessions.get(session)
        other = wanted.host if wanted is not None else None
        return HOSTS[other] if other is not None else self._host

    def _session_starts(self, session: str) -> Predicate:
        if self._has_a_client(session):
            return _opens_thread(session, "startup", "fork")
        if self._at_a_terminal(session):
            return lambda record: (
                isinstance(record, SessionStarted) and record.agent_id is None and self._is_by(record, session)
            )
        return lambda record: (
            isinstance(record, HostLine) and (record.line_subtype, record.session) == ("init", session)
        )

    def _session_goes_on(self, session: str, how: str) -> Predicate:
        """In the same process: after a `/clear` under another id, after a `/compact` under the one that it had."""
        if self._has_a_client(session):
            return _opens_thread(session, how)

        def goes_on(record: Record) -> bool:
            if not isinstance(record, SessionStarted) or record.agent_id is not None or record.how != how:
                return False
            return self._is_by(record, session) or record.session_id == self._hosts(session)[-1].session_id

        return goes_on

    def _resumes_session(self, record: Record, session: str) -> bool:
        """Whether the session is back in the latest of several processes, under the id that it had."""
        if not isinstance(record, SessionStarted) or record.agent_id is not None:
            return False
        hosts = self._hosts(session)
        return len(hosts) > 1 and record.seq > hosts[-1].seq and record.session_id == hosts[-1].session_id

    def _ends_session(self, record: Record, session: str) -> bool:
        # a session that was resumed ends with the host that it lives in now
        hosts = self._hosts(session)
        return bool(hosts and isinstance(record, HostExited) and record.pid == hosts[-1].pid)

    def _is_by(self, record: SessionStarted | TurnEnded, session: str, *, first: bool = False) -> bool:
        """Whether the host of `session` says so; if `first`, of the session that it began with."""
        return any(
            host.pid == record.by and (not first or host.session_id == record.session_id)
            for host in self._hosts(session)
        )

    def _hosts(self, session: str) -> list[HostStarted]:
        return [each for each in self._journal.of(HostStarted) if each.session == session]


def _opens_thread(session: str, *how: str) -> Predicate:
    return lambda record: isinstance(record, HostThread) and record.session == session and record.how in how


def _ends_turn(record: Record, agent: str) -> bool:
    """Whether the model has said its last word of a turn.

    Not the host's `result` line: 2.1.91 holds that back for as long as a background agent works (measured).
    """
    return isinstance(record, ModelAnswer) and record.agent == agent and record.text is not None
