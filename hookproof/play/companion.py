"""Playing a companion: its jobs are followed, and its status is asked and its state read at every look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hookproof import places, processes
from hookproof.catalogue.descriptor import Companion, State
from hookproof.catalogue.fault import AnyFault
from hookproof.hosts.codex.home import write_config
from hookproof.journal import DeadlineMissedError, Journal
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.faults.context import Ground
from hookproof.play.faults.injector import Faults
from hookproof.play.job_tracker import Jobs
from hookproof.play.runner import Performance
from hookproof.play.shell_tracker import Shells
from hookproof.play.snapshot import Looker
from hookproof.records import Record
from hookproof.records.jobs import JobEnded, JobRefused, JobStarted, Look
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Error
from hookproof.records.told import ShellHeld
from hookproof.sandbox.state_edits import StateFiles
from hookproof.sandbox.world import World


class CompanionPlay(Performance):
    """The run of a plugin that starts jobs."""

    def __init__(
        self,
        case: Case,
        descriptor: Companion,
        world: World,
        journal: Journal,
        options: PlayOptions,
        group: processes.CaseProcesses,
    ) -> None:
        self._descriptor = descriptor
        super().__init__(case, world, journal, options, group)
        self._faults: Faults | None = None
        self._jobs = Jobs(journal, world, descriptor, group, self.deaths.watch)
        self._shells = Shells(journal, world, group, self.deaths.watch)

    def words(self) -> Mapping[str, str]:
        verbs = self._descriptor.commands
        commands = {"launch": verbs.launch, "wait": verbs.wait, "review": verbs.review or "", "bare": self._bare()}
        words = {name: text.replace("{plugin}", str(self.world.plugin)) for name, text in commands.items()}
        return words | {"hold": f'python3 -I -S "{places.FAKES / "hold" / "hold.py"}"'}

    def _bare(self) -> str:
        """What stands before a command for it to see nothing of what the session's hooks hand to its shells."""
        if self.case.lifecycle.rows.get("env_file_exports") == "reach no shell":
            return ""
        return " ".join(["env", *(f"-u {name}" for name in self._descriptor.exports)])

    def answers(self) -> Mapping[str, str]:
        return self.case.scenario.answers()

    def state(self) -> State | None:
        return self._descriptor.state

    async def prepare(self) -> None:
        if self.options.worker is not None:
            # without plugins it asks nobody for any
            home, base_url = Path(self.env["CODEX_HOME"]), self.env["OPENAI_BASE_URL"]
            write_config(home, base_url, self.world.project, ["plugins = false"])
        else:
            left = [job.leaves for job in self.case.scenario.jobs.values() if job.leaves is not None]
            self.env |= {"HOOKPROOF_CODEX_GRANDCHILD": left[0]} if left else {}
        self._looker = Looker(self.journal, self.world, self._descriptor, self.env, self.group)
        self._faults = Faults(
            Ground(
                journal=self.journal,
                world=self.world,
                descriptor=self._descriptor,
                env=self.env,
                group=self.group,
                watch=self.deaths.watch,
                looker=self._looker,
                jobs=self._jobs,
                files=StateFiles(self.world, self._descriptor.state),
            )
        )

    async def close(self) -> None:
        if self._faults is not None:
            await self._faults.close()
        await self._jobs.close()
        await self._shells.close()

    async def hold(self, agent: str, after: str) -> None:
        job = self._model_job(agent)
        started = False

        def come(record: Record) -> bool:
            nonlocal started
            if isinstance(record, JobRefused | JobEnded) and record.job == job:
                return True
            if after == "shell held":
                return isinstance(record, ShellHeld) and record.job == job
            started = started or (isinstance(record, JobStarted) and record.job == job)
            # the look may be over before the request comes: any look since the job's start will do
            return started and (after != "look" or isinstance(record, Look))

        try:
            await self.journal.wait(
                come,
                waiting_for=f"{after!r} before the model answers {agent!r}",
                seconds=self.options.seconds,
            )
        except DeadlineMissedError as error:
            self.journal.write(Error(where="model server", what=str(error)))

    def _model_job(self, agent: str) -> str | None:
        return self._script_job(agent) or next(iter(self.case.scenario.jobs), None)

    def _script_job(self, agent: str) -> str | None:
        answers = [each.job for each in self.journal.of(ModelAnswer) if each.agent == agent and each.job]
        return answers[-1] if answers else None

    async def look(self, step: int) -> None:
        await self._looker.look(step)

    async def inject(self, fault: AnyFault, job: str) -> None:
        if self._faults is not None:
            await self._faults.inject(fault, job)

    async def fetch_result(self, job: str) -> None:
        await self._looker.fetch(job, await self._jobs.find_id(job))
