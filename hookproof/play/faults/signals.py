"""Faults that come as a signal: a job's processes are killed, the shared server is stopped and continued.

Processes are ended, stopped and continued by identity, and only those of this run.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Literal

from hookproof import processes
from hookproof.codex_process import is_codex
from hookproof.errors import DeadlineMissedError
from hookproof.play.faults.injection import AimedInjection, Injection, Target
from hookproof.play.trees import topmost_naming
from hookproof.records.faults import (
    CodexKilled,
    JobFault,
    ServerFrozen,
    ServerThawed,
    ShellAsked,
    ShellKilled,
    WorkerKilled,
)
from hookproof.records.run import Error


class Killing(AimedInjection):
    """Kills processes that serve the job. A subclass chooses which."""

    record: ClassVar[type[JobFault]]
    victim: ClassVar[str]
    """For the error that there is none."""

    @abstractmethod
    def chosen(self, alive: list[processes.ProcessInfo]) -> list[processes.ProcessInfo]:
        """Which of the run's processes."""

    async def apply(self) -> None:
        run, chosen = self.run, self.chosen(self.run.processes.census())
        if not chosen:
            run.journal.write(Error(where="faults", what=f"there is no {self.victim} of job {self.job} to end"))
        for info in chosen:
            run.deaths.watch(info.identity)
        run.journal.write(self.record(job=self.job, pids=[info.identity.pid for info in chosen]))
        for info in chosen:
            processes.kill(info.identity)


class KillingWorker(Killing):
    record, victim = WorkerKilled, "worker"

    def chosen(self, alive: list[processes.ProcessInfo]) -> list[processes.ProcessInfo]:
        worker = self.target.worker_of(self.job)
        return [info for info in alive if info.identity == worker]


class KillingCodex(Killing):
    record, victim = CodexKilled, "codex"

    def chosen(self, alive: list[processes.ProcessInfo]) -> list[processes.ProcessInfo]:
        return [info for info in alive if is_codex(info.argv)]


class KillingShell(AimedInjection):
    """Ends the group of a shell as hosts do it: SIGTERM to all of it, and SIGKILL to what is left of it after that.

    Whoever handles SIGTERM gets the chance to: what is left has settled by then. One that still works at the end of a
    step's patience is killed at it, as a host would have done long before.
    """

    def __init__(self, target: Target, job: str) -> None:
        super().__init__(target, job)
        self._launching: int | None = None
        """The process group of the shell, while it is waited for that everything else comes to rest."""

    async def setup(self) -> None:
        shell = topmost_naming(self.job, self.run.processes.census())
        self._launching = shell.pgid if shell is not None else None
        await super().setup()

    def goes_on(self, info: processes.ProcessInfo) -> bool:
        """A launch that waits for its job may look for it again and again; the job's own worker comes to rest."""
        worker = self.target.worker_of(self.job)
        return info.pgid == self._launching and info.identity != worker

    async def apply(self) -> None:
        run, shell = self.run, topmost_naming(self.job, self.run.processes.census())
        if shell is None:
            run.journal.write(Error(where="faults", what=f"there is no shell of job {self.job} to end"))
            return
        asked = self._group(shell)
        for info in asked:
            run.deaths.watch(info.identity)
        run.journal.write(ShellAsked(job=self.job, pids=[info.identity.pid for info in asked]))
        if sys.platform != "win32":
            for info in asked:
                processes.signal_process(info.identity, signal.SIGTERM)
        with contextlib.suppress(DeadlineMissedError):
            await run.rest.until(lambda: not self._group(shell), "the group of a shell to end")
        left = self._group(shell)
        for info in left:
            run.deaths.watch(info.identity)
        run.journal.write(ShellKilled(job=self.job, pids=[info.identity.pid for info in left]))
        for info in left:
            processes.kill(info.identity)

    def _group(self, shell: processes.ProcessInfo) -> list[processes.ProcessInfo]:
        """Who is in its process group now: those that it has begun since as well."""
        return [info for info in self.run.processes.census() if info.pgid == shell.pgid]


class FreezingServer(AimedInjection):
    def __init__(self, target: Target, job: str) -> None:
        super().__init__(target, job)
        self._frozen: list[processes.Identity] = []

    async def apply(self) -> None:
        self._frozen = _server(self.target)
        self.run.journal.write(ServerFrozen(pids=[identity.pid for identity in self._frozen]))
        _signal(self._frozen, "SIGSTOP")

    async def undo(self) -> None:
        _signal(self._frozen, "SIGCONT")


class ThawingServer(Injection):
    async def apply(self) -> None:
        frozen = _server(self.target)
        self.run.journal.write(ServerThawed(pids=[identity.pid for identity in frozen]))
        _signal(frozen, "SIGCONT")


def _server(target: Target) -> list[processes.Identity]:
    """The plugin's shared server, as long as it runs."""
    pid = target.server()
    return [info.identity for info in target.run.processes.census() if info.identity.pid == pid]


def _signal(whom: Iterable[processes.Identity], name: Literal["SIGSTOP", "SIGCONT"]) -> None:
    if sys.platform != "win32":
        for identity in whom:
            processes.signal_process(identity, signal.Signals[name])
