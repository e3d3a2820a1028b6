"""pytest: where the journals of a session are kept, so that what JUnit and a failure name is there afterwards.

A session is a run like one of the command line, among the last twenty. xdist's controller names it, and each of its
processes holds it for as long as it may write to it.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from hookproof import places
from hookproof.suite.runs import RESULTS, Run, append_line, join_run, new_name

FOR_WORKERS = "hookproof_run"


class Kept:
    """The run of a session. It is made by whichever process first has something to keep."""

    def __init__(self, config: pytest.Config, runs: Path | None) -> None:
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._runs = (runs or places.runs_dir()).absolute()
        self._name = str(worker.get(FOR_WORKERS) or new_name())
        self._who = str(worker.get("workerid", "play"))
        self._numbers = itertools.count(1)
        self._run: Run | None = None

    @property
    def path(self) -> Path:
        """The directory of the run."""
        return self._runs / self._name

    def send(self, workerinput: dict[str, Any]) -> None:
        """What a worker has to know."""
        workerinput[FOR_WORKERS] = self._name

    def folder(self) -> Path:
        """A folder for one play. Raises RunsError."""
        self._join()
        return self.path / f"{self._who}-{next(self._numbers)}"

    def add(self, result: str) -> None:
        """Write down a result, a JSON object as text. Raises RunsError."""
        self._join()
        append_line(self.path / RESULTS, json.loads(result))

    def close(self) -> None:
        """Nothing is written to it any more."""
        if self._run is not None:
            self._run.close()

    def _join(self) -> None:
        if self._run is None:
            self._run = join_run(self._runs, self._name)
