"""Plugins that take their time, or whose job outlives what it was started in: none is told to do what it does not.

Each is the reference with a few lines changed. The patience is short, so that what they do takes many times as long.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from hookproof import journal, places, processes
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.judge.verdict import Verdict
from hookproof.play import Case, PlayOptions
from hookproof.play.patience import Patience
from hookproof.records import Record
from hookproof.records.faults import ShellAsked, ShellKilled
from hookproof.records.jobs import JobEnded, SnapshotTaken
from hookproof.records.model import GateReleased
from hookproof.records.run import ProcessDied
from hookproof.report.results import Result
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="process groups and named pipes")
PATIENCE = Patience(bare_hook_ms=8.0)
LIB = Path("scripts") / "companion_lib"
DONE = '        jobs.finish(workspace, job_id, "completed", result=result)\n'
WAITING = "        job = jobs.launch(workspace, arguments.command, prompt, session, background=False)\n"
DETACHED = """        job = jobs.launch(workspace, arguments.command, prompt, session, background=True)
        while workspace.record(job["id"]).get("status") in ACTIVE:
            time.sleep(0.05)
        return _show_end(workspace.record(job["id"]), arguments)
"""
STOP = '    raise SystemExit(f"its worker was ended by {signal.Signals(number).name}")\n'


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """The reference with one place of one of its modules changed."""
    plugin = folder / "changed"
    shutil.copytree(places.REFERENCE / "companion", plugin)
    path = plugin / LIB / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return plugin


def played(folder: Path, scenario: str, plugin: Path | str) -> tuple[Result, list[Record]]:
    """What came of a scenario with it."""
    processes.become_subreaper()
    case = Case(
        read_scenario(places.SCENARIOS / "jobs" / f"{scenario}.toml"),
        resolve_plugin(str(plugin)),
        resolve_lifecycle("claude-2.1.91"),
    )
    launched = {(case.plugin.name, case.lifecycle.name): "started"}
    options = PlayOptions(patience=PATIENCE, main_launches=launched)  # type: ignore[arg-type]
    result = run_case(case, folder / "runs", options, Judges.read())
    return result, journal.read(Path(result.journal))


def verdicts(result: Result) -> dict[str, tuple[str, Verdict]]:
    return {check.id: (check.seen, check.verdict) for check in result.checks}


def test_a_worker_that_works_long_after_its_answer_is_not_listed_falsely(tmp_path: Path) -> None:
    work = f"        import time\n        while time.process_time() < {5 * PATIENCE.seconds}: pass\n"
    result, records = played(tmp_path, "pattern-c", changed(tmp_path, "worker.py", DONE, work + DONE))
    assert result.errors == []
    assert verdicts(result)["JOB-04"] == ("listed truly", Verdict.CONFORMS)
    (end,) = [each for each in records if isinstance(each, JobEnded)]
    assert end.how == "answered"


@POSIX
def test_a_worker_that_stands_still_long_after_its_answer_is_not_listed_falsely(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    plugin = changed(tmp_path, "worker.py", DONE, f"        open({str(pipe)!r}).read()\n{DONE}")

    def let_go() -> None:
        with pipe.open("w"):  # opened once the worker stands there
            threading.Event().wait(5 * PATIENCE.seconds)

    holder = threading.Thread(target=let_go, daemon=True)
    holder.start()
    result, records = played(tmp_path, "pattern-c", plugin)
    holder.join()
    assert result.errors == []
    assert verdicts(result)["JOB-04"] == ("listed truly", Verdict.CONFORMS)
    (end,) = [each for each in records if isinstance(each, JobEnded)]
    assert end.how == "answered"


@POSIX
def test_a_detached_worker_that_outlives_the_kill_of_its_shells_group_can_finish(tmp_path: Path) -> None:
    result, records = played(tmp_path, "shell-group-killed", changed(tmp_path, "cli.py", WAITING, DETACHED))
    assert result.errors == []
    assert verdicts(result)["JOB-18"] == ("terminal", Verdict.CONFORMS)
    (asked,) = [each for each in records if isinstance(each, ShellAsked)]
    (released,) = [each for each in records if isinstance(each, GateReleased)]
    (end,) = [each for each in records if isinstance(each, JobEnded)]
    assert asked.pids
    assert asked.seq < released.seq < end.seq
    looks = [each for each in records if isinstance(each, SnapshotTaken)]
    statuses = [row["status"] for look in looks for root in look.state for row in root.rows]
    assert statuses == ["running", "completed"]


@POSIX
def test_who_handles_the_signal_with_which_a_host_ends_a_shell_gets_the_chance_to(tmp_path: Path) -> None:
    result, records = played(tmp_path, "shell-group-killed", "reference")
    assert (result.errors, verdicts(result)["JOB-18"][0]) == ([], "terminal")
    (killed,) = [each for each in records if isinstance(each, ShellKilled)]
    assert killed.pids == []
    look = next(each for each in records if isinstance(each, SnapshotTaken))
    assert [row["errorMessage"] for root in look.state for row in root.rows] == ["its worker was ended by SIGTERM"]


@POSIX
def test_who_does_not_go_when_its_shell_is_ended_is_killed_once_it_has_settled(tmp_path: Path) -> None:
    plugin = changed(tmp_path, "worker.py", STOP, "    while True:\n        signal.pause()\n")
    result, records = played(tmp_path, "shell-group-killed", plugin)
    assert result.errors == []
    (asked,) = [each for each in records if isinstance(each, ShellAsked)]
    (killed,) = [each for each in records if isinstance(each, ShellKilled)]
    assert killed.pids
    assert set(killed.pids) <= set(asked.pids)
    ends = {each.pid: each.signal for each in records if isinstance(each, ProcessDied)}
    assert {ends.get(pid) for pid in killed.pids} == {9}
