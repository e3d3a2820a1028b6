"""The bench for the stand-in of claude: a private world, a plugin, a recorder, and the program run as a process.

A bench lives for one test. What the program does is read from its journal (the records that it sends) and from its
stream; both can be waited on, with a deadline that names what was waited for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from claude_journal import SECONDS, Journal, Record, Waitable

from hookproof.catalogue.lifecycle import read_lifecycle, resolve, resolve_lifecycle

ROOT = Path(__file__).parents[2] / "fakes" / "claude"
PROGRAM = ROOT / "claude.py"

EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "StopFailure",
    "SessionEnd",
)


class Running:
    """The program while it runs."""

    def __init__(self, process: subprocess.Popen[bytes], journal: Journal) -> None:
        self.process = process
        self.journal = journal
        self.stream = Waitable()
        self.text: list[str] = []
        self._errors: list[bytes] = []
        self._readers = [threading.Thread(target=target) for target in (self._read_lines, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text.append(line.decode())
            try:
                self.stream.add(json.loads(line))
            except ValueError:
                continue
        self.stream.end()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self._errors.append(self.process.stderr.read())

    def say(self, text: str) -> None:
        """The user types a line."""
        self.send(json.dumps({"type": "user", "message": {"role": "user", "content": text}}))

    def send(self, line: str) -> None:
        """A raw line of input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def turn_ended(self, nth: int = 1) -> Record:
        """The end of the nth turn of main."""
        return self.journal.wait_for("turn.ended", agent_id=None, nth=nth)

    def result(self, nth: int = 1) -> Record:
        """The nth result line."""
        return self.stream.wait(lambda line: line["type"] == "result", f"result line {nth}", nth=nth)

    def lines(self, kind: str, subtype: str | None = None) -> list[Record]:
        """The lines of a kind that were printed."""
        return [line for line in self.stream.items if line["type"] == kind and line.get("subtype") == subtype]

    def results(self) -> list[Any]:
        """What the result lines say."""
        return [line["result"] for line in self.lines("result", "success")]

    def input_was_taken(self) -> Record:
        """Come back when everything that was sent so far has been read; the answer to a control request tells."""
        self.send(json.dumps({"type": "control_request", "request_id": "r1", "request": {"subtype": "nonsense"}}))
        return self.stream.wait(lambda line: line["type"] == "control_response", "the answer to a control request")

    def end_input(self) -> None:
        """Close stdin."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        """Wait for the exit code."""
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return code

    def finish(self) -> int:
        """Close stdin, wait for the exit code."""
        self.end_input()
        return self.wait()

    def errors(self) -> str:
        """What it wrote to stderr; after its end."""
        return b"".join(self._errors).decode().replace("\r\n", "\n")


class Bench:
    """A private world for one run of the program."""

    def __init__(self, root: Path, journal: Journal, model_url: str) -> None:
        self.root = root
        self.journal = journal
        self.home, self.temporary, self.project = root / "home", root / "tmp", root / "project"
        self.plugin = root / "plugin"
        for directory in (self.home, self.temporary, self.project, self.plugin / "hooks"):
            directory.mkdir(parents=True)
        (self.plugin / ".claude-plugin").mkdir()
        (self.plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps({"name": "codex"}))
        self.hooks: dict[str, list[Record]] = {}
        self.rows: Record = {}
        self.token = f"bench-{os.urandom(8).hex()}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "ANTHROPIC_BASE_URL": model_url,
            "ANTHROPIC_API_KEY": "dummy",
            "HOOKPROOF_TOKEN": self.token,
            "HOOKPROOF_RECORDER": journal.address,
        }
        if sys.platform == "win32":
            needed = ("SystemRoot", "SystemDrive", "ComSpec", "PATHEXT")
            self.environment |= {name: os.environ[name] for name in needed if name in os.environ}
            self.environment |= {"USERPROFILE": str(self.home), "TEMP": str(self.temporary)}
        self.agent("codex-rescue", "tools: Bash", "You forward.")
        self._started: list[Running] = []

    def hook(
        self, event: str, command: str, *, timeout: float | None = None, matcher: str | None = None, **more: Any
    ) -> None:
        """Give the plugin one more hook, with `more` in its entry."""
        if sys.platform == "win32":
            pytest.skip("the hooks of this test are commands of a POSIX shell")
        entry: Record = {"type": "command", "command": command, **more}
        if timeout is not None:
            entry["timeout"] = timeout
        group: Record = {"hooks": [entry]}
        if matcher is not None:
            group["matcher"] = matcher
        self.hooks.setdefault(event, []).append(group)

    def hook_everything(self, command: str = ":") -> None:
        """A hook for every event."""
        for event in EVENTS:
            self.hook(event, command)

    def agent(self, name: str, fields: str, body: str) -> None:
        """Give the plugin an agent."""
        path = self.plugin / "agents" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\nname: {name}\ndescription: d\n{fields}\n---\n\n{body}\n", encoding="utf-8")

    def command(self, name: str, text: str) -> None:
        """Give the plugin a slash command."""
        path = self.plugin / "commands" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def fifo(self, name: str) -> Path:
        """A pipe with a name: `cat` of it lasts until `release`."""
        if sys.platform == "win32":
            pytest.skip("pipes with a name in a folder: POSIX")
        path = self.project / name
        os.mkfifo(path)
        return path

    def arguments(self, *more: str) -> list[str]:
        """A command line as the harness uses it."""
        formats = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]
        plugin = ["--plugin-dir", str(self.plugin)]
        return ["-p", *formats, "--dangerously-skip-permissions", *plugin, *more]

    def start(self, *more: str, lifecycle: str = "claude-2.1.91", turn: str | None = None) -> Running:
        """Run the program in stream mode, with a first turn if there is one."""
        running = self.run(self.arguments(*more), lifecycle)
        if turn is not None:
            running.say(turn)
        return running

    def run(self, arguments: list[str], lifecycle: str = "claude-2.1.91") -> Running:
        """Run the program."""
        if self.hooks:
            (self.plugin / "hooks" / "hooks.json").write_text(json.dumps({"hooks": self.hooks}))
        environment = {**self.environment, "HOOKPROOF_LIFECYCLE": str(self.resolved(lifecycle))}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM), *arguments],
            cwd=self.project,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        running = Running(process, self.journal)
        self._started.append(running)
        return running

    def resolved(self, lifecycle: str) -> Path:
        """A lifecycle, or one in a file of the test's own, as the harness hands it over, with this bench's `rows`."""
        own = lifecycle.endswith(".toml")
        found = resolve(read_lifecycle(Path(lifecycle))) if own else resolve_lifecycle(lifecycle)
        path = self.root / "lifecycle.json"
        path.write_text(json.dumps({**found.model_dump(), "rows": {**found.rows, **self.rows}}))
        return path

    def strays(self) -> list[psutil.Process]:
        """What still lives of all that this bench has started."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("HOOKPROOF_TOKEN") == self.token and process.status() != "zombie":
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end_strays(self) -> list[str]:
        """End what is left, and say what it was."""
        left = self.strays()
        names = [" ".join(process.cmdline()) for process in left if process.is_running()]
        for process in left:
            process.kill()
        psutil.wait_procs(left, SECONDS)
        return names


def release(path: Path, text: str = "") -> None:
    """Let whoever reads a fifo go on."""
    with path.open("w") as file:
        file.write(text)
