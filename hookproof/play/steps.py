"""The `[[then]]` steps: what each waits for, and what it does.

Waiting is for a record of the journal, never for time; each wait has a deadline that names what it waited for. Of a job
whose launch was refused nothing will ever come: what a step would do with that job is skipped, and the journal says so;
whatever else was to follow is done at once.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from hookproof.catalogue.deeds import deed_of
from hookproof.catalogue.scenario import MAIN, Scenario
from hookproof.catalogue.then import WHEN, Then
from hookproof.journal import Journal, Predicate
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostLine, HostStarted, HostThread
from hookproof.records.jobs import Cancel, JobEnded, JobQueued, JobRefused, JobStarted
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Step, StepSkipped
from hookproof.records.told import SessionStarted, ShellEnded, ShellStarted, SubagentEnded, TurnEnded

_REPORTS = frozenset({"result", "turn.completed", "turn/completed"})
"""Lines by which a host says that a turn is over: Claude Code, `codex exec`, `codex app-server`."""
_JOBS: dict[str, type[JobStarted | JobEnded | JobQueued | Cancel]] = {
    "started": JobStarted,
    "ended": JobEnded,
    "queued": JobQueued,
    "cancelled": Cancel,
}
"""What a step about a job waits for."""


class Actions(Protocol):
    """What a step can have done."""

    async def look(self, step: int) -> None: ...
    async def fetch_result(self, job: str) -> None: ...
    def release(self, job: str) -> None: ...
    def release_shell(self) -> None: ...
    async def start_session(self, name: str) -> None: ...
    async def fork_session(self, name: str) -> None: ...
    async def end_session(self, name: str) -> None: ...
    async def resume_session(self) -> None: ...
    async def end_sessions(self) -> None: ...
    async def hang_up(self, name: str) -> None: ...
    async def deed(self, text: str, job: str) -> None: ...
    async def type(self, session: str, text: str) -> None: ...


class HostGoneError(Exception):
    """The host went away although nobody had asked it to."""


@dataclass(slots=True)
class Steps:
    """Plays the steps of one scenario in their order."""

    scenario: Scenario
    journal: Journal
    actions: Actions
    seconds: float
    """Patience per wait."""

    async def play(self) -> None:
        """All steps. Raises DeadlineMissedError or HostGoneError when a wait is in vain."""
        turns: dict[str, int] = {}
        ended: dict[str, int] = {}
        for number, step in enumerate(self.scenario.then, start=1):
            seen = await self._wait(self._awaited(step, turns, ended), step)
            if _takes_a_job(step.do or "") and (isinstance(seen, JobRefused) or self._refused(step.do or "")):
                self.journal.write(StepSkipped(n=number, when=step.when, why="no job: refused"))
                continue
            self.journal.write(Step(n=number, when=step.when, do=step.do, user=step.user, since=seen.seq))
            await self._do(number, step)

    def _refused(self, do: str) -> bool:
        """Whether a deed comes to nothing because the launch was refused; what is like such a job is none either."""
        if deed_of(do) is None:
            return False
        first, named = next(iter(self.scenario.jobs), ""), self._job(do)
        if self.journal.find(lambda r: isinstance(r, JobRefused) and r.job in {first, named}) is None:
            return False
        if do.startswith("queue"):
            self.journal.write(JobRefused(job=named, agent=None, text=f"the launch of {first} was refused"))
        return True

    async def _wait(self, predicate: Predicate, step: Then) -> Record:
        def gone(record: Record) -> bool:
            return isinstance(record, HostExited) and not record.asked

        seen = await self.journal.wait(
            lambda record: predicate(record) or gone(record),
            waiting_for=f"{step.when!r} (scenario {self.scenario.id})",
            seconds=self.seconds,
        )
        if isinstance(seen, HostExited) and not predicate(seen):
            how = f"signal {seen.signal}" if seen.signal else f"exit code {seen.code}"
            raise HostGoneError(f"the host of session {seen.session!r} went away by itself ({how})")
        return seen

    def _awaited(self, step: Then, turns: dict[str, int], ended: dict[str, int]) -> Predicate:
        """What must be in the journal for the step to be played."""
        job, what = self._job(step.when), step.when.split()[-1]
        if step.when.startswith("job"):
            awaited = _JOBS[what]
            return lambda record: isinstance(record, (awaited, JobRefused)) and record.job == job
        name = _name(step.when)
        if step.when.startswith("turn"):
            session = name or MAIN
            turns[step.when] = turns.get(step.when, 0) + 1
            ends = self._reports_turn if what == "reported" else _ends_turn
            return _nth(turns[step.when], lambda r: ends(r, session))
        if step.when.startswith("subagent"):
            kind = (name or "").partition("#")[0]
            ended[kind] = ended.get(kind, 0) + 1
            return _nth(ended[kind], lambda r: isinstance(r, SubagentEnded) and kind in {"", r.agent_type})
        if step.when.startswith("session"):
            session = name or MAIN
            return lambda r: self._is_about_session(what, r, session)
        # a call that a hook has refused has no shell
        return lambda record: isinstance(record, JobRefused) or self._ends_launching_shell(record)

    def _ends_launching_shell(self, record: Record) -> bool:
        """Whether a shell is over in which the model launched a job."""
        if not isinstance(record, ShellEnded):
            return False
        records = self.journal.records
        calls = {r.tool_use_id for r in records if isinstance(r, ModelAnswer) and r.job}
        shells = (r for r in records if isinstance(r, ShellStarted) and r.run == record.run)
        return any(shell.tool_use_id in calls for shell in shells)

    def _reports_turn(self, record: Record, session: str) -> bool:
        """Whether the host has reported a turn: by then it has ended what it ends with a turn (measured on 2.1.91).

        At a terminal there is no `result` line; there its Stop hooks tell.
        """
        if self.scenario.claude.interactive:
            return isinstance(record, TurnEnded) and record.agent_id is None and self._is_by(record, session)
        if not isinstance(record, HostLine) or record.line_type not in _REPORTS:
            return False
        return record.session == session and not record.child

    def _is_about_session(self, what: str, record: Record, session: str) -> bool:
        """Whether a session has started, or ended with its host, or was cleared, compacted or resumed."""
        hosts = [each for each in self.journal.of(HostStarted) if each.session == session]
        if what == "ended":
            # a session that was resumed ends with the host that it lives in now
            return bool(hosts and isinstance(record, HostExited) and record.pid == hosts[-1].pid)
        wanted = self.scenario.sessions.get(session)
        if self.scenario.codex.app_server and (wanted is None or wanted.host in {None, "codex"}):
            opened = {"started": {"startup", "fork"}, "cleared": {"clear"}, "compacted": {"compact"}}.get(what, set())
            return isinstance(record, HostThread) and record.session == session and record.how in opened
        if what == "started" and not self.scenario.claude.interactive:
            return isinstance(record, HostLine) and (record.line_subtype, record.session) == ("init", session)
        if not isinstance(record, SessionStarted) or record.agent_id is not None:
            return False
        if what == "resumed":
            return len(hosts) > 1 and record.seq > hosts[-1].seq and record.session_id == hosts[-1].session_id
        # a `/clear` goes on in the same process under another id
        return self._is_by(record, session) and (what == "started" or not self._is_by(record, session, first=True))

    def _is_by(self, record: SessionStarted | TurnEnded, session: str, *, first: bool = False) -> bool:
        """Whether the host of `session` says so; if `first`, of the session that it began with."""
        hosts = [each for each in self.journal.of(HostStarted) if each.session == session]
        return any(host.pid == record.by and (not first or host.session_id == record.session_id) for host in hosts)

    async def _do(self, number: int, step: Then) -> None:
        if step.user is not None:
            await self.actions.type(MAIN, step.user)
            return
        words = (step.do or "").split()
        if deed_of(step.do or "") is not None:
            await self.actions.deed(step.do or "", self._job(step.do or ""))
            return
        if step.do == "end sessions":
            await self.actions.end_sessions()
            return
        verbs: dict[str, Callable[[], Awaitable[None]]] = {
            "look": lambda: self.actions.look(number),
            "fetch": lambda: self.actions.fetch_result(self._job(step.do or "")),
            "start": lambda: self.actions.start_session(words[-1]),
            "end": lambda: self.actions.end_session(words[2] if len(words) > 2 else MAIN),
            "fork": lambda: self.actions.fork_session(words[-1]),
            "resume": self.actions.resume_session,
            "clear": lambda: self.actions.type(MAIN, "/clear"),
            "compact": lambda: self.actions.type(MAIN, "/compact"),
            "close": lambda: self.actions.hang_up(MAIN),
        }
        if words == ["release", "shell"]:
            self.actions.release_shell()
        elif words[0] == "release":
            self.actions.release(self._job(step.do or ""))
        else:
            await verbs[words[0]]()

    def _job(self, text: str) -> str:
        """The job that a step names, or the scenario's only one."""
        named = [word for word in text.split() if word in self.scenario.jobs]
        return named[0] if named else next(iter(self.scenario.jobs), "")


def _takes_a_job(do: str) -> bool:
    """Whether without a job there is nothing to do."""
    deed = deed_of(do)
    return do.startswith(("release", "fetch")) or (deed is not None and deed.takes_a_job)


def _name(when: str) -> str | None:
    for pattern in WHEN:
        match = re.fullmatch(pattern, when)
        if match:
            return next((value for value in match.groupdict().values() if value), None)
    return None


def _ends_turn(record: Record, session: str) -> bool:
    """Whether the model has said its last word of a turn.

    Not the host's `result` line: 2.1.91 holds that back for as long as a background agent works (measured).
    """
    return isinstance(record, ModelAnswer) and record.agent == session and record.text is not None


def _nth(count: int, predicate: Predicate) -> Predicate:
    """The `count`-th record that fits."""
    seen: set[int] = set()

    def fits(record: Record) -> bool:
        if predicate(record):
            seen.add(record.seq)
        return len(seen) >= count and record.seq in seen

    return fits
