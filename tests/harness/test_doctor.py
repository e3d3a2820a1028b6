"""`hookproof doctor` tells which level of isolation a run gets here, what that leaves possible, and why not more."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from hookproof.commands import doctor
from hookproof.isolation import trial
from hookproof.isolation.level import LEVELS, Level, not_prevented

FULL: dict[Level, str | None] = {"full": None, "without-pids": None, "none": None}


def test_the_first_level_leaves_nothing_to_say() -> None:
    assert list(doctor.levels(FULL)) == [
        (True, "isolation full", "what a run gets here"),
        (True, "isolation without-pids", "with --isolation without-pids"),
    ]


def test_a_lower_level_is_told_with_its_reason_and_what_it_leaves() -> None:
    first, second = doctor.levels({**FULL, "full": "it is refused"})
    assert first == (False, "isolation full", "it is refused")
    left = not_prevented("without-pids", "network namespace")
    assert second == (
        True,
        "isolation without-pids",
        "\n".join(["what a run gets here", *(f"not prevented: {clause}" for clause in left)]),
    )


def test_one_reason_is_told_once() -> None:
    told = list(doctor.levels({"full": "it is refused", "without-pids": "it is refused", "none": None}))
    assert [why for _, _, why in told[:2]] == ["it is refused", "for the same reason"]
    assert told[2][1] == "isolation none"
    assert told[2][2].count("not prevented: ") == len(not_prevented("none", "none"))
    assert "a plugin can reach the network" in told[2][2]


@pytest.mark.parametrize("level", LEVELS)
def test_an_attempt_says_why_or_nothing(level: Level) -> None:
    refusal = trial.refused(level)
    if level == "none":
        assert refusal is None
    elif sys.platform != "linux":
        assert refusal == "only Linux has namespaces"
    else:
        assert refusal is None or "refuses" in refusal


@pytest.mark.parametrize("limit", ["max_pid_namespaces", "max_net_namespaces"])
def test_doctor_names_the_setting_that_refuses(limit: str) -> None:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("needs unshare, of Linux")
    # the limit of a user namespace of its own: the machine's stays as it is
    inside = f'echo 0 > /proc/sys/user/{limit} || exit 99; exec "$0" -m hookproof doctor'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", inside, sys.executable],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode not in {0, 1}:
        pytest.skip(f"this system refuses user namespaces: {done.stderr.strip()}")
    lines = {line[:38].rstrip(): line[38:] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert f"user.{limit} is 0 (sysctl user.{limit}=1000 allows it)" in lines["NO  isolation full"]
    if limit == "max_pid_namespaces":
        assert lines["yes isolation without-pids"] == "what a run gets here"
        assert "yes isolating real hosts" in lines
    else:
        assert lines["NO  isolation without-pids"] == "for the same reason"
        assert lines["yes isolation none"] == "what a run gets here"
        assert limit in lines["NO  isolating real hosts"]
