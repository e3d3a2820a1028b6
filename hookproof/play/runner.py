"""The runner of a case: what every run does while it lasts, whatever kind of plugin it is about.

It owns the loopback servers and the sessions, reaches its end whatever happens on the way, and asks the driver of the
plugin what is different for its kind. Called by `play.case`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.scenario import MAIN
from hookproof.errors import DeadlineMissedError, describe
from hookproof.hosts.host import Host
from hookproof.hosts.registry import HOSTS
from hookproof.hosts.session import HostError, Session, Setting
from hookproof.model.script import Script
from hookproof.model.server import ModelServer, refused_requests
from hookproof.model.turns import Turns
from hookproof.play.declared_hooks import write_declared
from hookproof.play.driver import Driver
from hookproof.play.dropped_hooks import write_dropped
from hookproof.play.left_files import write_left_files
from hookproof.play.open_hooks import OpenHooks
from hookproof.play.run import Run
from hookproof.play.steps import HostExitedError, JobNeverBeganError, Steps
from hookproof.play.teardown import StrayRecorder, uninterrupted, write_census
from hookproof.records import Record
from hookproof.records.hosts import HostStarted
from hookproof.records.model import ModelLoop
from hookproof.records.run import Error, Placed, SessionsEnd, Settled, ShellLetGo, SweepBegan, Swept
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox import tap
from hookproof.sandbox.environment import environment, model_key, search_path
from hookproof.sandbox.recorder import Recorder


class Runner:
    """Plays one run from its first session to its sweep. Also the actions that the steps can have done."""

    def __init__(self, run: Run, driver: Driver) -> None:
        self._run = run
        self._journal = run.journal
        self._scenario = run.case.scenario
        self._driver = driver
        self._sessions: dict[str, Session] = {}
        self._tapped: list[tap.TappedHook] = []
        self._open_hooks = OpenHooks(run.journal, run.options.seconds, run.processes.census)
        self._recorder = Recorder(run.journal, run.sandbox.token)
        model = {agent: run.host.steps(script) for agent, script in self._scenario.model.items()}
        script = Script(model, driver.variables(), run.case.timeout_factor, run.sandbox.project)
        self._turns = Turns(script, driver.answers(), run.journal, driver.wait_before_answer, driver.prepare_answer)
        key, wires = model_key(run.sandbox.token), [host.wire for host in HOSTS.values()]
        self._model = ModelServer(self._turns, wires, run.journal, key)

    async def play(self) -> None:
        """Play to the end, whatever happens on the way. One that is interrupted is cleared away without evidence."""
        try:
            await self._play()
            # evidence first, then the sweep
            await self._collect_evidence()
        except asyncio.CancelledError:
            self._journal.write(Error(where="play", what="interrupted"))
            raise
        finally:
            await uninterrupted(self._clear())

    async def _collect_evidence(self) -> None:
        try:
            if self._run.program(self._run.host).real:
                write_dropped(self._journal, self._tapped, self._run.program(self._run.host).version)
            await self._driver.evidence()
            await write_census(self._run, self._driver.state())
            await write_left_files(self._run)
        except Exception as error:  # what is left is swept all the same, and the verdict is unknown
            self._journal.write(Error(where="evidence", what=describe(error)))

    async def _play(self) -> None:
        try:
            await self._unless_it_loops(self._to_the_end())
        except DeadlineMissedError as error:
            why = [*self._open_hooks.sentences(), *refused_requests(self._journal)]
            self._journal.write(Error(where="play", what="; ".join([str(error), *why])))
        except (HostExitedError, JobNeverBeganError) as error:
            self._journal.write(Error(where="play", what=str(error)))
        except Exception as error:  # whatever it is, the end is reached and the verdict is unknown
            self._journal.write(Error(where="play", what=describe(error)))
        self._turns.close()

    async def _to_the_end(self) -> None:
        await self._begin()
        await self._steps().play()
        for session in list(self._sessions.values()):
            await self._end(session)

    async def _unless_it_loops(self, playing: Coroutine[Any, Any, None]) -> None:
        """Play, and break off once an agent goes round in a loop: what was waited for cannot come any more."""
        task = asyncio.ensure_future(playing)
        looping = asyncio.Event()

        def see(record: Record) -> None:
            if isinstance(record, ModelLoop):
                looping.set()
                task.cancel()

        self._journal.observe(see)
        try:
            await task
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if not looping.is_set() or (me is not None and me.cancelling()):
                raise

    async def _begin(self) -> None:
        run = self._run
        whole = partial(
            environment,
            path=search_path(run.sandbox.bin, run.case.plugin.descriptor.needs),
            token=run.sandbox.token,
            recorder=await self._recorder.start(),
            model=await self._model.start(),
            hosts=HOSTS.values(),
        )
        run.env.update(whole(home=run.sandbox.home, tmp=run.sandbox.tmp))
        for name, sandbox in run.beside.items():
            own = whole(home=sandbox.home, tmp=sandbox.tmp)
            run.env_beside[name] = {key: value for key, value in own.items() if run.env.get(key) != value}
        self._tell_places()
        run.env.update(run.options.extra_env)
        seconds = run.options.seconds
        await write_declared(run.journal, run.sandbox.plugin, run.hosts, run.case.lifecycle, seconds=seconds)
        if run.options.tap or any(run.program(host).real for host in run.hosts):
            self._tap()
        await self._driver.prepare()
        await self._start(run.host, run.setting(MAIN, run.host), self._scenario.user)

    def _tell_places(self) -> None:
        """Where each session is that has a place of its own, and main."""
        asked = {MAIN: self._scenario.place, **{n: each.place for n, each in self._scenario.sessions.items()}}
        for name, place in asked.items():
            if place is not None:
                sandbox = self._run.beside.get(name, self._run.sandbox)
                told = Placed(session=name, folder=str(sandbox.place), plain=place.plain, installed=place.installed)
                self._journal.write(told)

    def _steps(self) -> Steps:
        run = self._run
        return Steps(self._scenario, self._journal, self, run.options.seconds, host=run.host)

    def _tap(self) -> None:
        """Wrap the plugin's hooks, before any host reads them."""
        tap.Unfinished(self._journal, self._run.deaths.watch)
        for host in self._run.hosts:
            for sandbox in (self._run.sandbox, *self._run.beside.values()):
                self._tapped += tap.install(sandbox.plugin, host, str(Path(sys.executable).resolve()))

    async def _start(self, host: Host, setting: Setting, user: str) -> None:
        self._sessions[setting.name] = await host.begin(setting)
        await self.type(setting.name, user)

    async def _end(self, session: Session, *, close_terminal: bool = False) -> None:
        async with self._patience(f"the end of session {session.name!r}"):
            await (session.close_terminal() if close_terminal else session.end())

    async def _end_early(self, name: str, *, close_terminal: bool = False) -> None:
        """End a session before the run's end. One that does not end is abandoned with the others."""
        session = self._at_work(name)
        del self._sessions[name]
        try:
            await self._end(session, close_terminal=close_terminal)
        except BaseException:
            self._sessions[name] = session
            raise

    async def _clear(self) -> None:
        """The sweep; afterwards nothing of the run is left but its journal."""
        self._journal.write(SweepBegan())
        swept = await self._run.processes.sweep(seconds=20.0)
        StrayRecorder(self._journal, self._run.processes).record_undecided()
        async with AsyncExitStack() as closing:  # in the reverse order, each whatever the others raise
            closing.callback(self._run.deaths.close)
            closing.push_async_callback(self._recorder.stop)
            closing.push_async_callback(self._model.stop)
            closing.push_async_callback(self._driver.close)
            closing.push_async_callback(self._journal.stop)
            for session in self._sessions.values():
                closing.push_async_callback(session.abandon)
        self._journal.write(Swept(ended=len(swept.ended), left=len(swept.left)))

    # what the steps can have done

    async def take_snapshot(self, step: int) -> None:
        await self._driver.snapshot(step)

    async def fetch_result(self, job: str) -> None:
        await self._driver.fetch_result(job)

    def release(self, job: str) -> None:
        self._turns.release(job)

    def release_shell(self) -> None:
        self._journal.write(ShellLetGo())
        self._recorder.let_go()

    async def start_session(self, name: str) -> None:
        wanted = self._scenario.sessions[name]
        if wanted.host is None or wanted.lifecycle is None:
            await self._start(self._run.host, self._run.setting(name, self._run.host), wanted.user)
            return
        lifecycle = self._run.sandbox.root / f"lifecycle-{name}.json"
        sandboxes.write_lifecycle(lifecycle, resolve_lifecycle(wanted.lifecycle))
        host = HOSTS[wanted.host]
        await self._start(host, self._run.setting(name, host, lifecycle=lifecycle), wanted.user)

    async def end_session(self, name: str) -> None:
        await self._driver.end_session(name, self._end_early(name))

    async def resume_session(self) -> None:
        """Take main up again in a new process of the host, by the id that it was started with."""
        started = next((each for each in self._journal.of(HostStarted) if each.session == MAIN), None)
        if started is None or MAIN in self._sessions:
            raise ValueError("main has not ended, so that nothing can be resumed")
        self._turns.resumed(MAIN)
        host = self._run.host
        self._sessions[MAIN] = await host.begin(self._run.setting(MAIN, host, resume=str(started.session_id)))

    async def kill_host(self, name: str) -> None:
        session = self._at_work(name)
        async with self._patience(f"the killed host of session {name!r} to be gone"):
            await session.kill()
        del self._sessions[name]

    async def close_terminal(self, name: str) -> None:
        await self._end_early(name, close_terminal=True)

    async def fork_session(self, name: str) -> None:
        main = self._at_work(MAIN)
        async with self._patience(f"main to be forked as {name!r}"):
            self._sessions[name] = await main.fork(name)
        await self.type(name, self._scenario.sessions[name].user)

    async def end_sessions(self) -> None:
        """All of them at the same moment."""
        self._journal.write(SessionsEnd(sessions=sorted(self._sessions)))
        ends = [self._end_early(name) for name in list(self._sessions)]
        # one that goes wrong must not leave the others to themselves
        errors = [each for each in await asyncio.gather(*ends, return_exceptions=True) if each is not None]
        if errors:
            raise errors[0]

    async def settle(self) -> Record:
        return self._journal.write(Settled(alive=len(await self._run.rest.settled())))

    async def inject(self, fault: AnyFault, job: str) -> None:
        await self._driver.inject(fault, job)

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
            async with asyncio.timeout(self._run.options.seconds):
                yield
        except TimeoutError:
            raise DeadlineMissedError(waiting_for, self._run.options.seconds) from None
