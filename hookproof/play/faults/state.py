"""Faults in a companion's files: a foreign pid is planted, lists are torn, filled or aged, the workspace goes.

What came of a change of files is written after it; that the workspace goes, before it.
"""

from __future__ import annotations

import shutil
from abc import abstractmethod
from typing import ClassVar, Literal

from hookproof import processes
from hookproof.catalogue.spelling import needed_fields
from hookproof.play.faults import bystander
from hookproof.play.faults.injection import FilesInjection, Injection, Target
from hookproof.play.faults.pointers import Pointers
from hookproof.records.base import Json
from hookproof.records.faults import ListFilled, PidPlanted, RowAged, StateTorn, WorkspaceDeleted
from hookproof.rows import with_value

_BEYOND_THE_CAP = 5


class PlantingPid(FilesInjection):
    """Starts a process that is no job's, and writes its pid where the plugin keeps one of its own."""

    where: ClassVar[Literal["job", "server"]]

    def __init__(self, target: Target, job: str) -> None:
        super().__init__(target, job)
        self._bystander: processes.Child | None = None

    @abstractmethod
    def planted(self, pid: int) -> bool:
        """Write it there. False where there is no such place."""

    async def apply(self) -> None:
        child = self._bystander = await bystander.start(self.run)
        self.run.deaths.watch(child.identity)
        pid, start = child.identity.pid, child.identity.start
        planted = self.planted(pid)
        job = self.job if self.where == "job" else None
        self.run.journal.write(PidPlanted(where=self.where, job=job, planted=planted, pid=pid, start=start))

    async def undo(self) -> None:
        if self._bystander is not None:
            self._bystander.close()


class PlantingPidInJob(PlantingPid):
    where = "job"

    def planted(self, pid: int) -> bool:
        name = self.target.descriptor.state.fields.pid
        self.target.files.change_row(self.target.jobs.id_of(self.job), lambda row: with_value(row, name, pid))
        return True


class PlantingPidInServer(PlantingPid):
    where = "server"

    def planted(self, pid: int) -> bool:
        return self.target.files.change_server(**{self.target.descriptor.state.server_pid: pid})


class TearingState(FilesInjection):
    async def apply(self) -> None:
        self.run.journal.write(StateTorn(files=self.target.files.tear()))


class FillingList(FilesInjection):
    async def apply(self) -> None:
        state = self.target.descriptor.state
        count = (state.remembers or 0) + _BEYOND_THE_CAP
        pointers, needed = Pointers(self.run.processes.census()), needed_fields(state)

        def clean(row: Json) -> Json:
            own = [field for field in (state.fields.pid, state.fields.start) if field is not None]
            for field in own:
                row = with_value(row, field, None)
            return pointers.without(row, lambda path, _: path in needed)[0]

        self.target.files.fill(self.target.jobs.id_of(self.job), count, clean)
        self.run.journal.write(ListFilled(job=self.job, added=count))


class AgeingJob(FilesInjection):
    async def apply(self) -> None:
        newer = self.target.descriptor.state.newer

        def older(row: Json) -> Json:
            return {name: value for name, value in row.items() if name not in newer}

        self.target.files.change_row(self.target.jobs.id_of(self.job), older)
        self.run.journal.write(RowAged(job=self.job, without=newer))


class DeletingProject(Injection):
    async def apply(self) -> None:
        self.run.journal.write(WorkspaceDeleted())
        shutil.rmtree(self.run.sandbox.project)
