"""The scripted side of the model: whose turn it is to say what.

Life: made from a scenario with the plugin's commands filled in, asked once per model request that may act, exhausted
when an agent asks more often than its script has steps (which is an error of the scenario or a finding, never a loop).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookproof.catalogue.scenario import Agent, AnyStep, Bash, Say

_MARKER = re.compile(r"\[hookproof:agent=([^\]]+)\]")
_JOB = re.compile(r"\bjob=([\w-]+)")


def mark(text: str, agent: str) -> str:
    """`text` with the marker by which the requests of this conversation are recognised."""
    return f"{text}\n\n[hookproof:agent={agent}]"


def marked_agent(text: str) -> str | None:
    """The agent that a conversation's first user text is marked with."""
    match = _MARKER.search(text)
    return match.group(1) if match else None


def job_named(text: str) -> str | None:
    """The job that a prompt or a command names (`job=NAME`)."""
    match = _JOB.search(text)
    return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of an answer. `names` are what the host may call the tool, the first that it offers is used."""

    id: str
    names: tuple[str, ...]
    input: dict[str, Any]
    job: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says next: a text that ends the turn, or one tool call."""

    text: str | None
    call: ToolCall | None
    after: str | None


@dataclass(slots=True)
class Script:
    """The steps of every agent, and how far each one is. `commands` replace `{name}` in Bash commands."""

    steps: Mapping[str, Sequence[AnyStep]]
    commands: Mapping[str, str]
    _next: Counter[str] = field(default_factory=Counter)
    _started: Counter[str] = field(default_factory=Counter)
    _calls: int = 0
    _last_result: dict[str, str] = field(default_factory=dict)

    def next(self, agent: str, told: str, results: Sequence[str] = ()) -> Answer | None:
        """The next answer to `agent`, whose request says `told` and carries `results` of tools that are new to it.

        None when its script has run out, or when it has none.
        """
        if results:
            self._last_result[agent] = results[-1]
        steps = self.steps.get(agent, ())
        while self._next[agent] < len(steps):
            step = steps[self._next[agent]]
            self._next[agent] += 1
            if _wanted(step, told):
                return self._answer(agent, step)
        return None

    def _answer(self, agent: str, step: AnyStep) -> Answer:
        if isinstance(step, Say):
            text = step.text.replace("{result}", self._last_result.get(agent, ""))
            return Answer(text=text, call=None, after=step.after)
        self._calls += 1
        call_id = f"toolu_{self._calls:04d}"
        call = self._shell(call_id, step) if isinstance(step, Bash) else self._agent(call_id, step)
        return Answer(text=None, call=call, after=step.after)

    def _shell(self, call_id: str, step: Bash) -> ToolCall:
        command = step.command
        for name, text in self.commands.items():
            command = command.replace("{" + name + "}", text)
        arguments: dict[str, Any] = {"command": command, "description": "run the companion"}
        if step.timeout is not None:
            arguments["timeout"] = step.timeout
        if step.run_in_background:
            arguments["run_in_background"] = True
        return ToolCall(call_id, ("Bash",), arguments, job_named(command))

    def _agent(self, call_id: str, step: Agent) -> ToolCall:
        self._started[step.subagent_type] += 1
        numbered = f"{step.subagent_type}#{self._started[step.subagent_type]}"
        name = numbered if numbered in self.steps else step.subagent_type
        arguments = {
            "description": "delegate to Codex",
            "prompt": mark(step.prompt, name),
            "subagent_type": step.subagent_type,
            "run_in_background": step.run_in_background,
        }
        return ToolCall(call_id, ("Agent", "Task"), arguments, None)


def _wanted(step: AnyStep, told: str) -> bool:
    if step.if_told is not None and not re.search(step.if_told, told):
        return False
    return step.unless_told is None or not re.search(step.unless_told, told)
