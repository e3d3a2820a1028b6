"""Journals of the reference's policies, as they are played, with the cause that each must have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEASURED, REPORTED = "claude-2.1.91", "as-reported-345"
EXPECTED: list[tuple[str, str, dict[str, str | None]]] = [
    (
        "as-reported",
        MEASURED,
        {
            "jobs/exit-while-running": "H1",
            "jobs/result-after-session": "H1",
            "jobs/another-session-ends": "H2",
            "jobs/pattern-d": "H3",
            "jobs/without-hook-environment": "H4",
            "jobs/launches-at-once": "H5",
            "jobs/silent-server": "H8",
            "jobs/worker-dies": None,
        },
    ),
    ("keep-background", REPORTED, {"jobs/pattern-c": "H7"}),
    ("correct", MEASURED, {"jobs/exit-while-running": None, "jobs/another-session-ends": None, "jobs/pattern-d": "H3"}),
]


@pytest.mark.parametrize(("policy", "lifecycle", "causes"), EXPECTED, ids=[each[0] for each in EXPECTED])
def test_each_policy_loses_a_job_by_its_own_cause(
    policy: str, lifecycle: str, causes: dict[str, str | None], tmp_path: Path
) -> None:
    written = tmp_path / "out.json"
    options = ["--plugin", f"reference:{policy}", "--lifecycle", lifecycle, "--replays", "0", "--json", str(written)]
    command = [sys.executable, "-m", "hookproof", "run", *causes, *options, "--runs", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=tmp_path)
    results = json.loads(written.read_text(encoding="utf-8"))["results"]
    assert {each["scenario"]: each["signature"] for each in results} == causes, done.stdout + done.stderr
    told = [each for each in results if each["causes"]]
    assert all(each["causes"][0]["reasons"] == each["reasons"] for each in told)
    assert all(each["causes"][0]["how"] in {"observed", "inferred"} for each in told)
