"""A plugin that launches nothing is told once: it is green nowhere, and red only where its own launch is asked for.

Each plugin here is the reference with a `task` command, or a descriptor, that comes to nothing in one way.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import miniature
import pytest
from miniature import descriptor, verdicts, with_task

from hookproof import places

PLAYED = ("jobs/pattern-a", "jobs/pattern-c", "jobs/cancel", "jobs/exit-while-running", "jobs/launches-at-once")


def played(plugin: Path, folder: Path, *more: str) -> tuple[int, str, dict[str, Any]]:
    """Exit status, what was said, and the JSON of a run of PLAYED."""
    return miniature.played(plugin, folder, *PLAYED, *more)


def test_what_the_plugin_refuses_everywhere_is_its_own_launchs_violation_and_nothing_elses(tmp_path: Path) -> None:
    plugin = with_task(tmp_path, 'print("Unknown option. Usage: task [--wait|--detach]", file=sys.stderr)\nsys.exit(1)')
    status, said, document = played(plugin, tmp_path, "--descriptor", str(descriptor(tmp_path)))
    assert status == 1, said
    assert document["preflight"][0]["outcome"] == "refused"
    found = verdicts(document)
    assert found["violates"] == {"JOB-01", "JOB-10"}, said
    assert found["conforms"] == {"HOOK-01", "HOOK-02"}, "what is asked in every case needs no job"
    assert {"JOB-03", "JOB-04", "JOB-06", "JOB-13"} <= found["not tested"]
    assert "every launch failed, the first with" in said
    assert "Unknown option" in said


def test_a_failure_that_is_the_same_everywhere_is_no_baseline(tmp_path: Path) -> None:
    plugin = with_task(tmp_path, 'print("a CLI of 0.33.0 is needed", file=sys.stderr)\nsys.exit(1)')
    status, said, _ = played(plugin, tmp_path, "--descriptor", str(descriptor(tmp_path)), "--update-baseline")
    assert status == 1, said
    assert not list(tmp_path.rglob("hookproof.toml")), said


def test_a_refusal_in_subagents_alone_conforms(tmp_path: Path) -> None:
    task = (
        'if "job=review" in " ".join(sys.argv) and os.environ.get("CODEX_COMPANION_SESSION_ID") is None:\n'
        '    print("unsafe inside a subagent: use --wait", file=sys.stderr)\n    sys.exit(1)'
    )
    plugin = with_task(tmp_path, task)
    _, said, document = played(plugin, tmp_path, "--descriptor", str(descriptor(tmp_path)))
    assert document["preflight"][0]["outcome"] == "started", said


UNFIT = {
    "help": ('print("Usage: task PROMPT")\nsys.exit(0)', "", "", "no id of a job, and no error: 'Usage: task PROMPT'"),
    "no-such-script": ("pass", 'companion.py" task', 'other.py" task', "names scripts/other.py, which"),
    "no-such-program": ("pass", "launch = 'python3 ", "launch = 'no-such-python ", "could not be started"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_descriptor_that_does_not_fit_is_one_sentence(name: str, tmp_path: Path) -> None:
    task, before, after, why = UNFIT[name]
    plugin = with_task(tmp_path, task)
    status, said, document = played(plugin, tmp_path, "--descriptor", str(descriptor(tmp_path, before, after)))
    assert status == 2, said
    assert document["results"] == []
    assert document["preflight"][0]["outcome"] == "does not fit"
    (line,) = [line for line in said.splitlines() if line.startswith("hookproof: ")]
    assert "descriptor.toml does not fit the plugin " in line
    assert why in line


def test_it_is_no_test_of_pytest() -> None:
    words = ["-m", "pytest", str(places.SCENARIOS), "--collect-only", "-q", "-p", "no:cacheprovider"]
    listed = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120, check=False).stdout
    assert "jobs/pattern-a.toml" in listed
    assert "preflight" not in listed
