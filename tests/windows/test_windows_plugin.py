"""codex-plugin-cc as on Windows: what its taskkill, started through $SHELL, does to a job that is to be ended.

Needs Node, git and a checkout: HOOKPROOF_CODEX_PLUGIN names the plugin's directory (1.0.4 is what was measured). Node
is told that its platform is win32, so that the plugin takes its Windows branch; taskkill and Git's bash are shims.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_shims import GONE, Shims

PLUGIN = os.environ.get("HOOKPROOF_CODEX_PLUGIN", "")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the shims are programs of POSIX"),
    pytest.mark.skipif(not PLUGIN, reason="HOOKPROOF_CODEX_PLUGIN names no checkout of codex-plugin-cc"),
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH"),
]
WINDOWS = "Object.defineProperty(process, 'platform', { value: 'win32' });\n"
SECONDS = 60
AS_GIT_BASH_DOES: dict[str, str] = {}
AS_IT_SHOULD = {"MSYS_NO_PATHCONV": "1"}


class Job:
    """A running job of session `main` in the plugin's state: a row, its files, and a process that does the work."""

    def __init__(self, folder: Path, shims: Shims, conversion: dict[str, str]) -> None:
        self.project, self._folder = folder / "project", folder
        self.project.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.project, check=True)
        (folder / "windows.cjs").write_text(WINDOWS)
        self.environment = {
            "PATH": f"{shims.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "SHELL": str(shims.bash),
            "NODE_OPTIONS": f"--require={folder / 'windows.cjs'}",
            "CLAUDE_PLUGIN_DATA": str(folder / "data"),
            "CODEX_COMPANION_SESSION_ID": "main",
            **conversion,
        }
        self.worker = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self.companion("status", "--json")
        row = {"id": "task-1", "status": "running", "sessionId": "main", "pid": self.worker.pid, "logFile": None}
        root = json.loads(self.companion("status", "--json").stdout)["workspaceRoot"]
        assert Path(root).samefile(self.project)
        self._state = self._directory() / "state.json"
        (self._state.parent / "jobs").mkdir(parents=True, exist_ok=True)
        (self._state.parent / "jobs" / "task-1.json").write_text(json.dumps(row))
        self._state.write_text(json.dumps({"version": 1, "config": {"stopReviewGate": False}, "jobs": [row]}))

    def _directory(self) -> Path:
        script = (
            f"import {{ resolveStateDir }} from 'file://{PLUGIN}/scripts/lib/state.mjs';"
            "console.log(resolveStateDir(process.cwd()))"
        )
        return Path(self._node("--input-type=module", "-e", script).stdout.strip())

    def _node(self, *argv: str, payload: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", *argv],
            cwd=self.project,
            env=self.environment,
            input=payload,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def companion(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._node(f"{PLUGIN}/scripts/codex-companion.mjs", *words)

    def session_ends(self) -> subprocess.CompletedProcess[str]:
        payload = json.dumps({"session_id": "main", "cwd": str(self.project), "hook_event_name": "SessionEnd"})
        return self._node(f"{PLUGIN}/scripts/session-lifecycle-hook.mjs", "SessionEnd", payload=payload)

    @property
    def alive(self) -> bool:
        return self.worker.poll() is None

    def row(self) -> dict[str, Any] | None:
        rows = json.loads(self._state.read_text())["jobs"]
        return rows[0] if rows else None


@pytest.fixture
def job(tmp_path: Path, shims: Shims, request: pytest.FixtureRequest) -> Iterator[Job]:
    made = Job(tmp_path, shims, request.param)
    yield made
    made.worker.kill()
    made.worker.communicate()


@pytest.mark.parametrize("job", [AS_GIT_BASH_DOES], indirect=True)
def test_through_gits_bash_cancel_fails_and_the_job_goes_on(job: Job, shims: Shims) -> None:
    done = job.companion("cancel", "task-1")
    assert shims.calls() == [["C:/Program Files/Git/PID", str(job.worker.pid), "T:/", "F:/"]]
    # JOB-13: neither ended nor recorded as cancelled
    assert job.alive
    assert done.returncode == 1
    assert "Invalid argument/option" in done.stderr
    assert (job.row() or {})["status"] == "running"


@pytest.mark.parametrize("job", [AS_GIT_BASH_DOES], indirect=True)
def test_through_gits_bash_a_session_end_erases_the_row_of_a_job_that_lives(job: Job, shims: Shims) -> None:
    done = job.session_ends()
    assert (done.returncode, done.stderr) == (0, "")
    # JOB-07: it runs on, and no list accounts for it
    assert [call[0] for call in shims.calls()] == ["C:/Program Files/Git/PID"]
    assert job.alive
    assert job.row() is None


@pytest.mark.parametrize("job", [AS_IT_SHOULD], indirect=True)
def test_with_its_words_as_they_are_taskkill_ends_it(job: Job, shims: Shims) -> None:
    shims.answer(0, kills=True)
    done = job.companion("cancel", "task-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert shims.calls() == [["/PID", str(job.worker.pid), "/T", "/F"]]
    job.worker.wait(SECONDS)
    assert (job.row() or {})["status"] == "cancelled"


@pytest.mark.parametrize("job", [AS_IT_SHOULD], indirect=True)
@pytest.mark.parametrize("language", GONE)
def test_cancelling_a_job_whose_process_is_gone_depends_on_the_language(job: Job, shims: Shims, language: str) -> None:
    shims.answer(128, GONE[language])
    job.worker.kill()
    job.worker.wait(SECONDS)
    done = job.companion("cancel", "task-1")
    if language == "english":
        assert (done.returncode, (job.row() or {})["status"]) == (0, "cancelled")
    else:
        # the job cannot be got rid of: it stays listed as running with a pid that nobody has
        assert (done.returncode, (job.row() or {})["status"]) == (1, "running")
