"""Faults at work: each is set up, applied and undone, and what cannot be done is an error that names the fault."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import Any, cast

import pytest
from whole_records import whole

from hookproof import processes
from hookproof.catalogue.fault import (
    AgeJob,
    AnyFault,
    CancelJob,
    FillList,
    FreezeServer,
    KillCodex,
    KillHook,
    KillHookMidway,
    KillShell,
    KillWorker,
    PlantPidInJob,
    ReusePid,
    TearState,
    WakeJob,
)
from hookproof.isolation import pids
from hookproof.journal import Journal
from hookproof.play.faults import injector, reuse
from hookproof.play.faults.injection import Injection, Target
from hookproof.play.faults.injector import Faults
from hookproof.play.patience import Patience
from hookproof.play.rest import Rest
from hookproof.records import Record
from hookproof.records.faults import HookKilled, PidReused, ServerFrozen, WorkerKilled
from hookproof.records.jobs import JobStarted
from hookproof.records.parts import Process
from hookproof.records.run import Error
from hookproof.sandbox.state_edits import NoSuchRowError

SECONDS = 30.0


def run(tmp_path: Path, work: Callable[[Any], Awaitable[None]]) -> list[Record]:
    """Do it with what a run's faults work on, as far as these need it. What the journal holds then."""

    async def within() -> list[Record]:
        journal = Journal(tmp_path / "j.jsonl")
        with processes.CaseProcesses(secrets.token_hex(16)) as group:
            deaths = SimpleNamespace(watch=lambda _: True)

            async def settled(**_: Any) -> list[processes.ProcessInfo]:
                return group.census()

            rest = SimpleNamespace(until=Rest(journal, group, Patience(4.0), SECONDS).until, settled=settled)
            given = SimpleNamespace(journal=journal, processes=group, deaths=deaths, rest=rest)
            await work(SimpleNamespace(run=given))
        journal.close()
        return journal.records

    return asyncio.run(within())


class Sent(Injection):
    """One that tells what is done with it."""

    def __init__(self, told: list[str], job: str) -> None:
        super().__init__(cast(Target, SimpleNamespace(run=None)), job)
        self.told = told

    async def setup(self) -> None:
        self.told.append(f"setup {self.job}")

    async def apply(self) -> None:
        self.told.append(f"apply {self.job}")
        if self.job == "no such":
            raise NoSuchRowError("there is no such row")
        if self.job == "worse":
            raise OSError("the disk is full")

    async def undo(self) -> None:
        self.told.append(f"undo {self.job}")
        if self.job == "worse":
            raise OSError("the disk is still full")


def test_all_are_undone_the_latest_first_however_they_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(injector, "TearingState", lambda _, job: Sent(told, job))

    async def work(target: Any) -> None:
        faults = Faults(target)
        await faults.inject(TearState(), "one")
        await faults.inject(TearState(), "no such")
        with pytest.raises(OSError, match="the disk is full"):
            await faults.inject(TearState(), "worse")
        with pytest.raises(OSError, match="the disk is still full"):
            await faults.close()

    records = run(tmp_path, work)
    applied = [f"{verb} {job}" for job in ("one", "no such", "worse") for verb in ("setup", "apply")]
    assert told == [*applied, "undo worse", "undo no such", "undo one"]
    assert [(each.where, each.what) for each in records if isinstance(each, Error)] == [
        ("faults", "tear state: there is no such row")
    ]


@pytest.mark.parametrize(
    ("fault", "at_rest"),
    [
        *((fault, True) for fault in (TearState(), FillList(), AgeJob(), PlantPidInJob())),
        *((fault, True) for fault in (KillWorker(), KillCodex(), KillShell(), CancelJob(), ReusePid(), FreezeServer())),
        (WakeJob("later"), False),
    ],
    ids=str,
)
def test_files_are_changed_and_processes_hit_when_everything_is_at_rest(
    tmp_path: Path, fault: AnyFault, at_rest: bool
) -> None:
    waited: list[str] = []

    async def settled(**_: Any) -> list[Any]:
        waited.append("settled")
        raise NoSuchRowError("enough")

    async def work(target: Any) -> None:
        target.run.rest.settled = settled
        await Faults(target).inject(fault, "later")

    (error,) = [each for each in run(tmp_path, work) if isinstance(each, Error)]
    assert (waited == ["settled"]) == at_rest
    assert error.what.startswith(f"{fault}: {'enough' if at_rest else 'the job later was not queued before'}")


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is stopped there")
def test_a_server_that_was_frozen_goes_on_when_the_faults_are_undone(tmp_path: Path) -> None:
    async def work(target: Any) -> None:
        code = "import sys; sys.stdin.read()"
        env = {"PATH": os.environ["PATH"]}
        child = await processes.spawn(
            [sys.executable, "-c", code], env=env, cwd=tmp_path, stdin=PIPE, case=target.run.processes
        )
        pid = child.identity.pid
        target.server = lambda: pid
        faults = Faults(target)
        await faults.inject(FreezeServer(), "")
        assert await _changes(pid, os.WSTOPPED) == os.CLD_STOPPED
        await faults.close()
        assert await _changes(pid, os.WCONTINUED) == os.CLD_CONTINUED
        processes.kill(child.identity)
        await child.wait()
        child.close()

    (frozen,) = [each for each in run(tmp_path, work) if isinstance(each, ServerFrozen)]
    assert len(frozen.pids) == 1


async def _changes(pid: int, how: int) -> int | None:
    """Wait until a child is stopped, or continued; not for its end, which is its owner's to hear of."""
    changed = await asyncio.to_thread(os.waitid, os.P_PID, pid, how | os.WNOWAIT)
    return changed.si_code if changed is not None else None


def hook(run_id: str, event: str = "SessionEnd") -> Record:
    return whole("hook.started", run=run_id, event=event, pid=None)


@pytest.fixture
def reusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a pid can be chosen, but that others are always quicker."""
    monkeypatch.setattr(pids, "next_is", lambda _pid: contextlib.nullcontext())
    monkeypatch.setattr(reuse, "_ATTEMPTS", 2)


def reuse_pid(tmp_path: Path, *, seconds: float = SECONDS, worker: bool = True) -> list[Record]:
    """Have the pid of a worker reused, whose journal tells of it; `seconds` is the patience."""

    async def work(target: Any) -> None:
        run = target.run
        run.env, run.sandbox = {"PATH": os.environ["PATH"]}, SimpleNamespace(root=tmp_path)
        run.options = SimpleNamespace(seconds=seconds)
        code = "import sys; sys.stdin.read()"
        child = await processes.spawn(
            [sys.executable, "-c", code], env=run.env, cwd=tmp_path, stdin=PIPE, case=run.processes
        )
        deaths = processes.DeathWatch(asyncio.get_running_loop(), lambda death: run.journal.write(_died(death)))
        run.deaths = deaths
        files = SimpleNamespace(server=lambda: None)
        whole_target = Target(run, cast(Any, None), cast(Any, None), cast(Any, None), cast(Any, files))
        if worker:
            identity = child.identity
            info = whole("job.started", job="review", worker=identity.pid)
            own = Process(pid=identity.pid, start=identity.start, ppid=1, pgid=None, argv=[])
            run.journal.write(replace(cast(JobStarted, info), processes=[own]))
        faults = Faults(whole_target)
        await faults.inject(ReusePid(), "review")
        assert processes.is_alive(child.identity) is not worker
        await faults.close()
        deaths.close()
        child.kill_group()
        await child.wait()
        child.close()

    return run(tmp_path, work)


def _died(death: processes.Death) -> Record:
    return whole("process.died", pid=death.identity.pid, start=death.identity.start)


@pytest.mark.skipif(sys.platform != "linux", reason="process ids are chosen on Linux")
@pytest.mark.usefixtures("reusing")
def test_a_pid_that_others_always_get_first_is_an_error_of_the_run(tmp_path: Path) -> None:
    records = reuse_pid(tmp_path)
    (killed,) = [each for each in records if isinstance(each, WorkerKilled)]
    (error,) = [each for each in records if isinstance(each, Error)]
    assert error.what == (
        f"no bystander could be given the pid {killed.pids[0]} of the worker of job review, which is had by nobody, and"
        " 2 attempts were in vain"
    )
    assert not [each for each in records if isinstance(each, PidReused)]


@pytest.mark.skipif(sys.platform != "linux", reason="process ids are chosen on Linux")
@pytest.mark.usefixtures("reusing")
def test_whoever_has_the_pid_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def holder(pid: int) -> str | None:
        asked.append(pid)
        return "a thread of process 1 (python3)" if len(asked) < 4 else None

    monkeypatch.setattr(pids, "holder", holder)
    (error,) = [each for each in reuse_pid(tmp_path) if isinstance(each, Error)]
    assert "2 attempts were in vain" in error.what
    monkeypatch.setattr(pids, "holder", lambda _pid: "a thread of process 1 (python3)")
    (error,) = [each for each in reuse_pid(tmp_path, seconds=0.0) if isinstance(each, Error)]
    assert error.what.endswith("which is had by a thread of process 1 (python3)")


@pytest.mark.skipif(sys.platform != "linux", reason="process ids are chosen on Linux")
@pytest.mark.usefixtures("reusing")
def test_without_a_worker_no_pid_is_reused(tmp_path: Path) -> None:
    (error,) = [each for each in reuse_pid(tmp_path, worker=False) if isinstance(each, Error)]
    assert error.what == "there is no worker of job review to end"


DIED, ENDED = whole("process.died", pid=5), whole("hook.ended", run="one")


@pytest.mark.parametrize(
    ("fault", "records", "killed"),
    [
        (KillHook(), [hook("zero", "Stop"), hook("one"), hook("two")], [("one", "at its start")]),
        (KillHookMidway(), [hook("one"), hook("two"), DIED, DIED], [("one", "a process dies")]),
        (KillHookMidway(), [hook("one"), ENDED, DIED], [("one", "a process dies")]),
        (KillHookMidway(), [DIED, hook("one")], []),
    ],
    ids=["at its start", "midway", "over before", "nothing has died since"],
)
def test_the_next_hook_is_killed_once(
    tmp_path: Path, fault: AnyFault, records: list[Record], killed: list[tuple[str, str]]
) -> None:
    async def work(target: Any) -> None:
        await Faults(target).inject(fault, "")
        for record in records:
            target.run.journal.write(record)

    found = [each for each in run(tmp_path, work) if isinstance(each, HookKilled)]
    assert [(each.run, each.moment) for each in found] == killed


@pytest.mark.parametrize("before", [[], [hook("one")]], ids=["waiting for a hook", "waiting for a death"])
def test_what_was_to_be_killed_is_left_alone_once_the_faults_are_undone(tmp_path: Path, before: list[Record]) -> None:
    async def work(target: Any) -> None:
        faults = Faults(target)
        await faults.inject(KillHookMidway(), "")
        for record in before:
            target.run.journal.write(record)
        await faults.close()
        for record in (hook("two"), DIED, ENDED):
            target.run.journal.write(record)

    assert not [each for each in run(tmp_path, work) if isinstance(each, HookKilled)]
