"""Driving a companion: its jobs are followed, and its status is queried and its state read at every snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from hookproof import places
from hookproof.catalogue.descriptor import Companion, State
from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.model_step import Bash
from hookproof.errors import DeadlineMissedError
from hookproof.hosts.registry import WORKER
from hookproof.play.bare_shell import BareShell
from hookproof.play.driver import Driver
from hookproof.play.faults.injection import Target
from hookproof.play.faults.injector import Faults
from hookproof.play.job_tracker import JobTracker
from hookproof.play.run import Run
from hookproof.play.shell_tracker import ShellTracker
from hookproof.play.snapshot import Snapshots
from hookproof.records import Record
from hookproof.records.jobs import JobEnded, JobNeverBegan, JobRefused, JobStarted, SnapshotTaken
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Error
from hookproof.records.sent import ShellHeld
from hookproof.sandbox.state_edits import StateFiles


class CompanionDriver(Driver):
    """The driver of a plugin that starts jobs."""

    def __init__(self, run: Run, descriptor: Companion) -> None:
        self.run = run
        self._descriptor = descriptor
        self._jobs = JobTracker(run, descriptor)
        ShellTracker(run)
        self._bare = BareShell(run, descriptor)
        self._variables: dict[str, str] = {}
        self._snapshots = Snapshots(run, descriptor)
        files = StateFiles(run.sandbox, descriptor.state)
        self._faults = Faults(Target(run, descriptor, self._snapshots, self._jobs, files))

    def variables(self) -> Mapping[str, str]:
        verbs = self._descriptor.commands
        flags = {"wait": verbs.wait, "resume": verbs.resume}
        commands = {"launch": verbs.launch, "review": verbs.review or "", **flags}
        filled = {name: text.replace("{plugin}", str(self.run.sandbox.plugin)) for name, text in commands.items()}
        self._variables |= filled | {"hold": f'python3 -I -S "{places.FAKES / "hold" / "hold.py"}"', "bare": ""}
        return self._variables

    async def prepare_answer(self, agent: str) -> None:
        steps = self.run.case.scenario.model.get(agent, ())
        if any(isinstance(step, Bash) and "{bare}" in step.command for step in steps):
            self._variables["bare"] = await self._bare.prefix(agent)

    def answers(self) -> Mapping[str, str]:
        return self.run.case.scenario.answers()

    def state(self) -> State | None:
        return self._descriptor.state

    async def prepare(self) -> None:
        if self.run.options.worker is not None:
            WORKER.prepare_worker(self.run.setting(WORKER.name, WORKER))
        else:
            left = [job.leaves for job in self.run.case.scenario.jobs.values() if job.leaves is not None]
            self.run.env.update({"HOOKPROOF_CODEX_GRANDCHILD": left[0]} if left else {})

    async def evidence(self) -> None:
        """Nothing beside the census, which has the plugin's rows."""

    async def close(self) -> None:
        await self._faults.close()

    async def wait_before_answer(self, agent: str, after: str) -> None:
        job = self._model_job(agent)
        started = False

        def has_come(record: Record) -> bool:
            nonlocal started
            if isinstance(record, JobRefused | JobEnded | JobNeverBegan) and record.job == job:
                return True
            if after == "shell held":
                return isinstance(record, ShellHeld) and record.job == job
            started = started or (isinstance(record, JobStarted) and record.job == job)
            # the snapshot may be over before the request comes: any one since the job's start will do
            return started and (after != "look" or isinstance(record, SnapshotTaken))

        try:
            await self.run.journal.wait(
                has_come,
                waiting_for=f"{after!r} before the model answers {agent!r}",
                seconds=self.run.options.seconds,
            )
        except DeadlineMissedError as error:
            self.run.journal.write(Error(where="model server", what=str(error)))

    def _model_job(self, agent: str) -> str | None:
        return self._script_job(agent) or next(iter(self.run.case.scenario.jobs), None)

    def _script_job(self, agent: str) -> str | None:
        answers = [each.job for each in self.run.journal.of(ModelAnswer) if each.agent == agent and each.job]
        return answers[-1] if answers else None

    async def snapshot(self, step: int) -> None:
        await self._snapshots.take(step)

    async def inject(self, fault: AnyFault, job: str) -> None:
        await self._faults.inject(fault, job)

    async def fetch_result(self, job: str) -> None:
        await self._snapshots.fetch(job, await self._jobs.find_id(job))
