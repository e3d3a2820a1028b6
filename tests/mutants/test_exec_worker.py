"""A companion whose jobs run by `codex exec`, and not by `codex app-server`: it is played as any other.

It is the reference with the policy `correct`, whose worker starts another command and reads other lines.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from miniature import change, copied, descriptor, played

APP_SERVER = (
    'codex = processes.start(["codex", "app-server"], jobs.environment_of(job["id"]), job["logFile"])\n    try:\n'
    "        return talk(CodexClient(codex.stdout, codex.stdin))"
)
EXEC = (
    'argv = ["codex", "exec", "--json", job["request"]["prompt"]]\n'
    '    codex = processes.start(argv, jobs.environment_of(job["id"]), job["logFile"])\n    try:\n'
    "        return talk(_Exec(codex))"
)
READER = '''class _Exec:
    """Reads the lines of `codex exec --json`."""

    def __init__(self, codex):
        self._codex = codex

    def run(self, prompt, cwd, when_begun):
        import json

        self._codex.stdin.close()
        said = ""
        for line in self._codex.stdout:
            event = json.loads(line)
            if event["type"] == "turn.started":
                when_begun()
            elif event["type"] == "item.completed" and event["item"]["type"] == "agent_message":
                said = event["item"]["text"]
            elif event["type"] == "turn.failed":
                raise RuntimeError(event["error"]["message"])
            elif event["type"] == "turn.completed":
                return said
        raise ServerGoneError("it")


def _stop('''


def by_exec(folder: Path) -> Path:
    """The plugin."""
    plugin = copied(folder)
    worker = plugin / "scripts" / "companion_lib" / "worker.py"
    change(worker, APP_SERVER, EXEC)
    change(worker, "def _stop(", READER)
    (plugin / "policy").write_text("correct\n", encoding="utf-8")
    return plugin


@pytest.mark.timeout(600)
def test_its_jobs_are_held_found_cancelled_and_lost_as_those_of_any_other(tmp_path: Path) -> None:
    names = [f"jobs/{name}" for name in ("pattern-a", "pattern-c", "cancel", "codex-dies", "exit-while-running")]
    words = ["--descriptor", str(descriptor(tmp_path)), "--lifecycle", "claude-2.1.91", "--replays", "0", "-j", "2"]
    status, said, document = played(by_exec(tmp_path), tmp_path, *names, *words)
    assert {each["scenario"]: each["verdict"] for each in document["results"]} == dict.fromkeys(names, "conforms"), said
    assert status == 0, said
    assert document["preflight"][0]["outcome"] == "started"
