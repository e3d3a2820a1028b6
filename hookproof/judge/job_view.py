"""The job view: what became of one job, by the records about it. Part of the run view, which makes one for each job.

Pure, and blind to names, as the run view is.
"""

from __future__ import annotations

from collections.abc import Callable

from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.jobs import JobEnded, JobLaunched, JobQueued, JobRefused, JobStarted, Result
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, GateReleased, ModelAnswer
from hookproof.records.run import ProcessDied
from hookproof.records.sent import ShellHeld


class JobView:
    """What became of one job."""

    def __init__(
        self, name: str, records: list[Record], answer: str, *, still_active: Callable[[JobView], bool]
    ) -> None:
        self.name = name
        self.answer = answer
        self._still_active = still_active
        self.call = next((each for each in records if isinstance(each, ModelAnswer) and each.job == name), None)
        self.launched = next((each for each in records if isinstance(each, JobLaunched) and each.job == name), None)
        self.queued = next((each for each in records if isinstance(each, JobQueued) and each.job == name), None)
        self.started = next((each for each in records if isinstance(each, JobStarted) and each.job == name), None)
        empty = next((each for each in records if isinstance(each, JobRefused) and each.job == name), None)
        self.came_back_empty = empty
        """The launch came back without a job; one may have started after that."""
        self.without_a_job = empty if self.started is None else None
        """The launch came back without a job, and none ever started."""
        self.reached = next((each for each in records if isinstance(each, GateReached) and each.job == name), None)
        self.released = next((each for each in records if isinstance(each, GateReleased) and each.job == name), None)
        self.answered = next((each for each in records if isinstance(each, GateAnswered) and each.job == name), None)
        self.abandoned = next((each for each in records if isinstance(each, GateAbandoned) and each.job == name), None)
        self.ended = next((each for each in records if isinstance(each, JobEnded) and each.job == name), None)
        self.result = next((each for each in records if isinstance(each, Result) and each.job == name), None)
        self.held = next((each for each in records if isinstance(each, ShellHeld) and each.job == name), None)
        worker = self.started.worker if self.started else None
        after = self.started.seq if self.started else 0
        self.worker: int | None = worker
        self.worker_death = next(
            (r for r in records if isinstance(r, ProcessDied) and r.pid == worker and r.seq > after), None
        )

    @property
    def lost(self) -> ProcessDied | GateAbandoned | None:
        """The record that shows that the work was lost.

        The worker or its Codex gone before the job was answered. Or it was answered while it was being ended: the
        worker was killed or failed with the answer in its hands, was dead when the answer was released (only its Codex
        lived a moment longer), or left without a word in its row. Such a job has not finished.
        """
        death = self.worker_death
        if self.answered is not None:
            if death is None:
                return None
            dead_before = self.released is not None and death.seq < self.released.seq
            return death if death.signal or death.code or dead_before or self._still_active(self) else None
        candidates = [record for record in (death, self.abandoned) if record is not None]
        return min(candidates, key=lambda record: record.seq, default=None)

    @property
    def row(self) -> Json | None:
        """The plugin's own row of the job, as it was when the job started."""
        return self.started.row if self.started else None
