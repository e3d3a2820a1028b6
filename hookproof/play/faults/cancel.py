"""Faults about cancelling: a job is cancelled as a user would, also one that is still queued when that happens.

No companion queues for long: between the launch and the worker's first act lies the start of a program. So a queued
job is made: a copy of a running one, as its launch would have entered it, with a worker that is stopped before its
first instruction. Cancelled and then continued, that worker shows whether a cancelled job can start.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
import sys
from subprocess import DEVNULL
from typing import Any

from hookproof import processes
from hookproof.catalogue.spelling import needed_fields, saying
from hookproof.errors import DeadlineMissedError
from hookproof.model.script import names_job
from hookproof.play.faults.injection import AimedInjection, FilesInjection, Injection, Target
from hookproof.play.faults.pointers import Pointers
from hookproof.play.job_tracker import describe
from hookproof.play.trees import below, is_stopped, left_by_codex, outlived, tree_of
from hookproof.records.base import Json
from hookproof.records.faults import WorkerWoken
from hookproof.records.jobs import Cancel, CancelBegan, JobEnded, JobQueued
from hookproof.records.model import GateAbandoned, GateAnswered
from hookproof.rows import with_value
from hookproof.sandbox.state_edits import NoSuchRowError

_AGAIN_SECONDS = 0.005
_BASH = "/bin/bash"


class Sleepers:
    """The workers of queued jobs that are stopped before their first instruction, by job. One for all faults of a run.

    `cancel job` and `wake job` find there what `queue job` has put to sleep.
    """

    def __init__(self) -> None:
        self._children: dict[str, processes.Child] = {}

    def add(self, job: str, child: processes.Child) -> None:
        self._children[job] = child

    def of(self, job: str) -> processes.Identity | None:
        """The worker of a job that was queued."""
        return self._children[job].identity if job in self._children else None


class CancellingJob(AimedInjection):
    """Writes what came of the job's tree: `left` is what lives on when all has settled."""

    def __init__(self, target: Target, job: str, sleepers: Sleepers) -> None:
        super().__init__(target, job)
        self._asleep = sleepers.of(job)

    async def apply(self) -> None:
        run, target, job = self.run, self.target, self.job
        job_id = target.jobs.id_of(job)
        command = (target.descriptor.commands.cancel or "").replace("{id}", job_id)
        tree = self._tree()
        run.journal.write(CancelBegan(job=job, id=job_id, tree=describe(tree)))
        answer = await target.snapshots.ask_main(command)
        # a worker that is asleep can do nothing about it, and of a cancel that failed nothing is to be expected
        if answer.exit == 0 and self._asleep is None:
            left = await outlived(tree, run, until=self._is_let_go)
        else:
            left = sorted(info.identity.pid for info in tree if processes.is_alive(info.identity))
        run.journal.write(
            Cancel(
                job=job,
                id=job_id,
                exit=answer.exit,
                text=answer.text,
                tree=describe(tree),
                left=left,
                asleep=self._asleep is not None,
            )
        )

    def _is_let_go(self) -> bool:
        """Whether the job's Codex, which may be another's as well, has dropped the request that it waits for."""
        if self.job not in self.target.jobs.started:
            return True
        records = self.run.journal.records
        return any(isinstance(each, GateAbandoned | GateAnswered) and each.job == self.job for each in records)

    def _tree(self) -> list[processes.ProcessInfo]:
        """The worker with all below it, less a server of other jobs; and what its Codex has left running."""
        alive = self.run.processes.census()
        worker = self._asleep or self.target.worker_of(self.job)
        tree = tree_of(worker, alive, without=self.target.server())
        for pid in left_by_codex(self.job, self.run.journal.records):
            tree += [info for info in below(pid, alive) if info not in tree]
        return tree


class QueueingJob(FilesInjection):
    """Its worker counts as ended when it ends without a request to its model."""

    def __init__(self, target: Target, job: str, sleepers: Sleepers) -> None:
        super().__init__(target, job)
        self._sleepers = sleepers
        self._child: processes.Child | None = None

    async def apply(self) -> None:
        run, target, job = self.run, self.target, self.job
        template = next((name for name in target.jobs.started if name != job), None)
        if template is None:
            raise NoSuchRowError(f"no other job has started that {job} could be like")
        template_id = target.jobs.id_of(template)
        job_id = f"{template_id}-{job}"
        child = self._child = await self._asleep(job_id)
        self._sleepers.add(job, child)
        await _stopped(child.identity, run.options.seconds)
        state = target.descriptor.state
        pointers = Pointers(run.processes.census(), but=child.identity)
        dropped: dict[str, None] = {}

        def needed(path: str, value: Any) -> bool:
            return path in needed_fields(state) or (isinstance(value, str) and names_job(value, job))

        def queued(row: Json) -> Json:
            waiting = {name: value for name, value in row.items() if name not in state.begun}
            waiting = with_value(saying(state, waiting, "active"), state.fields.pid, child.identity.pid)
            if state.fields.start is not None:
                waiting = with_value(waiting, state.fields.start, str(child.identity.start))
            copy, without = pointers.without(waiting, needed)
            if pointers.points(copy):
                raise NoSuchRowError(f"the row of {template} cannot be copied: it would point at a live process")
            dropped.update(dict.fromkeys(without))
            return copy

        def renamed(text: str) -> str:
            return re.sub(rf"job={re.escape(template)}(?![\w-])", f"job={job}", text).replace(template_id, job_id)

        target.files.add_row(template_id, job_id, renamed, queued)
        target.jobs.ids[job] = job_id
        run.deaths.watch(child.identity)
        pid, start = child.identity.pid, child.identity.start
        run.journal.write(JobQueued(job=job, id=job_id, worker=pid, start=start, dropped=list(dropped)))
        run.journal.after(self._ends(child))

    async def _asleep(self, job_id: str) -> processes.Child:
        """The worker that a launch would have started, stopped before its first instruction."""
        sandbox = self.run.sandbox
        work = (self.target.descriptor.commands.work or "").replace("{plugin}", str(sandbox.plugin))
        work = work.replace("{id}", job_id).replace("{project}", shlex.quote(str(sandbox.project)))
        return await processes.spawn(
            [_BASH, "-c", f"kill -STOP $$; exec {work}"],
            env=self.run.env,
            cwd=sandbox.project,
            stdin=DEVNULL,
            case=self.run.processes,
        )

    async def _ends(self, child: processes.Child) -> None:
        await child.wait()
        if self.job not in self.target.jobs.started:
            self.run.journal.write(JobEnded(job=self.job, how="never started", worker=child.identity.pid))

    async def undo(self) -> None:
        if self._child is not None:
            self._child.close()


class WakingJob(Injection):
    def __init__(self, target: Target, job: str, sleepers: Sleepers) -> None:
        super().__init__(target, job)
        self._asleep = sleepers.of(job)

    async def apply(self) -> None:
        if self._asleep is None:
            raise NoSuchRowError(f"the job {self.job} was not queued before, so no worker of it is asleep")
        alive = processes.is_alive(self._asleep)
        self.run.journal.write(WorkerWoken(job=self.job, pid=self._asleep.pid, alive=alive))
        if sys.platform != "win32":
            processes.signal_process(self._asleep, signal.SIGCONT)


async def _stopped(identity: processes.Identity, seconds: float) -> None:
    """Wait until a process has stopped itself. Nothing tells of that but its state."""
    deadline = asyncio.get_running_loop().time() + seconds
    while processes.is_alive(identity) and not is_stopped(identity):
        if asyncio.get_running_loop().time() > deadline:
            raise DeadlineMissedError(f"process {identity.pid} to stop itself", seconds)
        await asyncio.sleep(_AGAIN_SECONDS)
