"""A pid that really comes round: in a namespace of its own hookproof says who gets it, and cases are played so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playing_inside import python_with

from hookproof.isolation import entry, pids
from hookproof.journal import read
from hookproof.records.faults import PidReused, WorkerKilled
from hookproof.records.jobs import JobStarted
from hookproof.records.run import ProcessDied

pytestmark = pytest.mark.usefixtures("namespaces")

CHOOSES = """
import subprocess, threading
from hookproof.isolation import entry, pids

serve = entry.begin("full")
if serve is not None:
    raise SystemExit(serve())
assert pids.why_not(entry.current()) is None
first = subprocess.Popen(["sleep", "600"])
alive = pids.holder(first.pid)
first.kill()
import os
os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
zombie = pids.holder(first.pid)
first.wait()
assert pids.holder(first.pid) is None
before = int(open("/proc/sys/kernel/ns_last_pid").read())
with pids.next_is(first.pid):
    second = subprocess.Popen(["true"])
second.wait()
assert second.pid == first.pid
assert int(open("/proc/sys/kernel/ns_last_pid").read()) == before
told, may_end = [], threading.Event()
thread = threading.Thread(target=lambda: (told.append(threading.get_native_id()), may_end.wait(30)))
with pids.next_is(first.pid):
    thread.start()
assert told == [first.pid]
print(alive, zombie, pids.holder(first.pid), sep="\\n")
may_end.set()
thread.join()
"""


def test_the_next_process_gets_the_pid_and_the_one_after_that_goes_on_where_pids_were() -> None:
    done = python_with(["-c", CHOOSES])
    assert done.returncode == 0, done.stderr
    alive, zombie, thread = done.stdout.splitlines()
    assert alive.startswith("a child of process 1: ")
    assert "zombie" not in alive
    assert zombie == "a child of process 1: sleep, Z (zombie)"
    assert thread.startswith("a thread of process 1 (")


def test_out_here_no_pid_can_be_chosen() -> None:
    assert "the isolation level `full` alone, and here it is `none`" in str(pids.why_not(entry.current()))


@pytest.mark.parametrize(("policy", "alive"), [("correct", True), ("as-reported", False)])
def test_a_pid_that_has_come_round_is_played(policy: str, alive: bool, tmp_path: Path) -> None:
    """The table of expected outcomes says what becomes of it; here, that it was the worker's and is another's."""
    played = ["run", "jobs/reused-pid-*", "--plugin", f"reference:{policy}", "--replays", "0"]
    done = python_with(
        ["-m", "hookproof", *played, "--json", str(tmp_path / "r.json")],
        env={**os.environ, "HOOKPROOF_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["results"]
    assert [each["scenario"] for each in results] == ["jobs/reused-pid-cancelled", "jobs/reused-pid-session-ends"]
    for result in results:
        records = read(Path(result["journal"]))
        (started,) = [each for each in records if isinstance(each, JobStarted)]
        (reused,) = [each for each in records if isinstance(each, PidReused)]
        (killed,) = [each for each in records if isinstance(each, WorkerKilled)]
        deaths = [each for each in records if isinstance(each, ProcessDied) and each.pid == started.worker]
        assert reused.pid == started.worker == killed.pids[0] == deaths[0].pid
        assert deaths[0].start < reused.start
        (seen,) = [check["seen"] for check in result["checks"] if check["id"] == "JOB-14"]
        assert seen == ("bystander alive" if alive else "killed")


def test_where_no_pid_can_be_chosen_a_run_says_why_it_plays_nothing(tmp_path: Path) -> None:
    done = python_with(
        ["-m", "hookproof", "run", "jobs/reused-pid-*", "--isolation", "without-pids"],
        env={**os.environ, "HOOKPROOF_CACHE": str(tmp_path / "cache")},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "jobs/reused-pid-cancelled is left out: `reuse pid of job` takes a process id that is chosen" in done.stderr
    assert done.stderr.count("\n") == 1
