"""The fault that has the pid of a job's worker come round: it is really given to a process that is no job's.

Only where hookproof chooses process ids: at the isolation level `full`, in its namespace.
"""

from __future__ import annotations

import asyncio

from hookproof import processes
from hookproof.isolation import pids
from hookproof.play.faults import bystander
from hookproof.play.faults.injection import AimedInjection, Target
from hookproof.play.trees import outlived, tree_of
from hookproof.records.faults import PidReused, WorkerKilled
from hookproof.records.run import Error

_ATTEMPTS = 200
_AGAIN_SECONDS = 0.01
"""Other cases start processes and threads in the same namespace, and one that is quicker has the pid for its time."""


class ReusingPid(AimedInjection):
    def __init__(self, target: Target, job: str) -> None:
        super().__init__(target, job)
        self._bystander: processes.Child | None = None

    async def apply(self) -> None:
        worker, alive = self.target.worker_of(self.job), self.run.processes.census()
        tree = tree_of(worker, alive, without=self.target.server())
        if not tree:
            self._fail(f"there is no worker of job {self.job} to end")
            return
        left = await self._end(tree)
        if left:
            self._fail(f"the processes {left} of job {self.job} outlive a SIGKILL")
            return
        await self._give_to_another(tree[0].identity.pid)

    async def _give_to_another(self, pid: int) -> None:
        run, attempts = self.run, 0
        deadline = asyncio.get_running_loop().time() + run.options.seconds
        while attempts < _ATTEMPTS and await self._gets_free(pid, deadline):
            attempts += 1
            with pids.next_is(pid):
                child = self._bystander = await bystander.start(run)
            if child.identity.pid == pid:
                run.deaths.watch(child.identity)
                run.journal.write(PidReused(job=self.job, pid=pid, start=child.identity.start, attempts=attempts))
                return
            child.kill_group()
            await child.wait()
            child.close()
        why = pids.holder(pid) or f"nobody, and {attempts} attempts were in vain"
        self._fail(f"no bystander could be given the pid {pid} of the worker of job {self.job}, which is had by {why}")

    async def _gets_free(self, pid: int, deadline: float) -> bool:
        """Wait until nobody has it. Nothing tells of that: a thread may have it, and a zombie nobody waits for."""
        while pids.holder(pid) is not None:
            if asyncio.get_running_loop().time() > deadline:
                return False
            if processes.identify(pid) is None:
                processes.reap_adopted()
            await asyncio.sleep(_AGAIN_SECONDS)
        return True

    async def _end(self, tree: list[processes.ProcessInfo]) -> list[int]:
        """Kill them and have their statuses taken: until then their pids are theirs. The pids of those that live."""
        run = self.run
        for info in tree:
            run.deaths.watch(info.identity)
        run.journal.write(WorkerKilled(job=self.job, pids=[info.identity.pid for info in tree]))
        for info in tree:
            processes.kill(info.identity)
        left = await outlived(tree, run, until=lambda: True)
        # one that dies before its parent does comes to us as a zombie, after the event of its death
        processes.reap_adopted()
        return left

    def _fail(self, what: str) -> None:
        self.run.journal.write(Error(where="faults", what=what))

    async def undo(self) -> None:
        if self._bystander is not None:
            self._bystander.close()
