"""Following the jobs of a run, from the journal alone and from the deaths of their processes.

It watches records as they are written and adds its own: `job.launched` (the launch printed a job id), `job.refused`
(the launch came back without a job), `job.never_began` (the job failed before it was at work), `job.started` (the
worker's model request has arrived, so the job is doing its work now), `job.ended` (the process doing the job is dead,
or the worker has left a terminal row).
"""

from __future__ import annotations

import asyncio
import re

import psutil

from hookproof import processes
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.spelling import state_spelling
from hookproof.errors import DeadlineMissedError
from hookproof.model.script import jobs_named
from hookproof.play.run import Run
from hookproof.records import Record
from hookproof.records.jobs import JobEnded, JobLaunched, JobNeverBegan, JobRefused, JobsLaunched, JobStarted
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, ModelAnswer, ModelRequest
from hookproof.records.parts import Process, StateRoot, ToolResult
from hookproof.records.run import ProcessDied
from hookproof.rows import Row
from hookproof.sandbox.state import find_row, rows_of
from hookproof.sandbox.state_edits import NoSuchRowError


class JobTracker:
    """Follows the jobs of one run, from when it is made to the run's sweep."""

    def __init__(self, run: Run, descriptor: Companion) -> None:
        self._run = run
        self._journal = run.journal
        self._descriptor = descriptor
        self._calls: dict[str, ModelAnswer] = {}
        self.started: list[str] = []
        """The jobs that have asked their model, in that order."""
        self.ids: dict[str, str] = {}
        """The plugin's own ids of the jobs, as far as they are known."""
        run.journal.observe(self._seen)

    def id_of(self, job: str) -> str:
        """The plugin's own id of a job. Raises NoSuchRowError."""
        if job not in self.ids:
            raise NoSuchRowError(f"nothing has told the id of the job {job!r} so far")
        return self.ids[job]

    async def find_id(self, job: str) -> str | None:
        """As `id_of`, or what the rows say by now, or None."""
        if job not in self.ids:
            row = await self._row_of(job)
            return row.id if row is not None else None
        return self.ids[job]

    def _seen(self, record: Record) -> None:
        if isinstance(record, ModelAnswer) and record.job and record.tool_use_id:
            self._calls[record.tool_use_id] = record
        elif isinstance(record, ModelRequest) and record.results:
            self._journal.after(self._results(record.results))
        elif isinstance(record, GateReached) and record.job not in self.started:
            self.started.append(record.job)
            self._journal.after(self._starts(record))

    async def _results(self, results: list[ToolResult]) -> None:
        for result in results:
            call = self._calls.pop(result.tool_use_id, None)
            if call is not None:
                self._launch_came_back(call, result)

    def _launch_came_back(self, call: ModelAnswer, result: ToolResult) -> None:
        job, agent, text, given = call.job or "", call.agent or "", result.text, call.input or {}
        ids = re.findall(self._descriptor.started, text)
        several = list(dict.fromkeys(jobs_named(str(given.get("command", "")))))
        if len(several) > 1 and (ids or not result.is_error):
            # which of the ids is whose, only the rows tell
            self._journal.write(JobsLaunched(agent=agent, ids=ids))
            for each in several:
                self._journal.after(self._never_begins(each))
        elif len(several) > 1:
            for each in several:
                self._journal.write(JobRefused(job=each, agent=agent, text=text[:4000], error=True))
        elif ids:
            self.ids.setdefault(job, ids[0])
            denied: list[str] = [promise for promise, words in self._descriptor.denies.items() if words in text]
            self._journal.write(JobLaunched(job=job, agent=agent, id=ids[0], denied=denied))
            self._journal.after(self._never_begins(job))
        elif job not in self.started and (result.is_error or not given.get("run_in_background")):
            self._journal.write(JobRefused(job=job, agent=agent, text=text[:4000], error=result.is_error))

    async def _never_begins(self, job: str) -> None:
        """Write `job.never_began` if the row of a launched job says that it is over before its worker has asked.

        Nothing tells of a row that changes. But whoever has changed it for the last time exits: each death is a reason
        to read it again.
        """
        while job not in self.started:
            since = len(self._journal.records)
            alive = [info.identity for info in self._run.processes.census() if self._run.deaths.watch(info.identity)]
            row = await self._row_of(job)
            if row is not None and row.status.ended and all(identity.pid != row.pid for identity in alive):
                reason = str(row.reason) if row.reason else None
                if job not in self.started:
                    self._journal.write(JobNeverBegan(job=job, id=row.id, status=repr(row.status), reason=reason))
                return
            await self._journal.wait(
                lambda record: (
                    isinstance(record, ProcessDied) or (isinstance(record, GateReached) and record.job == job)
                ),
                waiting_for=f"the worker of job {job} to ask its model, or to end",
                seconds=86400,
                since=since,
            )

    async def _starts(self, gate: GateReached) -> None:
        job = gate.job
        alive = self._run.processes.census()
        for info in alive:
            self._run.deaths.watch(info.identity)
        state = await self._run.state(self._descriptor.state)
        row = self._row_in(state, job)
        if row is not None:
            self.ids.setdefault(job, row.id)
        pid = row.pid if row is not None else None
        worker = next((info for info in alive if info.identity.pid == pid), None)
        self._journal.write(
            JobStarted(
                job=job,
                row=row.told if row is not None else None,
                id=row.id if row is not None else None,
                worker=worker.identity.pid if worker else None,
                exported=_variables(worker.identity.pid, self._descriptor.exports) if worker else None,
                processes=describe(alive),
                servers=[pid for pid in self._servers(state) if any(info.identity.pid == pid for info in alive)],
            )
        )
        await self._ends(job, worker.identity if worker else None, since=gate.seq)

    async def _row_of(self, job: str) -> Row | None:
        """The row of the job in the plugin's state files."""
        return self._row_in(await self._run.state(self._descriptor.state), job)

    def _row_in(self, found: list[StateRoot], job: str) -> Row | None:
        state = self._descriptor.state
        known = self.ids.get(job)
        rows = (row for entry in found for row in rows_of(entry, state_spelling(state)) if row.id == known)
        return next(rows, None) or find_row(found, state, job, self._run.sandbox, known=self._others(job))

    def _servers(self, found: list[StateRoot]) -> list[int]:
        """The pids of the shared servers that the state tells of."""
        told = ((entry.server or {}).get(self._descriptor.state.server_pid) for entry in found)
        return [pid for pid in told if isinstance(pid, int)]

    def _others(self, job: str) -> frozenset[str]:
        return frozenset(known for name, known in self.ids.items() if name != job)

    async def _ends(self, job: str, worker: processes.Identity | None, *, since: int) -> None:
        """Write `job.ended` once the job is over. There is no deadline for a job that is still held."""

        def died(record: Record) -> bool:
            return worker is not None and isinstance(record, ProcessDied) and record.pid == worker.pid

        def ended(record: Record) -> bool:
            answered = isinstance(record, GateAnswered | GateAbandoned) and record.job == job
            return answered or died(record)

        end = await self._journal.wait(ended, waiting_for=f"the end of job {job}", seconds=86400, since=since)
        how = end.kind.removeprefix("gate.").removeprefix("process.")
        if how != "died" and not await self._worker_ends(job, worker, answered=isinstance(end, GateAnswered)):
            how += ", worker lives on"
        self._journal.write(JobEnded(job=job, how=how, worker=worker.pid if worker is not None else None))

    async def _worker_ends(self, job: str, worker: processes.Identity | None, *, answered: bool) -> bool:
        """Wait for the end of a worker whose model is done with it. False when it lives on.

        One that was answered has yet to write that down, however long it takes: nothing else is certain of it. It lives
        on when its row is at its end, or gone, and nothing moves. Of one whose Codex has gone nothing is certain: it
        lives on when nothing moves. Raises DeadlineMissedError, naming it.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._run.options.seconds
        while worker is None or processes.is_alive(worker):
            moving = await self._run.rest.moves(jobs=False)
            if moving is None and (worker is None or not answered or await self._is_written_down(job)):
                return worker is not None and not processes.is_alive(worker)
            if loop.time() > deadline:
                done = "had its answer" if answered else "lost its Codex"
                doing = moving or "nothing moves, and its row does not say that it is over"
                raise DeadlineMissedError(
                    f"the end of the worker (pid {worker.pid if worker else '?'}) of job {job}, which {done}: {doing}",
                    self._run.options.seconds,
                )
        return True

    async def _is_written_down(self, job: str) -> bool:
        """Whether no row says that the job is at work."""
        row = await self._row_of(job)
        return row is None or not row.status.active


def _variables(pid: int, names: list[str]) -> dict[str, str | None] | None:
    """What the plugin's own variables are in a process, which has them from the shell of its launch; or unknown."""
    try:
        environment = psutil.Process(pid).environ()
    except psutil.Error:
        return None
    return {name: environment.get(name) for name in names}


def describe(infos: list[processes.ProcessInfo]) -> list[Process]:
    """Processes as the journal holds them; `by` is how each was recognised as the run's."""
    return [
        Process(
            pid=info.identity.pid,
            start=info.identity.start,
            ppid=info.ppid,
            pgid=info.pgid,
            argv=[part[:200] for part in info.argv[:12]],
            by=info.by,
            started_by=info.started_by,
        )
        for info in infos
    ]
