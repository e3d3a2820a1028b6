"""Doing to a companion's jobs what a scenario asks for: the faults that happen to jobs in the field.

Every deed leaves a record of what was done to what. It is written before the deed where something may happen because
of it at once (a process is ended or stopped, a directory goes), and after it where it tells what came of it (a planted
pid, a changed file, a killed hook). Processes are ended, stopped and continued by identity, and only those of this run.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from subprocess import PIPE

from hookproof import processes
from hookproof.play.faults.cancel import Cancelling
from hookproof.play.faults.context import Ground
from hookproof.play.faults.hooks import HookFaults
from hookproof.play.teardown import idle
from hookproof.play.trees import topmost_naming
from hookproof.records.base import Json
from hookproof.records.faults import (
    CodexKilled,
    JobFault,
    ListFilled,
    PidPlanted,
    RowAged,
    ServerFrozen,
    ServerThawed,
    ShellKilled,
    StateTorn,
    WorkerKilled,
    WorkspaceDeleted,
)
from hookproof.records.jobs import JobStarted
from hookproof.records.run import Error, Settled
from hookproof.sandbox.state_edits import NoSuchRowError

_BEYOND_THE_CAP = 5
_QUIET_SECONDS = 0.5
_CHANGES_FILES = {"queue", "plant", "tear", "fill", "age"}
_WAITS = "import sys; sys.stdin.read()"


class Faults:
    """The deeds of one run. Belongs to its event loop."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._journal = ground.journal
        self._state = ground.descriptor.state
        self._jobs = ground.jobs
        self._files = ground.files
        self._cancelling = Cancelling(ground)
        self._hooks = HookFaults(ground)
        self._bystanders: list[processes.Child] = []

    async def do(self, deed: str, job: str) -> None:
        """Do what `deed` says, to `job` where it is about one. What cannot be done is an error of the run."""
        verbs: dict[str, Callable[[], Awaitable[None]]] = {
            "cancel": lambda: self._cancelling.cancel(job),
            "queue": lambda: self._cancelling.queue(job),
            "wake": lambda: self._cancelling.wake(job),
            "end": lambda: self._end(deed.split()[1], job),
            "freeze": lambda: self._signal_server("SIGSTOP"),
            "thaw": lambda: self._signal_server("SIGCONT"),
            "plant": lambda: self._plant(deed, job),
            "tear": self._tear,
            "fill": lambda: self._fill(job),
            "age": lambda: self._age(job),
            "kill": lambda: self._kill_hook(deed),
            "delete": self._delete,
            "repeat": self._hooks.repeat_session_start,
            "settle": self._settle,
        }
        try:
            if deed.split(maxsplit=1)[0] in _CHANGES_FILES:
                # a worker that writes down how it goes would write over what is changed here
                await idle(self._ground.group, quiet=_QUIET_SECONDS)
            await verbs[deed.split(maxsplit=1)[0]]()
        except NoSuchRowError as error:
            self._journal.write(Error(where="faults", what=f"{deed}: {error}"))

    async def close(self) -> None:
        """Let go of what was started; the sweep ends it."""
        await self._cancelling.close()
        for child in self._bystanders:
            child.close()

    async def _end(self, which: str, job: str) -> None:
        """Kill the worker of a job, the Codex that serves it, or everything in the group of its launching shell."""
        alive = self._ground.group.census()
        kind: type[JobFault]
        if which == "codex":
            kind = CodexKilled
            chosen = [info for info in alive if "app-server" in info.argv]
        elif which == "worker":
            kind = WorkerKilled
            pids = [each.worker for each in self._journal.of(JobStarted) if each.job == job][:1]
            chosen = [info for info in alive if info.identity.pid in pids]
        else:
            kind = ShellKilled
            shell = topmost_naming(job, alive)
            chosen = [info for info in alive if shell is not None and info.pgid == shell.pgid]
        if not chosen:
            self._journal.write(Error(where="faults", what=f"there is no {which} of job {job} to end"))
        for info in chosen:
            self._ground.watch(info.identity)
        self._journal.write(kind(job=job, pids=[info.identity.pid for info in chosen]))
        for info in chosen:
            processes.kill(info.identity)

    async def _signal_server(self, name: str) -> None:
        """Stop the shared server, which then accepts and stays silent, or continue it."""
        found = self._files.server()
        pid = found[1].get(self._state.server_pid) if found is not None else None
        infos = [info for info in self._ground.group.census() if info.identity.pid == pid]
        kind = ServerFrozen if name == "SIGSTOP" else ServerThawed
        self._journal.write(kind(pids=[info.identity.pid for info in infos]))
        if sys.platform != "win32":
            for info in infos:
                processes.signal_process(info.identity, signal.Signals[name])

    async def _plant(self, deed: str, job: str) -> None:
        """Start a process that is no job's, and write its pid where the plugin keeps one of its own."""
        child = await processes.spawn(
            [sys.executable, "-I", "-S", "-c", _WAITS],
            env=self._ground.env,
            cwd=self._ground.world.root,
            stdin=PIPE,
            case=self._ground.group,
        )
        self._bystanders.append(child)
        self._ground.watch(child.identity)
        pid = child.identity.pid
        where = "server" if deed.endswith("server") else "job"
        if where == "server":
            planted = self._files.change_server(**{self._state.server_pid: pid})
        else:
            self._files.change_row(self._jobs.id_of(job), lambda row: row | {self._state.fields.pid: pid})
            planted = True
        self._journal.write(
            PidPlanted(
                where=where, job=job if where == "job" else None, planted=planted, pid=pid, start=child.identity.start
            )
        )

    async def _tear(self) -> None:
        self._journal.write(StateTorn(files=self._files.tear()))

    async def _fill(self, job: str) -> None:
        count = (self._state.remembers or 0) + _BEYOND_THE_CAP
        self._files.fill(self._jobs.id_of(job), count)
        self._journal.write(ListFilled(job=job, added=count))

    async def _age(self, job: str) -> None:
        """Take from the row what earlier versions did not write."""

        def older(row: Json) -> Json:
            return {name: value for name, value in row.items() if name not in self._state.newer}

        self._files.change_row(self._jobs.id_of(job), older)
        self._journal.write(RowAged(job=job, without=self._state.newer))

    async def _kill_hook(self, deed: str) -> None:
        self._hooks.kill_next("a process dies" if deed.endswith("once a process dies") else "at its start")

    async def _delete(self) -> None:
        self._journal.write(WorkspaceDeleted())
        shutil.rmtree(self._ground.world.project)

    async def _settle(self) -> None:
        left = await idle(self._ground.group, quiet=_QUIET_SECONDS)
        self._journal.write(Settled(alive=len(left)))
