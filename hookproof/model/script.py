"""The scripted side of the model: whose turn it is to say what.

Life: made from a scenario with the plugin's commands filled in, asked once per model request that may act, exhausted
when an agent asks more often than its script has steps (which is an error of the scenario or a finding, never a loop).
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.model_step import Agent, AnyStep, Bash, Edit, Read, Say, Send, Spawn, Wait, Write
from hookproof.records.parts import ToolResult

_MARKER = re.compile(r"\[hookproof:agent=([^\]]+)\]")
_JOB = re.compile(r"\bjob=([\w-]+)")
_Call = Bash | Write | Edit | Read | Agent | Spawn | Wait | Send


def mark(text: str, agent: str) -> str:
    """`text` with the marker by which the requests of this conversation are recognised."""
    return f"{text}\n\n[hookproof:agent={agent}]"


def marked_agent(text: str) -> str | None:
    """The agent that a conversation's first user text is marked with."""
    match = _MARKER.search(text)
    return match.group(1) if match else None


def marked_agents(text: str) -> list[str]:
    """Every agent that a text is marked with, in the order of the marks."""
    return _MARKER.findall(text)


def job_named(text: str) -> str | None:
    """The job that a prompt or a command names (`job=NAME`)."""
    match = _JOB.search(text)
    return match.group(1) if match else None


def jobs_named(text: str) -> list[str]:
    """Every job that a command names, in the order of their names there."""
    return _JOB.findall(text)


def names_job(text: str, job: str) -> bool:
    """Whether a text names this job, and not just one whose name begins like it.

    Any text, JSON too, in which a line's first word stands right behind the `n` of an escaped newline.
    """
    return re.search(rf"job={re.escape(job)}(?![\w-])", text) is not None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of an answer. `names` are what the host may call the tool, the first that it offers is used."""

    id: str
    names: tuple[str, ...]
    input: dict[str, Any]
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says next: a text that ends the turn, or one tool call."""

    text: str | None
    call: ToolCall | None
    after: str | None
    late: bool = False
    """Whether it is the last word once more, to a request that only tells of a child's end: no step of the script."""


@dataclass(slots=True)
class Script:
    """The steps of every agent, and how far each one is. `variables` replace `{name}` in what is called."""

    steps: Mapping[str, Sequence[AnyStep]]
    variables: Mapping[str, str]
    timeout_factor: int = 1
    """By what the timeout of each shell is multiplied."""
    project: Path = Path()
    """What the path of a file is counted from."""
    _next: Counter[str] = field(default_factory=Counter)
    _started: Counter[str] = field(default_factory=Counter)
    _calls: int = 0
    _last_result: dict[str, str] = field(default_factory=dict)
    _children: dict[str, dict[str, str]] = field(default_factory=dict)
    """Agent -> child's name -> the id of the call that started it."""
    _results: dict[str, str] = field(default_factory=dict)
    _starts: dict[str, list[ToolCall]] = field(default_factory=dict)
    """Name -> the calls of the Agent tool that have started an agent of that name."""

    def starts(self, agent: str) -> list[ToolCall]:
        """The calls so far by which an agent of this name was started with the Agent tool, in their order."""
        return list(self._starts.get(agent, ()))

    def next(self, agent: str, received: str, results: Sequence[ToolResult] = ()) -> Answer | None:
        """The next answer to `agent`, whose request says `received` and carries `results` of tools that are new to it.

        A result is {tool_use_id, text}. None when the agent's script has run out, or when it has none.
        """
        for result in results:
            self._last_result[agent] = self._results[result.tool_use_id] = result.text
        steps = self.steps.get(agent, ())
        while self._next[agent] < len(steps):
            step = steps[self._next[agent]]
            self._next[agent] += 1
            if _wanted(step, received):
                return self._answer(agent, step)
        return None

    def again(self, agent: str) -> Answer | None:
        """What the agent says after the end of its script; None where that is a mistake."""
        steps = self.steps.get(agent, ())
        last = steps[-1] if steps else None
        return self._answer(agent, last) if isinstance(last, Say) and last.again else None

    def _answer(self, agent: str, step: AnyStep) -> Answer:
        if isinstance(step, Say):
            text = step.text.replace("{result}", self._last_result.get(agent, ""))
            return Answer(text=text, call=None, after=step.after)
        self._calls += 1
        call_id = f"toolu_{self._calls:04d}"
        return Answer(text=None, call=self._call(agent, call_id, step), after=step.after)

    def _call(self, agent: str, call_id: str, step: _Call) -> ToolCall:
        match step:
            case Bash():
                return self._shell(call_id, step)
            case Write() | Edit() | Read():
                return self._file(call_id, step)
            case Agent():
                return self._agent(call_id, step)
            case Spawn():
                self._children.setdefault(agent, {})[step.name] = call_id
                role = {} if step.agent_type is None else {"agent_type": self._filled(step.agent_type)}
                arguments = {"message": mark(self._filled(step.message), step.name), **role}
                return ToolCall(call_id, ("spawn_agent",), arguments | ({"fork_context": True} if step.fork else {}))
            case Wait():
                names = step.names or list(self._children.get(agent, {}))
                targets = [self._thread_of(agent, name) for name in names]
                return ToolCall(call_id, ("wait_agent", "wait"), {"targets": targets, "timeout_ms": 60000})
            case Send():
                target, text = self._thread_of(agent, step.name), mark(self._filled(step.message), step.name)
                return ToolCall(call_id, ("send_input",), {"target": target, "message": text})

    def _thread_of(self, agent: str, child: str) -> str:
        """The id of a child's thread, as the call that started it came back with it."""
        started = self._results.get(self._children.get(agent, {}).get(child, ""), "")
        try:
            value = files.parse_json(started)
        except ValueError:
            value = None
        return str(value.get("agent_id") or value.get("task_name")) if isinstance(value, dict) else f"unknown: {child}"

    def _filled(self, text: str) -> str:
        for name, word in self.variables.items():
            text = text.replace("{" + name + "}", word)
        return text

    def _file(self, call_id: str, step: Write | Edit | Read) -> ToolCall:
        given: dict[str, Any] = {"file_path": str(self.project / self._filled(step.file_path))}
        match step:
            case Write():
                given["content"] = self._filled(step.content)
            case Edit():
                given |= {"old_string": self._filled(step.old_string), "new_string": self._filled(step.new_string)}
                given |= {"replace_all": True} if step.replace_all else {}
            case Read():
                part = {"offset": step.offset, "limit": step.limit}
                given |= {name: value for name, value in part.items() if value is not None}
        return ToolCall(call_id, (step.call,), given)

    def _shell(self, call_id: str, step: Bash) -> ToolCall:
        command = self._filled(step.command)
        job = job_named(command)
        if step.held:
            command = _behind_hold(self._filled("{hold}"), str(job), command)
        arguments: dict[str, Any] = {"command": command, "description": "run the companion"}
        if step.timeout is not None:
            arguments["timeout"] = step.timeout * self.timeout_factor
        if step.run_in_background:
            arguments["run_in_background"] = True
        return ToolCall(call_id, ("Bash",), arguments, job)

    def _agent(self, call_id: str, step: Agent) -> ToolCall:
        kind = self._filled(step.subagent_type)
        self._started[kind] += 1
        numbered = f"{kind}#{self._started[kind]}"
        name = step.name or (numbered if numbered in self.steps else kind)
        arguments = {
            "description": "delegate to Codex",
            "prompt": mark(step.prompt, name),
            "subagent_type": kind,
            "run_in_background": step.run_in_background,
        }
        call = ToolCall(call_id, ("Agent", "Task"), arguments)
        self._starts.setdefault(name, []).append(call)
        return call


def _behind_hold(hold: str, job: str, command: str) -> str:
    """`command` behind the program that holds it.

    In the place of the shell where there is `exec`: a shell that outlives its command by a moment tells of the death
    in the output file (measured on Claude Code 2.1.91, in two of five runs).
    """
    if sys.platform == "win32":
        return f"{hold} job={job} && {command}"
    return f"exec {hold} job={job} {shlex.quote(command)}"


def _wanted(step: AnyStep, received: str) -> bool:
    if step.if_told is not None and not re.search(step.if_told, received):
        return False
    return step.unless_told is None or not re.search(step.unless_told, received)
