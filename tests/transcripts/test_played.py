"""What a scenario shows that a transcript has made: the cause that the conversation itself had shown.

The transcripts are those that the stand-in left of jobs/pattern-c and jobs/pattern-d, with other folders in them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.transcripts.scenario import scenario_of

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("name", "lifecycle", "requires", "cause"),
    [
        ("pattern-d", "claude-2.1.91", ["JOB-21", "JOB-04"], "H3"),
        ("pattern-c", "as-reported-345", ["JOB-03", "JOB-04"], "H1"),
    ],
)
def test_the_cause_comes_back(tmp_path: Path, name: str, lifecycle: str, requires: list[str], cause: str) -> None:
    descriptor = resolve_plugin("reference:as-reported").descriptor
    assert isinstance(descriptor, Companion)
    made = scenario_of(HERE / f"{name}.jsonl", launch=descriptor.commands.launch, requires=requires)
    assert made.left_out == []
    file, results = tmp_path / "made.toml", tmp_path / "results.json"
    file.write_text(made.text, encoding="utf-8")
    argv = ["run", str(file), "--plugin", "reference:as-reported", "--lifecycle", lifecycle, "--json", str(results)]
    more = ["--runs", str(tmp_path / "runs"), "--replays", "0"]
    ran = subprocess.run(
        [sys.executable, "-m", "hookproof", *argv, *more], capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    (result,) = json.loads(results.read_text())["results"]
    assert (result["verdict"], result["signature"]) == ("violates", cause)
