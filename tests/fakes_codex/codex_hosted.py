"""A stand-in Codex as a host: a world whose model plays a script for each agent, with trusted hooks that all speak.

Agents are told apart as the harness does it: by the last marker in what is new to a thread, by the headers afterwards.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from codex_hooks_bench import config, hooks, rows
from codex_loopback import DEADLINE, Asked, Json, Model
from codex_world import PROGRAM, World

from hookproof.catalogue.lifecycle import read_lifecycle, resolve, resolve_lifecycle

HELD = object()
"""An answer that the test gives itself."""
EVENTS = (
    *("SessionStart", "SubagentStart", "UserPromptSubmit", "Stop", "SubagentStop", "SessionEnd"),
    *("PreToolUse", "PostToolUse", "PreCompact", "PostCompact"),
)
TASK, FINAL = "Do it.", {"phase": "final_answer"}
_SPEAKING = """\
import json, sys
payload = json.loads(sys.stdin.buffer.read())
event, said = payload["hook_event_name"], json.loads({answers!r})
if event in said:
    answer = said[event]
elif event in ("SessionStart", "SubagentStart", "UserPromptSubmit"):
    words = f"<{{event}} {{payload.get('source', '')}}>"
    answer = {{"hookSpecificOutput": {{"hookEventName": event, "additionalContext": words}}}}
else:
    answer = None
if answer is not None and not payload.get("stop_hook_active"):
    print(json.dumps(answer))
"""


def call(tool: str, **arguments: Any) -> Json:
    """An answer that calls a tool of the first set. `targets` may be names of agents."""
    return {"tool": tool, "arguments": arguments}


def mark(agent: str) -> str:
    """A prompt for an agent."""
    return f"[hookproof:agent={agent}] {TASK}"


class Scripted(Model):
    """A model that answers by itself."""

    def __init__(self, script: dict[str, list[Any]], namespace: str) -> None:
        self.script = script
        self.names: dict[str, str] = {}
        """Agent by thread id."""
        self._namespace = namespace
        self._steps: dict[str, int] = {}
        self._step_lock = threading.Lock()
        super().__init__()

    def of(self, agent: str, number: int = 0) -> Asked:
        """A request of an agent, once it has come."""
        asked: Asked = self._asked.wait(
            f"request {number} of {agent}", lambda asked: self.agent(asked) == agent, nth=number
        )
        return asked

    def count(self, agent: str) -> int:
        """How often an agent has asked."""
        return sum(self.agent(asked) == agent for asked in self._asked.seen)

    def agent(self, asked: Asked) -> str:
        """Whose request it is."""
        thread = thread_of(asked)
        if thread not in self.names:
            found = re.findall(r"\[hookproof:agent=(.*?)\]", json.dumps(asked.body["input"]))
            review = asked.headers.get("x-openai-subagent") == "review"
            self.names[thread] = "review" if review or not found else found[-1]
        return self.names[thread]

    def id_of(self, agent: str) -> str:
        """The thread of an agent."""
        return next(thread for thread, name in self.names.items() if name == agent)

    def _serve(self, connection: Any) -> None:
        super()._serve(connection)
        for asked in self._asked.seen:
            if asked._connection is connection:
                self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        with self._step_lock:
            agent = self.agent(asked)
            step = self._steps.get(agent, 0)
            self._steps[agent] = step + 1
        steps = self.script.get(agent, [])
        answer = steps[step] if step < len(steps) else f"{agent} has nothing to say"
        if answer is HELD:
            return
        if isinstance(answer, int):
            asked.refuse(answer, "the model is ill")
            return
        for number, part in enumerate(answer if isinstance(answer, list) else [answer]):
            asked.item(self.item(asked, part, f"{agent}_{step}_{number}"))
        asked.event("response.completed", response={"id": "r", "usage": {"input_tokens": 10, "output_tokens": 5}})
        asked.chunk(b"")

    def item(self, asked: Asked, answer: Any, number: str) -> Json:
        """An answer as an item, spelled as the host offers its tools."""
        if isinstance(answer, str):
            content = [{"type": "output_text", "text": answer}]
            return {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": content, **FINAL}
        arguments, spawned = dict(answer["arguments"]), _spawned(asked)
        if "targets" in arguments:
            arguments["targets"] = [spawned.get(name, name) for name in arguments["targets"]]
        if "target" in arguments:
            arguments["target"] = spawned.get(arguments["target"], arguments["target"])
        space = answer.get("namespace", self._namespace)
        named = {"name": answer["tool"], **({"namespace": space} if space else {})}
        return {"type": "function_call", "call_id": f"call_{number}", "arguments": json.dumps(arguments), **named}


def _spawned(asked: Asked) -> dict[str, str]:
    """The agents that a request tells of, by the name that their task was marked with."""
    names, found = {}, {}
    for item in asked.body["input"]:
        if item["type"] == "function_call":
            names[item["call_id"]] = re.findall(r"\[hookproof:agent=(.*?)\]", item["arguments"])
        elif item["type"] == "function_call_output" and item["output"].startswith('{"agent_id"'):
            found[names[item["call_id"]][-1]] = json.loads(item["output"])["agent_id"]
    return found


def thread_of(asked: Asked) -> str:
    """The thread that a request is of."""
    return asked.headers.get("thread-id") or asked.headers["thread_id"]


def texts(asked: Asked) -> list[str]:
    """`role: text` of each message, Codex's own openings by their first word."""
    shown = []
    for item in asked.body["input"]:
        parts = item.get("content", [])
        text = "".join(str(part.get("text", part.get("encrypted_content", ""))) for part in parts)
        own = re.match(r"<(permissions|environment_context|skills)|You are (Codex|`|now|an)", text)
        shown.append(f"{item.get('role', item['type'])}: {own[0].removesuffix(' Codex') if own else text}")
    return shown


def outputs(asked: Asked) -> list[Any]:
    """The results of calls, read where they are JSON."""
    found = []
    for item in asked.body["input"]:
        if item["type"] == "function_call_output":
            text = item["output"]
            found.append(json.loads(text) if text.startswith("{") else text)
    return found


class Ran:
    """What an `exec` has left."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr

    @property
    def lines(self) -> list[Json]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class HostWorld(World):
    """One host, one script. Hooks of all events are declared and trusted; `answers` says what they print."""

    def __init__(
        self,
        root: Path,
        version: str,
        script: dict[str, list[Any]],
        answers: Json | None = None,
        settings: str = "",
        *,
        own: Path | None = None,
        events: Sequence[str] = EVENTS,
    ) -> None:
        """`own`: a lifecycle file of the test's own, instead of that of the version."""
        super().__init__(root)
        self.model.close()
        resolved = resolve(read_lifecycle(own)) if own is not None else resolve_lifecycle(f"codex-{version}")
        self.rows = rows(resolved)
        namespace = self.rows["agent_tools_v1"]["namespace"]
        self.model: Scripted = Scripted(script, namespace)
        (self.project / ".git").mkdir()
        (self.home / "agents").mkdir(parents=True)
        lifecycle = root / "lifecycle.json"
        lifecycle.write_text(resolved.model_dump_json())
        self.environment |= {"HOOKPROOF_LIFECYCLE": str(lifecycle), "OPENAI_BASE_URL": "http://127.0.0.1:9"}
        role = 'description = "plans"\ndeveloper_instructions = "You are the planner."\n'
        (self.home / "agents" / "issue-planner.toml").write_text(f'name = "issue-planner"\n{role}')
        provider = f'[model_providers.fake]\nname = "fake"\nbase_url = "{self.model.url}"\nenv_key = "KEY"\n'
        head = f'model = "gpt-5.2"\nmodel_provider = "fake"\n{provider}'
        trusted = f'[projects.{json.dumps(str(self.project.resolve()))}]\ntrust_level = "trusted"\n'
        (self.home / "config.toml").write_text(head + trusted + settings)
        self._declare(root / "hook.py", answers or {}, events)

    def _declare(self, path: Path, answers: Json, events: Sequence[str]) -> None:
        path.write_text(_SPEAKING.format(answers=json.dumps(answers)))
        argv = [sys.executable, "-I", "-S", str(path)]
        command = subprocess.list2cmdline(argv) if sys.platform == "win32" else shlex.join(argv)
        groups = {name: [{"hooks": [{"type": "command", "command": command}]}] for name in events}
        (self.home / "hooks.json").write_text(json.dumps({"hooks": groups}))
        with mock.patch.dict(os.environ, self.environment):
            listed = hooks.METHODS["hooks/list"]({"cwds": [str(self.project)]}, None)["data"][0]["hooks"]
            state = {hook["key"]: {"trusted_hash": hook["currentHash"]} for hook in listed}
            edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
            config.METHODS["config/batchWrite"]({"edits": [edit]}, None)

    def exec(self, *arguments: str, stdin: str | None = None, **environment: str) -> Ran:
        """Run `codex exec`, to its end."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(PROGRAM), "exec", *arguments],
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**self.environment, **environment},
            cwd=self.project,
            timeout=DEADLINE,
            check=False,
        )
        return Ran(done)

    def fired(self, *keys: str, of: Callable[[Json], bool] = lambda _: True) -> list[tuple[Any, ...]]:
        """Event and values of the payload of each hook that has run, in the journal's order."""
        started = [record for record in self.journal.records if record.get("kind") == "hook.started"]
        return [(one["event"], *(one["payload"].get(key) for key in keys)) for one in started if of(one)]

    def told(self, kind: str) -> list[Json]:
        """The journal's records of a kind."""
        return [record for record in self.journal.records if record.get("kind") == kind]

    def metas(self) -> list[list[Json]]:
        """The session_meta lines of each thread's file, oldest thread first."""
        return [[line["payload"] for line in lines if line["type"] == "session_meta"] for lines in self.rollouts()]
