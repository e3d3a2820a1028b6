"""One case, played: a scenario with a plugin on a lifecycle becomes one journal.

Life: the private world is built, the recorder and the model server listen, the main session starts and is given its
first user turn; then the scenario's steps run beside the host until both are done. At the end every session is ended,
what still runs is left in peace until it is idle, counted as evidence, and only then swept. Whatever goes wrong in
between is an `error` record, and the end is reached all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from hookproof import processes
from hookproof.catalogue.scenario import MAIN
from hookproof.hosts.claude import ClaudeSession, start_session
from hookproof.journal import DeadlineMissedError, Journal, Record
from hookproof.model.script import Script
from hookproof.model.server import ModelServer
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.end import settle
from hookproof.play.header import header
from hookproof.play.jobs import Jobs
from hookproof.play.look import Looker
from hookproof.play.steps import HostGoneError, Steps
from hookproof.stage import world as worlds
from hookproof.stage.environment import environment, search_path
from hookproof.stage.recorder import Recorder


async def play(case: Case, run_dir: Path, options: PlayOptions) -> Path:
    """Play `case`; everything that happened is in the journal, whose path is returned."""
    world = worlds.build(case.plugin, case.lifecycle, run_dir, codex=options.codex)
    processes.claim(run_dir, world.token)
    with contextlib.closing(Journal(run_dir / "journal.jsonl")) as journal:
        try:
            journal.write("case", **header(case, options))
            with processes.CaseProcesses(world.token) as group:
                await _Play(case, world, journal, options, group).run()
            journal.write("end", world_removed=world.remove())
        finally:
            world.remove()
            processes.release(run_dir)
    return journal.path


class _Play:
    """The run while it lasts. Also the actions that the steps can have done."""

    def __init__(
        self, case: Case, world: worlds.World, journal: Journal, options: PlayOptions, group: processes.CaseProcesses
    ) -> None:
        self._case = case
        self._world = world
        self._journal = journal
        self._options = options
        self._group = group
        self._sessions: dict[str, ClaudeSession] = {}
        self._watch = processes.DeathWatch(asyncio.get_running_loop(), self._died)
        descriptor = case.plugin.descriptor
        self._jobs = Jobs(journal, world, descriptor, group, self._watch.watch)
        self._recorder = Recorder(journal, world.token)
        verbs = descriptor.commands
        commands = {"launch": verbs.launch, "wait": verbs.wait, "review": verbs.review or ""}
        filled = {name: text.replace("{plugin}", str(world.plugin)) for name, text in commands.items()}
        answers = {name: job.answer or f"Codex has finished job={name}." for name, job in case.scenario.jobs.items()}
        self._model = ModelServer(Script(case.scenario.model, filled), answers, journal, self._hold)

    async def run(self) -> None:
        """Play to the end, whatever happens on the way."""
        try:
            await self._begin()
            await Steps(self._case.scenario, self._journal, self, self._options.seconds).play()
            for session in list(self._sessions.values()):
                await self._end(session)
        except (DeadlineMissedError, HostGoneError) as error:
            self._journal.write("error", where="play", what=str(error))
        except Exception as error:  # whatever it is, the end is reached and the verdict is unknown
            self._journal.write("error", where="play", what=f"{type(error).__name__}: {error}")
        finally:
            await self._finish()

    async def _begin(self) -> None:
        recorder = await self._recorder.start()
        model = await self._model.start()
        needs = self._case.plugin.descriptor.needs
        self._env = environment(
            home=self._world.home,
            tmp=self._world.tmp,
            path=search_path(self._world.bin, needs),
            token=self._world.token,
            recorder=recorder,
            model=model,
        ) | dict(self._options.extra_env)
        self._looker = Looker(self._journal, self._world, self._case.plugin.descriptor, self._env, self._group)
        await self._start(MAIN, self._case.scenario.user)

    async def _start(self, name: str, user: str) -> None:
        session = await start_session(
            self._options.host, self._world, self._journal, name=name, env=self._env, group=self._group
        )
        self._sessions[name] = session
        await session.type(user)

    async def _end(self, session: ClaudeSession) -> None:
        waiting_for = f"the end of session {session.name!r}"
        try:
            async with asyncio.timeout(self._options.seconds):
                await session.end()
        except TimeoutError:
            raise DeadlineMissedError(waiting_for, self._options.seconds) from None

    async def _finish(self) -> None:
        """Evidence first, then the sweep; afterwards nothing of the run is left but its journal."""
        await settle(self._journal, self._world, self._case.plugin.descriptor, self._group)
        self._journal.write("sweep.began")
        swept = await self._group.sweep(seconds=20.0)
        for session in self._sessions.values():
            await session.abandon()
        await self._jobs.close()
        await self._model.stop()
        await self._recorder.stop()
        self._watch.close()
        self._journal.write("swept", ended=len(swept.ended), left=len(swept.left))

    def _died(self, death: processes.Death) -> None:
        exit_ = death.exit
        self._journal.write(
            "process.died",
            pid=death.identity.pid,
            start=death.identity.start,
            code=exit_.code if exit_ else None,
            signal=exit_.signal if exit_ else None,
            observed=exit_.observed if exit_ else False,
        )

    async def _hold(self, agent: str, after: str) -> None:
        """Keep a model answer back until what it waits for is in the journal."""
        job = self._model_job(agent)
        started = False

        def come(record: Record) -> bool:
            nonlocal started
            about = record.get("job") == job
            if about and record["kind"] in {"job.refused", "job.ended"}:
                return True
            started = started or (about and record["kind"] == "job.started")
            # the look may be over before the request comes: any look since the job's start will do
            return started and (after != "look" or record["kind"] == "look")

        try:
            await self._journal.wait(
                come,
                waiting_for=f"{after!r} before the model answers {agent!r}",
                seconds=self._options.seconds,
            )
        except DeadlineMissedError as error:
            self._journal.write("error", where="model server", what=str(error))

    def _model_job(self, agent: str) -> str | None:
        return self._script_job(agent) or next(iter(self._case.scenario.jobs), None)

    def _script_job(self, agent: str) -> str | None:
        answers = [r for r in self._journal.records if r["kind"] == "model.answer" and r["agent"] == agent and r["job"]]
        return str(answers[-1]["job"]) if answers else None

    # what the steps can have done

    async def look(self, step: int) -> None:
        await self._looker.look(step)

    async def fetch_result(self, job: str) -> None:
        launched = [r["id"] for r in self._journal.records if r["kind"] == "job.launched" and r["job"] == job]
        rows = [r["row"] for r in self._journal.records if r["kind"] == "job.started" and r["job"] == job and r["row"]]
        known = launched or [row.get(self._case.plugin.descriptor.state.fields.id) for row in rows]
        await self._looker.fetch(job, known[-1] if known else None)

    def release(self, job: str) -> None:
        self._model.release(job)

    async def start_session(self, name: str) -> None:
        await self._start(name, self._case.scenario.sessions[name].user)

    async def end_session(self, name: str) -> None:
        await self._end(self._sessions.pop(name))

    async def type(self, session: str, text: str) -> None:
        await self._sessions[session].type(text)
