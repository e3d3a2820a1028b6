"""The level that a run has on machines which refuse something, and its reason: by the real command line."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ordinary_user import give, python_of_ordinary_user
from other_machine import PRCTL, UNSHARE
from playing_inside import python_with

OTHER_MACHINE = str(Path(__file__).parent / "other_machine.py")
_ARCHITECTURE = os.uname().machine if sys.platform != "win32" else ""

pytestmark = [
    pytest.mark.usefixtures("namespaces"),
    pytest.mark.skipif(_ARCHITECTURE not in UNSHARE, reason="the numbers of its system calls are not known here"),
]


@dataclass(frozen=True, slots=True)
class Here:
    """A machine that refuses something, and what a run comes to there."""

    plan: dict[str, Any]
    level: str
    refused: str = ""
    proof: str = ""
    ordinary: bool = False


def _limits(**values: int) -> dict[str, str]:
    return {f"user.max_{name}_namespaces": str(value) for name, value in values.items()}


MACHINES = {
    "in a user namespace": Here({"user": 0}, "full"),
    "an ordinary user": Here({}, "full", ordinary=True),
    "an ordinary user in a user namespace": Here({"user": None}, "full", ordinary=True),
    "root without user namespaces": Here({"user": 0, "settings": _limits(user=0)}, "full"),
    "an ordinary user without user namespaces": Here(
        {"user": None, "settings": _limits(user=0)},
        "none",
        "user.max_user_namespaces is 0 (sysctl user.max_user_namespaces=1000 allows it)",
        ordinary=True,
    ),
    "no process-id namespaces": Here(
        {"user": 0, "settings": _limits(pid=0)}, "without-pids", "user.max_pid_namespaces is 0"
    ),
    "no network namespaces": Here({"user": 0, "settings": _limits(net=0)}, "none", "user.max_net_namespaces is 0"),
    "no mount namespaces": Here({"user": 0, "settings": _limits(mnt=0)}, "none", "user.max_mnt_namespaces is 0"),
    "no namespaces for shared memory": Here(
        {"user": 0, "settings": _limits(ipc=0)}, "none", "user.max_ipc_namespaces is 0"
    ),
    "a container that covers parts of /proc": Here(
        {"user": 0, "covered": ["/proc/cpuinfo"]}, "without-pids", "parts of /proc are covered, as in a container"
    ),
    "such a container's ordinary user": Here(
        {"user": None, "covered": ["/proc/cpuinfo"]}, "without-pids", "parts of /proc are covered", ordinary=True
    ),
    "a kernel without mount_setattr": Here(
        {"refused": [[442, errno.ENOSYS, None]]}, "none", "needs Linux 5.12", ordinary=True
    ),
    "a kernel without open_tree": Here({"refused": [[428, errno.ENOSYS, None]]}, "none", "needs Linux 5.12"),
    "a container that forbids namespaces": Here(
        {"refused": [[UNSHARE.get(_ARCHITECTURE), errno.EPERM, None]]},
        "none",
        "the seccomp or AppArmor profile of a container forbids it",
    ),
    "a kernel without filters": Here(
        {"refused": [[PRCTL.get(_ARCHITECTURE), errno.EINVAL, 22]]}, "full", proof="system calls: not filtered"
    ),
}


def run(here: Here, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    python: str | None = sys.executable
    for name in ("home", "t", "cache"):
        (place / name).mkdir()
    other = here.ordinary and os.geteuid() == 0
    if other:
        python = python_of_ordinary_user()
        if python is None:
            pytest.skip("this Python is root's alone")
        give(place)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "t"),
        "HOOKPROOF_CACHE": str(place / "cache"),
    }
    command = [str(python), "-m", "hookproof", "run", "jobs/pattern-a", "--plugin", "reference", "--replays", "0"]
    return python_with(
        [OTHER_MACHINE, json.dumps(here.plan), *command, *words],
        env=env,
        ordinary=other,
    )


@pytest.mark.parametrize("name", MACHINES)
def test_a_run_has_the_level_that_the_machine_allows(name: str, place: Path) -> None:
    here = MACHINES[name]
    done = run(here, place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 conform" in done.stdout
    (journal,) = (place / "cache" / "runs").glob("2*/*/journal.jsonl")
    isolation = json.loads(journal.read_text(encoding="utf-8").partition("\n")[0])["isolation"]
    assert isolation["level"] == here.level, isolation
    assert here.refused in (isolation.get("refused", ""))
    assert (isolation.get("refused") is None) is (here.level == "full")
    assert here.proof in "\n".join(isolation.get("proof", []))
    assert list((place / "t").iterdir()) == []


def test_a_level_that_is_asked_for_and_not_had_is_told_in_one_sentence(place: Path) -> None:
    here = MACHINES["no process-id namespaces"]
    done = run(here, place, "--isolation", "full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("hookproof: --isolation full: the system refuses namespaces of its own (unshare: ")
    assert done.stderr.count("\n") == 1
    assert "user.max_pid_namespaces is 0 (sysctl user.max_pid_namespaces=1000 allows it)" in done.stderr


@pytest.mark.parametrize("level", ["full", "without-pids", "none"])
def test_a_level_that_is_asked_for_is_had(level: str, place: Path) -> None:
    done = run(Here({}, level), place, "--isolation", level)
    assert done.returncode == 0, done.stderr
    (journal,) = (place / "cache" / "runs").glob("2*/*/journal.jsonl")
    isolation = json.loads(journal.read_text(encoding="utf-8").partition("\n")[0])["isolation"]
    assert (isolation["level"], isolation.get("refused")) == (level, None if level == "full" else "as --isolation says")
