"""The `[[then]]` steps: waits for the condition of each, then has its action done. Called by the runner of a case.

Waiting is for a record of the journal, never for time; each wait has a deadline that names what it waited for. Of a job
whose launch was refused nothing will ever come: what a step would do with that job is skipped, and the journal says so;
whatever else was to follow is done at once.
"""

from __future__ import annotations

from typing import Protocol, assert_never

from hookproof.catalogue import condition as when
from hookproof.catalogue import step as do
from hookproof.catalogue.fault import AnyFault, Fault, QueueJob
from hookproof.catalogue.scenario import MAIN, Scenario
from hookproof.catalogue.step import AnyAction, Then
from hookproof.hosts.host import Host
from hookproof.hosts.registry import HOSTS
from hookproof.journal import Journal
from hookproof.play.awaited import Awaited
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostStderr
from hookproof.records.jobs import JobNeverBegan, JobRefused
from hookproof.records.run import Step, StepSkipped


class Actions(Protocol):
    """What a step can have done."""

    async def take_snapshot(self, step: int) -> None: ...
    async def fetch_result(self, job: str) -> None: ...
    def release(self, job: str) -> None: ...
    def release_shell(self) -> None: ...
    async def start_session(self, name: str) -> None: ...
    async def fork_session(self, name: str) -> None: ...
    async def end_session(self, name: str) -> None: ...
    async def resume_session(self) -> None: ...
    async def end_sessions(self) -> None: ...
    async def kill_host(self, name: str) -> None: ...
    async def close_terminal(self, name: str) -> None: ...
    async def inject(self, fault: AnyFault, job: str) -> None: ...
    async def type(self, session: str, text: str) -> None: ...
    async def settle(self) -> Record: ...


class HostExitedError(Exception):
    """A host exited unexpectedly. The step that was being waited for cannot happen any more."""


class JobNeverBeganError(Exception):
    """A launched job failed before its worker had asked the model. What the steps are to do with it cannot be done."""

    def __init__(self, failed: JobNeverBegan) -> None:
        reason = f": {failed.reason}" if failed.reason else ", and gives no reason"
        super().__init__(f"the job {failed.job!r} never asked its model: its row says {failed.status}{reason}")


class Steps:
    """Plays the steps of one scenario in their order. `seconds` is the patience of each wait."""

    def __init__(
        self, scenario: Scenario, journal: Journal, actions: Actions, seconds: float, *, host: Host | None = None
    ) -> None:
        """`host` is that of main, and of every session that names no other: the scenario's first, if none is given."""
        self._scenario = scenario
        self._journal = journal
        self._actions = actions
        self._seconds = seconds
        self._awaited = Awaited(scenario, journal, host or HOSTS[scenario.hosts[0]])

    async def play(self) -> None:
        """All steps. Raises DeadlineMissedError, HostExitedError or JobNeverBeganError when a wait is in vain."""
        for number, step in enumerate(self._scenario.then, start=1):
            seen = await self._wait(number, step)
            words, action = str(step.when), step.do
            if action is not None and action.takes_a_job and (isinstance(seen, JobRefused) or self._refused(action)):
                self._journal.write(StepSkipped(n=number, when=words, why="no job: refused"))
                continue
            sentence = str(action) if action is not None else None
            if isinstance(action, Fault) and action.takes_a_job and (failed := self._never_began(self._job(action))):
                raise JobNeverBeganError(failed)
            self._journal.write(Step(n=number, when=words, do=sentence, user=step.user, since=seen.seq))
            if action is None:
                await self._actions.type(MAIN, step.user or "")
            else:
                await self._do(number, action)

    def _refused(self, action: AnyAction) -> bool:
        """Whether a fault comes to nothing because the launch was refused; one made after such a job is none either."""
        if not isinstance(action, Fault):
            return False
        first, named = self._awaited.job(None), self._job(action)
        if self._journal.find(lambda r: isinstance(r, JobRefused) and r.job in {first, named}) is None:
            return False
        if isinstance(action, QueueJob):
            self._journal.write(
                JobRefused(job=named, agent=None, text=f"the launch of {first} was refused", error=True)
            )
        return True

    def _never_began(self, job: str) -> JobNeverBegan | None:
        return next((each for each in self._journal.of(JobNeverBegan) if each.job == job), None)

    async def _wait(self, number: int, step: Then) -> Record:
        if isinstance(step.when, when.Settled):
            # nothing will come to be told: what there is to wait for is that nothing does
            settled = await self._actions.settle()
            self._raise_if_gone(self._journal.find(_host_exited))
            return settled
        predicate = self._awaited.predicate(step.when)

        about = step.when if isinstance(step.when, when.JobStarted | when.JobEnded) else None

        def never_comes(record: Record) -> bool:
            return (
                about is not None and isinstance(record, JobNeverBegan) and record.job == self._awaited.job(about.job)
            )

        seen = await self._journal.wait(
            lambda record: predicate(record) or _host_exited(record) or never_comes(record),
            waiting_for=f"{self._awaited.described(step.when)} (step {number} of scenario {self._scenario.id})",
            seconds=self._seconds,
        )
        if isinstance(seen, JobNeverBegan):
            raise JobNeverBeganError(seen)
        if not predicate(seen):
            self._raise_if_gone(seen)
        return seen

    def _raise_if_gone(self, seen: Record | None) -> None:
        if isinstance(seen, HostExited):
            how = f"signal {seen.signal}" if seen.signal else f"exit code {seen.code}"
            why = self._last_line(seen)
            raise HostExitedError(f"the host of session {seen.session!r} went away by itself ({how}){why}")

    def _last_line(self, host: HostExited) -> str:
        """What the host said on its stderr in the end: mostly why it went away."""
        said = [each.text.strip() for each in self._journal.of(HostStderr) if each.session == host.session]
        return f"; its last line on stderr: {said[-1][:300]}" if said else ""

    async def _do(self, number: int, action: AnyAction) -> None:  # noqa: C901, PLR0912 - one case an action
        match action:
            case do.Snapshot():
                await self._actions.take_snapshot(number)
            case do.ReleaseJob():
                self._actions.release(self._job(action))
            case do.ReleaseShell():
                self._actions.release_shell()
            case do.FetchResult():
                await self._actions.fetch_result(self._job(action))
            case do.StartSession(session):
                await self._actions.start_session(session)
            case do.EndSession(session):
                await self._actions.end_session(session or MAIN)
            case do.KillHost(session):
                await self._actions.kill_host(session or MAIN)
            case do.EndSessions():
                await self._actions.end_sessions()
            case do.ForkSession(session):
                await self._actions.fork_session(session)
            case do.ClearSession():
                await self._actions.type(MAIN, "/clear")
            case do.CompactSession():
                await self._actions.type(MAIN, "/compact")
            case do.ResumeSession():
                await self._actions.resume_session()
            case do.CloseTerminal():
                await self._actions.close_terminal(MAIN)
            case Fault():
                await self._actions.inject(action, self._job(action))
            case _:
                assert_never(action)

    def _job(self, action: AnyAction) -> str:
        """The job that the action names, or the scenario's first."""
        return self._awaited.job(dict(action.names()).get("job"))


def _host_exited(record: Record) -> bool:
    return isinstance(record, HostExited) and not record.asked
