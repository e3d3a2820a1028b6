"""A performance: what every run does while it lasts, whatever kind of plugin it is about.

It owns the loopback servers, the sessions and the watch on deaths, reaches its end whatever happens on the way, and
lets each kind of plugin add what it looks at.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from hookproof import processes
from hookproof.catalogue.descriptor import State
from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.scenario import MAIN
from hookproof.errors import describe
from hookproof.hosts.claude import interactive as claude_terminal
from hookproof.hosts.claude import print_mode as claude
from hookproof.hosts.codex import client as codex_client
from hookproof.hosts.codex import exec as codex
from hookproof.hosts.session import HostError, Program, Session
from hookproof.journal import DeadlineMissedError, Journal
from hookproof.model.script import Script
from hookproof.model.server import ModelServer, refused_requests
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.open_hooks import OpenHooks
from hookproof.play.steps import HostGoneError, Steps
from hookproof.play.teardown import StrayTeller, settle, uninterrupted
from hookproof.records.hosts import HostStarted
from hookproof.records.run import Error, ProcessDied, SessionsEnd, ShellLetGo, SweepBegan, Swept
from hookproof.sandbox import tap
from hookproof.sandbox import world as worlds
from hookproof.sandbox.environment import environment, model_key, search_path
from hookproof.sandbox.recorder import Recorder


class Performance(ABC):
    """The run while it lasts. Also the actions that the steps can have done."""

    def __init__(
        self, case: Case, world: worlds.World, journal: Journal, options: PlayOptions, group: processes.CaseProcesses
    ) -> None:
        self.case = case
        self.world = world
        self.journal = journal
        self.options = options
        self.group = group
        self.env: dict[str, str] = {}
        """Every child's environment, complete once the run has begun."""
        self._sessions: dict[str, Session] = {}
        self.deaths = processes.DeathWatch(asyncio.get_running_loop(), self._died)
        self._open_hooks = OpenHooks(journal, options.seconds, group.census)
        self._recorder = Recorder(journal, world.token)
        script, key = Script(case.scenario.model, self.words()), model_key(world.token)
        self.model = ModelServer(script, self.answers(), journal, self.hold, key)

    @abstractmethod
    def words(self) -> Mapping[str, str]:
        """What stands for the placeholders of the script."""

    def answers(self) -> Mapping[str, str]:
        """What the model answers to each job."""
        return {}

    async def hold(self, agent: str, after: str) -> None:  # noqa: B027 - not every kind has something to do here
        """Keep a model answer back until what it waits for is in the journal."""

    async def prepare(self) -> None:  # noqa: B027 - not every kind has something to do here
        """What must be there before the main session starts; the environment is complete."""

    async def evidence(self) -> None:  # noqa: B027 - not every kind has something to do here
        """What is written down after every session has ended, before the sweep."""

    async def close(self) -> None:  # noqa: B027 - not every kind has something to do here
        """Stop whatever the kind has started."""

    def state(self) -> State | None:
        """Where the plugin keeps the rows that the census reads."""
        return None

    async def run(self) -> None:
        """Play to the end, whatever happens on the way. One that is interrupted is cleared away without evidence."""
        try:
            await self._play()
            # evidence first, then the sweep
            await self._look_back()
        except asyncio.CancelledError:
            self.journal.write(Error(where="play", what="interrupted"))
            raise
        finally:
            await uninterrupted(self._clear())

    async def _look_back(self) -> None:
        try:
            await self.evidence()
            await settle(self.journal, self.world, self.state(), self.group)
        except Exception as error:  # what is left is swept all the same, and the verdict is unknown
            self.journal.write(Error(where="evidence", what=describe(error)))

    async def _play(self) -> None:
        try:
            await self._begin()
            await Steps(self.case.scenario, self.journal, self, self.options.seconds).play()
            for session in list(self._sessions.values()):
                await self._end(session)
        except DeadlineMissedError as error:
            why = [*self._open_hooks.sentences(), *refused_requests(self.journal)]
            self.journal.write(Error(where="play", what="; ".join([str(error), *why])))
        except HostGoneError as error:
            self.journal.write(Error(where="play", what=str(error)))
        except Exception as error:  # whatever it is, the end is reached and the verdict is unknown
            self.journal.write(Error(where="play", what=describe(error)))

    async def _begin(self) -> None:
        recorder = await self._recorder.start()
        model = await self.model.start()
        self.env = environment(
            home=self.world.home,
            tmp=self.world.tmp,
            path=search_path(self.world.bin, self.case.plugin.descriptor.needs),
            token=self.world.token,
            recorder=recorder,
            model=model,
        ) | dict(self.options.extra_env)
        if self.options.tap or any(self.program(host).real for host in self._hosts()):
            self._tap()
        await self.prepare()
        await self._start(MAIN, self.case.scenario.user, self.case.scenario.host, self.world.lifecycle)

    def _tap(self) -> None:
        """Wrap the plugin's hooks, before any host reads them."""
        tap.Unfinished(self.journal, self.deaths.watch)
        for host in self._hosts():
            tap.install(self.world.plugin, host, str(Path(sys.executable).resolve()))

    def program(self, host: str) -> Program:
        """The program that plays a host: the case's own for the scenario's, else what the options say."""
        own = self.case.program if host == self.case.scenario.host else None
        return own or self.options.host(host)

    def _hosts(self) -> list[Literal["claude", "codex"]]:
        """The hosts that the scenario is played on."""
        scenario = self.case.scenario
        return list(dict.fromkeys([scenario.host, *(each.host for each in scenario.sessions.values() if each.host)]))

    async def _start(self, name: str, user: str, host: str, lifecycle: Path) -> None:
        program = self.program(host)
        session: Session
        if host == "claude" and self.case.scenario.claude.interactive:
            session = await claude_terminal.start_session(
                program,
                self.world,
                self.journal,
                name=name,
                env=self.env,
                lifecycle=lifecycle,
                group=self.group,
                seconds=self.options.seconds,
            )
        elif host == "claude":
            session = await claude.start_session(
                program, self.world, self.journal, name=name, env=self.env, lifecycle=lifecycle, group=self.group
            )
        else:
            setting = self.codex_setting(program, lifecycle)
            kind = codex_client.ClientSession if setting.options.app_server else codex.CodexSession
            session = kind(name, setting)
        self._sessions[name] = session
        await self.type(name, user)

    def codex_setting(self, program: Program, lifecycle: Path) -> codex.Setting:
        """What the sessions of a Codex in this run have."""
        env = self.env | {"HOOKPROOF_LIFECYCLE": str(lifecycle)}
        return codex.Setting(program, self.world, self.journal, env, self.group, self.case.scenario.codex)

    async def _end(self, session: Session, *, hang_up: bool = False) -> None:
        async with self._patience(f"the end of session {session.name!r}"):
            await (session.hang_up() if hang_up else session.end())

    async def _part_with(self, name: str, *, hang_up: bool = False) -> None:
        """End a session before the run's end. One that does not end is abandoned with the others."""
        session = self._at_work(name)
        del self._sessions[name]
        try:
            await self._end(session, hang_up=hang_up)
        except BaseException:
            self._sessions[name] = session
            raise

    async def _clear(self) -> None:
        """The sweep; afterwards nothing of the run is left but its journal."""
        self.journal.write(SweepBegan())
        swept = await self.group.sweep(seconds=20.0)
        StrayTeller(self.journal, self.group).tell_undecided()
        async with AsyncExitStack() as closing:  # in the reverse order, each whatever the others raise
            closing.callback(self.deaths.close)
            closing.push_async_callback(self._recorder.stop)
            closing.push_async_callback(self.model.stop)
            closing.push_async_callback(self.close)
            for session in self._sessions.values():
                closing.push_async_callback(session.abandon)
        self.journal.write(Swept(ended=len(swept.ended), left=len(swept.left)))

    def _died(self, death: processes.Death) -> None:
        exit_ = death.exit
        self.journal.write(
            ProcessDied(
                pid=death.identity.pid,
                start=death.identity.start,
                code=exit_.code if exit_ else None,
                signal=exit_.signal if exit_ else None,
                observed=exit_.observed if exit_ else False,
            )
        )

    # what the steps can have done

    @abstractmethod
    async def look(self, step: int) -> None: ...

    @abstractmethod
    async def fetch_result(self, job: str) -> None: ...

    def release(self, job: str) -> None:
        self.model.release(job)

    def release_shell(self) -> None:
        self.journal.write(ShellLetGo())
        self._recorder.let_go()

    async def start_session(self, name: str) -> None:
        wanted = self.case.scenario.sessions[name]
        if wanted.host is None or wanted.lifecycle is None:
            await self._start(name, wanted.user, self.case.scenario.host, self.world.lifecycle)
            return
        lifecycle = self.world.root / f"lifecycle-{name}.json"
        worlds.write_lifecycle(lifecycle, resolve_lifecycle(wanted.lifecycle))
        await self._start(name, wanted.user, wanted.host, lifecycle)

    async def end_session(self, name: str) -> None:
        await self._part_with(name)

    async def resume_session(self) -> None:
        """Take main up again in a new process of the host, by the id that it was started with."""
        begun = next((each for each in self.journal.of(HostStarted) if each.session == MAIN), None)
        if begun is None or MAIN in self._sessions:
            raise ValueError("main has not ended, so that nothing can be resumed")
        self.model.resumed(MAIN)
        self._sessions[MAIN] = await claude.start_session(
            self.program("claude"),
            self.world,
            self.journal,
            name=MAIN,
            env=self.env,
            lifecycle=self.world.lifecycle,
            group=self.group,
            resume=str(begun.session_id),
        )

    async def hang_up(self, name: str) -> None:
        await self._part_with(name, hang_up=True)

    async def fork_session(self, name: str) -> None:
        main = self._at_work(MAIN)
        if not isinstance(main, codex_client.ClientSession):
            raise HostError(f"session {name!r}: only a client of codex app-server can fork main")
        async with self._patience(f"main to be forked as {name!r}"):
            self._sessions[name] = await main.fork(name)
        await self.type(name, self.case.scenario.sessions[name].user)

    async def end_sessions(self) -> None:
        """All of them at the same moment."""
        self.journal.write(SessionsEnd(sessions=sorted(self._sessions)))
        ends = [self._part_with(name) for name in list(self._sessions)]
        # one that goes wrong must not leave the others to themselves
        errors = [each for each in await asyncio.gather(*ends, return_exceptions=True) if each is not None]
        if errors:
            raise errors[0]

    async def inject(self, fault: AnyFault, job: str) -> None:
        """What only some kinds of plugin can have done to them. A scenario of another kind cannot ask for it."""
        self.journal.write(Error(where="play", what=f"{str(fault)!r} {job} cannot be done to this kind of plugin"))

    async def type(self, session: str, text: str) -> None:
        async with self._patience(f"session {session!r} to take {text[:80]!r}"):
            await self._at_work(session).type(text)

    def _at_work(self, session: str) -> Session:
        found = self._sessions.get(session)
        if found is None:
            raise HostError(f"session {session!r} has ended, or has not begun")
        return found

    @asynccontextmanager
    async def _patience(self, waiting_for: str) -> AsyncIterator[None]:
        """The deadline of one wait for a host. Raises DeadlineMissedError."""
        try:
            async with asyncio.timeout(self.options.seconds):
                yield
        except TimeoutError:
            raise DeadlineMissedError(waiting_for, self.options.seconds) from None
