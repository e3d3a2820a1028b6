"""One call of a tool: its hooks before, its work, its hooks after, the result for the model.

A tool is a function (agent, input, tool_use_id) -> Worked; it raises ToolFailure for what the model is told as an
error. This module knows the order of things, the tools know their work.
"""

from __future__ import annotations

import time

from .lifecycle import RESULTS
from .model_client import InterruptedByHostError
from .request_body import REQUIRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .effects import Effects
    from .host import Host
    from .identity import Identity
    from .tasks import Task

    class Caller(Protocol):
        """What a call needs of the agent that makes it."""

        host: Host
        who: Identity
        tools: list[str]
        task: Task | None

        def line(self, kind: str, **values: Any) -> None: ...

        def look_at(self, name: str, tool_input: dict[str, Any]) -> tuple[dict[str, Any], str | None]: ...

        def work(self, name: str, tool_input: dict[str, Any], tool_use_id: str) -> Worked: ...


ON_FILES = ("Write", "Edit", "Read")
"""The tools on one file."""


class ToolFailure(Exception):  # noqa: N818 - it is an outcome of the tool, not a fault of the program
    """The tool did not do its work. The text is the result that the model gets."""


class Worked:
    """What a tool did: `content` for the model, `response` for hooks and the stream."""

    def __init__(self, content: str | list[dict[str, Any]], response: dict[str, Any]) -> None:
        self.content = content
        self.response = response


class ToolUse:
    """One `tool_use` block, from the call to its result."""

    def __init__(self, agent: Caller, block: dict[str, Any]) -> None:
        self.agent = agent
        self.name: str = block["name"]
        self.input: dict[str, Any] = block["input"]
        self.id: str = block["id"]
        self.result: dict[str, Any] = {}
        self.sentences: list[str] = []
        self.stopped = False
        self._began = 0.0

    def go(self) -> None:
        """Do it all. Never raises: a host that is ending notices by itself."""
        try:
            self._go()
        except InterruptedByHostError:
            return

    def _go(self) -> None:
        problem = self._problem()
        if problem is not None:
            self._refused(f"<tool_use_error>{problem}</tool_use_error>")
            return
        before = self._at("tool is called")
        if before.stop is not None:
            self._stop(before)
        if before.refusal is not None:
            told = self.agent.host.lifecycle["denial_is_told_twice"] and not (
                before.refusal.by_exit or before.refusal.asked
            )
            self.sentences += [*before.sentences, *([before.blocking_sentence()] if told else [])]
            if before.refusal.asked:
                # the stream of some releases only
                self.agent.line("system/permission_denied", tool_name=self.name, tool_use_id=self.id)
            self._refused(before.denial(self.name))
            return
        if before.updated_input is not None:
            self.input = before.updated_input
        self._began = time.monotonic()
        try:
            worked = self.agent.work(self.name, self.input, self.id)
        except ToolFailure as failure:
            self.sentences += before.landing(RESULTS)
            after = self._at("tool has failed", error=str(failure), is_interrupt=False)
            self.sentences += after.sentences
            self._refused(str(failure))
            return
        self.sentences += before.sentences
        self._worked(worked)

    def _problem(self) -> str | None:
        if self.name not in self.agent.tools:
            return f"Error: No such tool available: {self.name}"
        missing = [name for name in REQUIRED[self.name] if not isinstance(self.input.get(name), str)]
        if missing:
            issues = "\n".join(f"The required parameter `{name}` is missing" for name in missing)
            plural = "issue" if len(missing) == 1 else "issues"
            return f"InputValidationError: {self.name} failed due to the following {plural}:\n{issues}"
        self.input, problem = self.agent.look_at(self.name, self.input)
        return problem

    def _worked(self, worked: Worked) -> None:
        lifecycle = self.agent.host.lifecycle
        content = worked.content
        self._began = self._began or time.monotonic()
        after = self._at("tool has worked", tool_response=worked.response)
        self.sentences += after.sentences
        if after.refusal is not None:
            sentence = after.blocking_sentence()
            if lifecycle["objection_place"] == "in the result" and isinstance(content, str):
                content += f"\n\n<system-reminder>\n{sentence}\n</system-reminder>"
            else:
                self.sentences.append(sentence)
        if after.stop is not None:
            self._stop(after)
        self.result = {"tool_use_id": self.id, "type": "tool_result", "content": content}
        if isinstance(content, str):
            self.result["is_error"] = False
        self._print(worked.response)

    def _refused(self, text: str) -> None:
        self.result = {"type": "tool_result", "content": text, "is_error": True, "tool_use_id": self.id}
        self._print(f"Error: {text}")

    def _stop(self, effects: Effects) -> None:
        self.stopped = True
        self.sentences.append(effects.stop_sentence())

    def _at(self, moment: str, **values: Any) -> Effects:
        if self._began:
            values["duration_ms"] = int((time.monotonic() - self._began) * 1000)
        return self.agent.host.at(
            moment, self.agent.who, tool_name=self.name, tool_input=self.input, tool_use_id=self.id, **values
        )

    def _print(self, response: dict[str, Any] | str) -> None:
        message = {"role": "user", "content": [self.result]}
        own = {} if self.agent.task is not None else {"tool_use_result": response}
        self.agent.line("user", message=message, **own)
