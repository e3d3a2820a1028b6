"""Doing to a companion's jobs what a scenario asks for: the injection of each fault, and the end of all of them.

Every fault leaves a record of what was done to what. It is written before the fault where something may happen because
of it at once (a process is ended or stopped, a directory goes), and after it where it tells what came of it (a planted
pid, a changed file, a killed hook).
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import assert_never

from hookproof.catalogue import fault as faults
from hookproof.catalogue.fault import AnyFault
from hookproof.play.faults.cancel import CancellingJob, QueueingJob, Sleepers, WakingJob
from hookproof.play.faults.hooks import KillingHook, RepeatingSessionStart
from hookproof.play.faults.injection import Injection, Target
from hookproof.play.faults.reuse import ReusingPid
from hookproof.play.faults.signals import FreezingServer, KillingCodex, KillingShell, KillingWorker, ThawingServer
from hookproof.play.faults.state import (
    AgeingJob,
    DeletingProject,
    FillingList,
    PlantingPidInJob,
    PlantingPidInServer,
    TearingState,
)
from hookproof.records.run import Error
from hookproof.sandbox.state_edits import NoSuchRowError


class Faults:
    """The faults of one run. Belongs to its event loop."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sleepers = Sleepers()
        self._injected: list[Injection] = []

    async def inject(self, fault: AnyFault, job: str) -> None:
        """Have it done, to `job` where it is about one. What cannot be done is an error of the run."""
        injection = self._injection(fault, job)
        self._injected.append(injection)
        try:
            await injection.setup()
            await injection.apply()
        except NoSuchRowError as error:
            self._target.run.journal.write(Error(where="faults", what=f"{fault}: {error}"))

    async def close(self) -> None:
        """Undo all of them, the latest first, each whatever the others raise."""
        async with AsyncExitStack() as undoing:
            for injection in self._injected:
                undoing.push_async_callback(injection.undo)

    def _injection(self, fault: AnyFault, job: str) -> Injection:  # noqa: C901, PLR0911, PLR0912 - one case a fault
        match fault:
            case faults.CancelJob():
                return CancellingJob(self._target, job, self._sleepers)
            case faults.QueueJob():
                return QueueingJob(self._target, job, self._sleepers)
            case faults.WakeJob():
                return WakingJob(self._target, job, self._sleepers)
            case faults.KillWorker():
                return KillingWorker(self._target, job)
            case faults.ReusePid():
                return ReusingPid(self._target, job)
            case faults.KillCodex():
                return KillingCodex(self._target, job)
            case faults.KillShell():
                return KillingShell(self._target, job)
            case faults.FreezeServer():
                return FreezingServer(self._target, job)
            case faults.ThawServer():
                return ThawingServer(self._target, job)
            case faults.PlantPidInJob():
                return PlantingPidInJob(self._target, job)
            case faults.PlantPidInServer():
                return PlantingPidInServer(self._target, job)
            case faults.TearState():
                return TearingState(self._target, job)
            case faults.FillList():
                return FillingList(self._target, job)
            case faults.AgeJob():
                return AgeingJob(self._target, job)
            case faults.KillHook():
                return KillingHook(self._target, job, "at its start")
            case faults.KillHookMidway():
                return KillingHook(self._target, job, "a process dies")
            case faults.HoldHook():
                return _holding(self._target, job, fault.records)
            case faults.DeleteProject():
                return DeletingProject(self._target, job)
            case faults.RepeatSessionStart():
                return RepeatingSessionStart(self._target, job)
            case _:
                assert_never(fault)


def _holding(target: Target, job: str, records: int) -> Injection:
    if sys.platform == "linux":
        from hookproof.play.faults.hold import HoldingHook  # noqa: PLC0415 - cannot be imported elsewhere

        return HoldingHook(target, job, records)
    raise OSError("a hook can be held on Linux alone")
