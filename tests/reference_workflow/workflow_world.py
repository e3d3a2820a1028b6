"""A private world for the workflow plugin: a project, a copy of the plugin under one policy, and a host in miniature.

The host fires what Codex 0.130.0, 0.133.0 and 0.169.0 were measured to fire, with payloads and rollouts of
the measured shapes, and runs the hook as a process where the copy's manifest declares the event.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).resolve().parents[2] / "reference" / "workflow"
sys.path[:0] = [str(PLUGIN / "scripts"), str(PLUGIN / "hooks" / "scripts")]

import hook_codex  # noqa: E402
from workflow_lib import policy, project, records, rollout, wire  # noqa: E402

__all__ = ["PLUGIN", "Run", "World", "hook_codex", "policy", "project", "records", "rollout", "wire"]

DEADLINE = 20.0
VERSIONS = ("0.130.0", "0.133.0", "0.169.0")
MINIATURES = Path(__file__).parent / "miniatures"

Json = dict[str, Any]
Forge = Callable[[Json], object]


class Run:
    """One run of a hook, or the lack of it where the host fires nothing or the manifest declares nothing."""

    def __init__(self, stdout: str = "", stderr: str = "", exit_status: int = 0) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.exit_status = exit_status

    @property
    def is_silent(self) -> bool:
        return (self.exit_status, self.stdout) == (0, "")

    @property
    def is_json_or_empty(self) -> bool:
        try:
            return self.stdout == "" or isinstance(json.loads(self.stdout), dict)
        except ValueError:
            return False

    @property
    def context(self) -> str:
        """What reaches the model. Measured: text that is no JSON does, as it stands."""
        if self.exit_status:
            return ""
        try:
            answer = json.loads(self.stdout) if self.stdout else None
        except ValueError:
            return self.stdout
        context: str = answer["hookSpecificOutput"]["additionalContext"] if answer else ""
        return context


class World:
    def __init__(self, folder: Path, rules: str = "correct", version: str = "0.130.0") -> None:
        self.folder = folder
        self.version = version
        self.project = folder / "project"
        self.plugin = folder / "plugin"
        self.data = folder / "data"
        (self.project / ".git").mkdir(parents=True)
        shutil.copytree(PLUGIN, self.plugin, ignore=shutil.ignore_patterns("__pycache__"))
        self._python("scripts/use_policy.py", rules)
        manifest = json.loads((self.plugin / "hooks" / "hooks.codex.json").read_text())
        self.declared = set(manifest["hooks"])
        self.runs: list[Run] = []
        self._ids = (f"{number:08d}-0000-7000-8000-000000000000" for number in itertools.count(1))

    def install(self, miniature: str) -> None:
        """Put a wrong hook before the right one, which it finds beside itself as `right_hook`."""
        scripts = self.plugin / "hooks" / "scripts"
        (scripts / "hook_codex.py").rename(scripts / "right_hook.py")
        shutil.copy(MINIATURES / f"{miniature}.py", scripts / "hook_codex.py")

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}

    def _python(self, script: str, *argv: str, stdin: bytes = b"", **variables: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(self.plugin / script), *argv],
            input=stdin,
            cwd=self.project,
            env=self.environment(**variables),
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
        return Run(done.stdout.decode(), done.stderr.decode(), done.returncode)

    def hook(self, payload: Json, script: str = "hook_codex.py", **variables: str) -> Run:
        variables = variables or {"PLUGIN_DATA": str(self.data), "PLUGIN_ROOT": str(self.plugin)}
        run = self._python(f"hooks/scripts/{script}", stdin=json.dumps(payload).encode(), **variables)
        self.runs.append(run)
        return run

    def fire(self, event: str, session: str, transcript: Path | None, **more: str) -> Run:
        """What the host does about an event, if its version knows it and the manifest declares it."""
        payload = {
            "session_id": session,
            "transcript_path": str(transcript) if transcript else None,
            "cwd": str(self.project),
            "hook_event_name": event,
            "model": "gpt-5.2",
            "permission_mode": "bypassPermissions",
            **more,
        }
        return self.hook(payload) if event in self.declared else Run()

    @property
    def is_native(self) -> bool:
        return self.version != "0.130.0"

    def new_id(self) -> str:
        return next(self._ids)

    # Threads, each with the rollout that the host writes for it.

    def main(self, thread: str = "", source: str = "startup", **how: Any) -> Run:
        thread = thread or self.new_id()
        meta = {"id": thread, "cwd": str(self.project), "cli_version": self.version, "source": "exec"}
        return self.fire("SessionStart", thread, self.rollout(meta, **how), source=source)

    def child(self, thread: str = "", *, parent: str, root: str = "", source: str = "startup", **how: Any) -> Run:
        """A spawned thread begins. `how`: role, nickname, forked_from, and what `rollout` takes."""
        thread = thread or self.new_id()
        role = how.pop("role", None)
        meta = self.child_meta(thread, parent, role, how.pop("nickname", "Zed"))
        transcript = self.rollout(meta, **how)
        if not self.is_native:
            return self.fire("SessionStart", thread, transcript, source=source)
        agent = {"agent_id": thread, "agent_type": role or "default"}
        return self.fire("SubagentStart", root or parent, transcript, turn_id="turn", **agent)

    def resumed_child(self, thread: str, *, parent: str, role: str) -> Run:
        """`codex exec resume CHILD`, measured: a SessionStart up to 0.133.0, no start event at all on 0.169.0."""
        if self.version == "0.169.0":
            return Run()
        transcript = self.rollout(self.child_meta(thread, parent, role, "Zed"))
        return self.fire("SessionStart", thread, transcript, source="resume")

    def review(self, thread: str) -> Run:
        """A review thread, measured: a SessionStart on 0.130.0, no start event from 0.133.0 on."""
        meta = {"id": thread, "source": {"subagent": "review"}, "thread_source": "subagent"}
        return Run() if self.is_native else self.fire("SessionStart", thread, self.rollout(meta), source="startup")

    def child_meta(self, thread: str, parent: str, role: str | None, nickname: str) -> Json:
        spawn = {"parent_thread_id": parent, "depth": 1, "agent_path": None, "agent_nickname": nickname}
        meta: Json = {
            "id": thread,
            "cli_version": self.version,
            "thread_source": "subagent",
            "agent_nickname": nickname,
        }
        meta["source"] = {"subagent": {"thread_spawn": {**spawn, "agent_role": role}}}
        if role:
            meta["agent_role"] = role
        if self.version == "0.169.0":
            meta["parent_thread_id"] = parent
        return meta

    def rollout(
        self,
        meta: Json,
        *,
        forge: Forge | None = None,
        raw: bytes | None = None,
        forked: bool = False,
        gone: bool = False,
    ) -> Path | None:
        """A thread's rollout: its own line first, a forked one's parent's line second. `raw` stands in their place."""
        if gone:
            return None
        lines: list[Json] = [{"timestamp": "2026-11-21T02:38:05.606Z", "type": "session_meta", "payload": meta}]
        if forge:
            forge(meta)
        if forked:
            lines.append({**lines[0], "payload": {"id": "the-parent", "source": "exec"}})
        lines.append({"type": "event_msg", "payload": {"type": "task_started"}})
        path = self.folder / f"rollout-{meta.get('id')}.jsonl"
        path.write_bytes(raw if raw is not None else b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        return path

    # What the plugin remembers.

    def subagents(self) -> dict[str, Json]:
        """The recorded agents by their ids."""
        return {record["agent_id"]: record for record in self._records("subagents/*/*.json")}

    def announced(self) -> set[str]:
        return {record["thread_id"] for record in self._records("sessions/*.json") if record["announced"] is True}

    def _records(self, pattern: str) -> Iterator[Json]:
        return (json.loads(path.read_text()) for path in self.data.glob(pattern))
