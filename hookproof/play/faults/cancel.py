"""Cancelling a job as a user would, and the job that is still queued when that happens.

No companion queues for long: between the launch and the worker's first act lies the start of a program. So a queued
job is made: a copy of a running one, as its launch would have entered it, with a worker that is stopped before its
first instruction. Cancelled and then continued, that worker shows whether a cancelled job can start.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from subprocess import DEVNULL

import psutil

from hookproof import processes
from hookproof.journal import DeadlineMissedError
from hookproof.play.faults.context import Ground
from hookproof.play.job_tracker import describe
from hookproof.play.trees import below, left_by_codex, outlived
from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.faults import WorkerWoken
from hookproof.records.jobs import Cancel, CancelBegan, JobEnded, JobQueued, JobStarted
from hookproof.records.model import GateAbandoned, GateAnswered
from hookproof.sandbox.state_edits import NoSuchRowError

_END_SECONDS = 3.0
_AGAIN_SECONDS = 0.005
_BASH = "/bin/bash"


class Cancelling:
    """What a run does about cancelling. Belongs to its event loop."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._journal = ground.journal
        self._descriptor = ground.descriptor
        self._jobs = ground.jobs
        self._files = ground.files
        self._asleep: dict[str, processes.Child] = {}

    async def close(self) -> None:
        """Let go of what was started; the sweep ends what is still asleep."""
        for child in self._asleep.values():
            child.close()

    async def cancel(self, job: str) -> None:
        """Cancel a job from main's shell, and write what came of its tree: `left` is what outlives three seconds."""
        job_id = self._jobs.id_of(job)
        command = (self._descriptor.commands.cancel or "").replace("{id}", job_id)
        tree = self._tree(job)
        self._journal.write(CancelBegan(job=job, id=job_id, tree=describe(tree)))
        answer = await self._ground.looker.ask_main(command)
        seconds = _END_SECONDS if answer.exit == 0 and job not in self._asleep else 0.0
        left = await outlived(tree, self._journal, self._ground.watch, seconds=seconds)
        await self._lets_go(job, seconds)
        self._journal.write(
            Cancel(
                job=job,
                id=job_id,
                exit=answer.exit,
                text=answer.text,
                tree=describe(tree),
                left=left,
                asleep=job in self._asleep,
            )
        )

    async def _lets_go(self, job: str, seconds: float) -> None:
        """Give the job's Codex, which may be another's as well, the time to drop the request that it waits for."""

        def over(record: Record) -> bool:
            return isinstance(record, GateAbandoned | GateAnswered) and record.job == job

        try:
            if job in self._jobs.started:
                await self._journal.wait(over, waiting_for=f"the Codex of {job} to let go", seconds=seconds)
        except DeadlineMissedError:
            pass  # what it does with the answer is told by the gate

    async def queue(self, job: str) -> None:
        """Enter a job like the running one, and start its worker asleep."""
        like = next((name for name in self._jobs.started if name != job), None)
        if like is None:
            raise NoSuchRowError(f"no other job has started that {job} could be like")
        like_id = self._jobs.id_of(like)
        job_id = f"{like_id}-{job}"
        work = (self._descriptor.commands.work or "").replace("{plugin}", str(self._ground.world.plugin))
        work = work.replace("{id}", job_id).replace("{project}", shlex.quote(str(self._ground.world.project)))
        child = await processes.spawn(
            [_BASH, "-c", f"kill -STOP $$; exec {work}"],
            env=self._ground.env,
            cwd=self._ground.world.project,
            stdin=DEVNULL,
            case=self._ground.group,
        )
        self._asleep[job] = child
        await _stopped(child.identity)
        fields, words = self._descriptor.state.fields, self._descriptor.state.words

        def queued(row: Json) -> Json:
            waiting = {name: value for name, value in row.items() if name not in self._descriptor.state.begun}
            start = {} if fields.start is None else {fields.start: str(child.identity.start)}
            return waiting | {fields.status: words.active[0], fields.pid: child.identity.pid} | start

        def renamed(text: str) -> str:
            return text.replace(f"job={like} ", f"job={job} ").replace(like_id, job_id)

        self._files.add_row(like_id, renamed, queued)
        self._jobs.ids[job] = job_id
        self._ground.watch(child.identity)
        self._journal.write(JobQueued(job=job, id=job_id, worker=child.identity.pid, start=child.identity.start))
        self._journal.after(self._sleeper_ends(job, child))

    async def wake(self, job: str) -> None:
        """Let the worker of a queued job begin, if it still lives. Raises NoSuchRowError."""
        child = self._asleep.get(job)
        if child is None:
            raise NoSuchRowError(f"the job {job} was not queued before, so no worker of it is asleep")
        alive = processes.is_alive(child.identity)
        self._journal.write(WorkerWoken(job=job, pid=child.identity.pid, alive=alive))
        if sys.platform != "win32":
            processes.signal_process(child.identity, signal.SIGCONT)

    async def _sleeper_ends(self, job: str, child: processes.Child) -> None:
        """A job whose worker ends without having asked its model is over without having started."""
        await child.wait()
        if job not in self._jobs.started:
            self._journal.write(JobEnded(job=job, how="never started", worker=child.identity.pid))

    def _tree(self, job: str) -> list[processes.ProcessInfo]:
        """The worker with all below it, less a server of other jobs; and what its Codex has left running."""
        alive = self._ground.group.census()
        tree = below(self._worker(job), alive, without=self._server())
        for pid in left_by_codex(job, self._journal.records):
            tree += [info for info in below(pid, alive) if info not in tree]
        return tree

    def _worker(self, job: str) -> int:
        if job in self._asleep:
            return self._asleep[job].identity.pid
        started = next((each for each in self._journal.of(JobStarted) if each.job == job), None)
        return (started.worker or 0) if started is not None else 0

    def _server(self) -> int | None:
        found = self._files.server()
        pid = found[1].get(self._descriptor.state.server_pid) if found is not None else None
        return pid if isinstance(pid, int) else None


async def _stopped(identity: processes.Identity) -> None:
    """Wait until a process has stopped itself. Nothing tells of that but its state."""
    deadline = asyncio.get_running_loop().time() + _END_SECONDS
    while processes.is_alive(identity) and not _is_stopped(identity):
        if asyncio.get_running_loop().time() > deadline:
            raise DeadlineMissedError(f"process {identity.pid} to stop itself", _END_SECONDS)
        await asyncio.sleep(_AGAIN_SECONDS)


def _is_stopped(identity: processes.Identity) -> bool:
    try:
        return psutil.Process(identity.pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:  # it died meanwhile
        return False
