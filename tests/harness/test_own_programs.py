"""Which processes of a run are hookproof's own, and are charged to no plugin."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hookproof import places, processes
from hookproof.journal import Journal
from hookproof.play.own_programs import is_own
from hookproof.records import Record
from hookproof.records.faults import PidPlanted, PidReused, WorkerWoken
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import JobQueued

PID, START = 4711, 7
TAP = str(places.FAKES / "tap" / "tap.py")
HOLD = str(places.FAKES / "hold" / "hold.py")
CODEX = str(places.FAKES / "codex" / "codex.py")
HOST: Record = HostStarted(session="main", session_id="s", pid=PID, argv=[])
PLANTED: Record = PidPlanted(where="job", job="review", planted=True, pid=PID, start=START)
REUSED: Record = PidReused(job="review", pid=PID, start=START, attempts=1)
QUEUED: Record = JobQueued(job="later", id="task-1-later", worker=PID, start=START)
WOKEN: Record = WorkerWoken(job="later", pid=PID, alive=True)


def info(*argv: str, start: int = START) -> processes.ProcessInfo:
    return processes.ProcessInfo(
        identity=processes.Identity(PID, start), ppid=1, pgid=PID, sid=PID, argv=list(argv), cpu_seconds=0, created=0
    )


@pytest.mark.parametrize(
    ("process", "records", "spawned", "own"),
    [
        (info("python3", "-I", "-S", TAP, "commands.json", "0", "/bin/sh", "hook.sh"), [], False, True),
        (info("python3", "-I", "-S", HOLD), [], False, True),
        # its words are the plugin's, which the tap hands on
        (info("/bin/sh", "-c", f"hook.sh {TAP}"), [], False, False),
        (info("node", "daemon.js", "a", "b", "c", "d", TAP), [], False, False),
        # the Codex that a worker has started is the plugin's to end
        (info("python3", "-I", "-S", CODEX, "app-server"), [], False, False),
        (info("claude"), [HOST], True, True),
        # another that has the pid by now
        (info("claude"), [HOST], False, False),
        (info("claude"), [], True, False),
        (info("python3"), [PLANTED], True, True),
        (info("python3", start=START + 1), [PLANTED], True, False),
        (info("python3"), [REUSED], True, True),
        (info("bash"), [QUEUED], True, True),
        (info("bash"), [QUEUED, WOKEN], True, False),
    ],
)
def test_own(process: processes.ProcessInfo, records: list[Record], spawned: bool, own: bool, tmp_path: Path) -> None:
    group = cast("processes.CaseProcesses", SimpleNamespace(spawned=lambda _identity: spawned))
    journal = Journal(tmp_path / "journal.jsonl")
    try:
        for record in records:
            journal.write(record)
        assert is_own(process, journal, group) is own
    finally:
        journal.close()


def test_who_marks_and_who_reads_agree_on_the_variable() -> None:
    file = places.FAKES / "shared" / "standin" / "hook_record.py"
    spec = importlib.util.spec_from_file_location("hook_record_of_the_standins", file)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.STARTED_BY == processes.STARTED_BY_VARIABLE
    assert processes.STARTED_BY_VARIABLE not in os.environ
