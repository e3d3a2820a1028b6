"""Snapshots: what the plugin says of its jobs, asked in three shells, beside what is really there.

The shells are those in which a person or a model could ask: main's shell, the shell of the agent that launched
the job, and a shell that no session set up. Each is rebuilt from the environment that the host reported for it, so
that a snapshot changes nothing in the session (asking through the model would fire hooks and deliver notices).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hookproof import files, processes
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.scenario import MAIN
from hookproof.errors import DeadlineMissedError
from hookproof.play.job_tracker import describe
from hookproof.play.run import Run
from hookproof.records.hosts import HostExited, HostStarted
from hookproof.records.jobs import Result, SnapshotBegan, SnapshotTaken
from hookproof.records.model import ModelAnswer
from hookproof.records.parts import Answer
from hookproof.records.run import Error, ProcessDied
from hookproof.records.sent import SessionStarted, ShellEnvironment, ShellStarted
from hookproof.sandbox.sandbox import shell_argv


class Snapshots:
    """Takes the snapshots of one run, and asks for the results of its jobs."""

    def __init__(self, run: Run, descriptor: Companion) -> None:
        self._run = run
        self._journal = run.journal
        self._sandbox = run.sandbox
        self._descriptor = descriptor

    async def take(self, step: int) -> None:
        """Write one `look` record: the answers from the shells, the state files, the live processes."""
        number = len(self._journal.of(SnapshotBegan)) + 1
        self._journal.write(SnapshotBegan(n=number, step=step))
        # an orphan that died before its parent did came to us as a zombie: an init would have taken it at once
        processes.reap_adopted(only_spawn_detaches=False)
        # of a workspace that has been deleted nobody can ask where it was
        shells = self._shells() if self._sandbox.project.is_dir() else {}
        command = self._filled(self._descriptor.commands.status)
        # shells that are the same, as main's and a subagent's are on every measured host, are asked as one
        different: list[tuple[Mapping[str, str], list[str]]] = []
        for shell in shells.values():
            if shell not in different:
                different.append(shell)
        found = await asyncio.gather(*(self._ask(command, *shell) for shell in different))
        answers = [found[different.index(shell)] for shell in shells.values()]
        self._journal.write(
            SnapshotTaken(
                n=number,
                step=step,
                places=dict(zip(shells, answers, strict=True)),
                state=await self._run.state(self._descriptor.state),
                processes=describe(self._run.processes.census()),
                unreaped=self._unreaped(),
            )
        )

    def _unreaped(self) -> list[int]:
        """Those that were dead before anybody asked, and are zombies still: so they were when somebody asked."""
        died = [processes.Identity(death.pid, death.start) for death in self._journal.of(ProcessDied)]
        return [identity.pid for identity in died if processes.is_unreaped(identity)]

    async def fetch(self, job: str, job_id: str | None) -> None:
        """Ask for the job's result, and write what came: in main's shell, or once main is over in the next session's.

        Where no session is left it is asked in a shell of none.
        """
        if job_id is None:
            self._journal.write(Result(job=job, id=None, exit=None, text="", why="the job's id was never seen"))
            return
        command = self._filled(self._descriptor.commands.result).replace("{id}", job_id)
        session = self._open_session()
        shell = self._shell_of(session) if session is not None else None
        answer = await self._ask(command, *(shell or (self._run.env, [])))
        where = session if shell is not None else None
        self._journal.write(Result(job=job, id=job_id, exit=answer.exit, text=answer.text, why=None, session=where))

    def _open_session(self) -> str | None:
        """Main while it is there, else the session that has begun last of those that are."""
        there: dict[str, None] = {}
        for record in self._journal.records:
            if isinstance(record, HostStarted):
                there[record.session] = None
            elif isinstance(record, HostExited):
                there.pop(record.session, None)
        return MAIN if MAIN in there else next(reversed(there), None)

    def _shell_of(self, session: str) -> tuple[Mapping[str, str], list[str]] | None:
        """A shell of the session's main agent, where its environment is known."""
        session_id = self._session_id(session)
        return self._environment_of(agent_id=None, session=session_id) if session_id is not None else None

    async def ask_main(self, command: str) -> Answer:
        """Run a command of the plugin's in main's shell, as it would be run for the user."""
        shells = self._shells()
        return await self._ask(self._filled(command), *shells.get("main", shells["bare"]))

    def _filled(self, command: str) -> str:
        return command.replace("{plugin}", str(self._sandbox.plugin))

    def _shells(self) -> dict[str, tuple[Mapping[str, str], list[str]]]:
        """Place by place: environment, and the files that the shell sources first."""
        shells: dict[str, tuple[Mapping[str, str], list[str]]] = {}
        main = self._environment_of(agent_id=None, session=self._session_id(MAIN))
        if main is not None:
            shells["main"] = main
        launcher = self._launcher()
        if launcher is not None and launcher[1] is not None:
            found = self._environment_of(agent_id=launcher[1], session=launcher[0])
            if found is not None:
                shells["launcher"] = found
        shells["bare"] = (self._run.env, [])
        return shells

    def _session_id(self, session: str) -> str | None:
        """The host's own id of a session, as it is now."""
        started = [each for each in self._journal.of(SessionStarted) if each.agent_id is None]
        hosts = [each for each in self._journal.of(HostStarted) if each.session == session]
        # after /clear the same host process goes on under another session id; a resume has a process of its own, and
        # that of a real host's hook may be a shell's
        pids, ids = {host.pid for host in hosts}, {host.session_id for host in hosts}
        ours = [each for each in started if each.by in pids or each.session_id in ids]
        return str(ours[-1].session_id) if ours else None

    def _launcher(self) -> tuple[str | None, str | None] | None:
        """(session id, agent id) of the shell in which the latest job was launched."""
        calls = {each.tool_use_id for each in self._journal.of(ModelAnswer) if each.job}
        shells = [each for each in self._journal.of(ShellStarted) if each.tool_use_id in calls]
        return (shells[-1].session_id, shells[-1].agent_id) if shells else None

    def _environment_of(
        self, *, agent_id: str | None, session: str | None
    ) -> tuple[Mapping[str, str], list[str]] | None:
        for told in reversed(self._journal.of(ShellEnvironment)):
            if told.agent_id == agent_id and (session is None or told.session_id == session):
                return told.env, told.env_files
        return None

    async def _ask(self, command: str, env: Mapping[str, str], env_files: list[str]) -> Answer:
        try:
            finished = await processes.run(
                shell_argv(command, env_files, self._sandbox.root),
                # it is asked for nobody: what it starts is of no hook and of no shell of the host
                env={name: value for name, value in env.items() if name != processes.STARTED_BY_VARIABLE},
                cwd=self._sandbox.project,
                seconds=self._run.options.seconds,
                waiting_for=f"the answer of {command!r}",
                case=self._run.processes,
            )
        except DeadlineMissedError as error:
            # nobody knows what it would have said: that is not the same as having said nothing
            self._journal.write(Error(where="look", what=str(error)))
            return Answer(exit=None, text=str(error))
        text = finished.stdout.decode("utf-8", "replace")
        try:
            answer = files.parse_json(text)
        except ValueError:
            answer = None
            text += finished.stderr.decode("utf-8", "replace")
        exit_ = finished.exit
        return Answer(exit=exit_.code, signal=exit_.signal, answer=answer, text=text[:20000])
