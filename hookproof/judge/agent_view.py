"""The agent view: a journal's facts by agent: what its model received, its hook runs, the plugin's records of it.

What counts is what reached a model. A text that a forked child inherited with its parent's history is not what anybody
told that child. Pure, and blind to names: nothing here reads which plugin, policy or lifecycle was played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hookproof import files
from hookproof.catalogue.scenario import MAIN
from hookproof.judge.run_view import HookRun, NoEvidenceError, Received, RunView
from hookproof.records.hosts import HostThread
from hookproof.records.jobs import AgentRecords
from hookproof.records.model import ModelRequest
from hookproof.records.sent import HookStarted

_GOES_ON = frozenset({"compact", "fork"})
"""How a session goes on with a history that is no longer, or not all, its own."""
STARTS = frozenset({"SessionStart", "SubagentStart"})


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """An agent of the scenario, as the case says of it."""

    name: str
    role: str
    parent: str | None
    forked: bool


class AgentView:
    """One run's facts by agent. Built for the checks of context and for pictures."""

    def __init__(self, run: RunView) -> None:
        self.run = run
        self.says: dict[str, Any] = run.case.says or {}
        self.ephemeral = run.case.ephemeral
        self.agents = [
            AgentFacts(name, agent.role, agent.parent, agent.forked) for name, agent in run.case.agents.items()
        ]

    def with_role(self, *roles: str) -> list[AgentFacts]:
        """The agents that the scenario gives one of these roles."""
        return [agent for agent in self.agents if agent.role in roles]

    @cached_property
    def _requests(self) -> list[ModelRequest]:
        return [record for record in self.run.of(ModelRequest) if not record.aside]

    def first_request(self, agent: str, thread: str | None = None) -> ModelRequest | None:
        """What the agent's model was asked first (in one of its threads); None when it never was."""
        mine = (request for request in self._requests if request.agent == agent)
        return next((request for request in mine if thread in {None, request.thread}), None)

    def queried(self, agent: str) -> bool:
        """Whether the agent's model was ever asked."""
        return self.first_request(agent) is not None

    def children(self) -> list[str]:
        """Every agent but a main one: those of the scenario, and threads that a parent started."""
        found = [agent.name for agent in self.agents]
        found += [request.agent for request in self._requests if request.parent and request.agent]
        return [name for name in dict.fromkeys(found) if name != MAIN and self.queried(name)]

    def received(self, agent: str) -> list[Received]:
        """Every text that was told to an agent's model, its own words and its inheritance aside."""
        return [
            Received(request, text)
            for request in self._requests
            if request.agent == agent
            for text in request.texts
            if text.role != "assistant" and not text.inherited
        ]

    def landed(self, agent: str, lines: list[str]) -> list[Received]:
        """The texts told to an agent that carry all of these lines."""
        return [each for each in self.received(agent) if all(line in each.text for line in lines)]

    def leaked(self, agent: str, lines: list[str]) -> list[Received]:
        """The texts told to an agent that carry any of these lines."""
        return [each for each in self.received(agent) if any(line in each.text for line in lines)]

    def threads(self, agent: str) -> list[str]:
        """The ids of the agent's threads: main has another one after a clear.

        Raises NoEvidenceError where nothing tells to which thread one of its requests belongs.
        """
        found: dict[str, None] = {}
        for request in self._requests:
            if request.agent == agent and request.thread is None:
                raise NoEvidenceError(
                    f"nothing tells to which thread {agent}'s model request {request.n} belongs", request
                )
            if request.agent == agent:
                found[str(request.thread)] = None
        return list(found)

    def thread(self, agent: str) -> str | None:
        """The id of the agent's first thread; None when its model was never asked. Raises NoEvidenceError."""
        return next(iter(self.threads(agent)), None)

    def requests(self, agent: str) -> list[ModelRequest]:
        """What the agent's model was asked."""
        return [request for request in self._requests if request.agent == agent]

    @property
    def excluded(self) -> HostThread | HookStarted | ModelRequest | None:
        """The record of the first session that was summed up, or begun with the history of another.

        A client of Codex tells of it; of Claude Code its start hooks do, and its model is asked for the summary.
        """
        for record in self.run.records:
            if isinstance(record, ModelRequest) and record.compacts:
                return record
            if isinstance(record, HostThread) and record.how in _GOES_ON:
                return record
            if isinstance(record, HookStarted) and record.event in STARTS and record.payload.get("source") in _GOES_ON:
                return record
        return None

    def agent_of(self, run: HookRun) -> str | None:
        """The agent for whose thread a hook ran; None for one whose model was never asked."""
        return next((request.agent for request in self._requests if request.thread == run.thread), None)

    def starts(self, agent: str) -> list[HookRun]:
        """The runs of start hooks for an agent's threads, in their order. Raises NoEvidenceError."""
        threads = self.threads(agent)
        return [run for run in self.run.hooks if run.event in STARTS and run.thread in threads]

    def starts_for_nobody(self) -> list[HookRun]:
        """The runs of start hooks for a thread of which no request to a model is known, in their order."""
        return [run for run in self.run.hooks if run.event in STARTS and self.agent_of(run) is None]

    @property
    def recorded(self) -> AgentRecords | None:
        """What the plugin had recorded when all was over."""
        return next(reversed(self.run.of(AgentRecords)), None)

    def records_of(self, agent: str, parent: str | None = None) -> list[str]:
        """The files in which the plugin has recorded the agent (under its parent's id, where one is named).

        Raises NoEvidenceError where nothing tells by which id.
        """
        child, above = self.thread(agent), self.thread(parent) if parent else None
        if child is None or self.recorded is None:
            return []
        found = []
        for file in self.recorded.files:
            spots = list(_spots(file.text, child))
            if spots and (parent is None or any(above in spot or above in file.path for spot in spots if above)):
                found.append(str(file.path))
        return found


def emitted(run: HookRun) -> str:
    """The context that a hook run's output asks for; '' for none."""
    value = document(run)
    specific = value.get("hookSpecificOutput") if isinstance(value, dict) else None
    context = specific.get("additionalContext") if isinstance(specific, dict) else None
    return context if isinstance(context, str) else ""


def document(run: HookRun) -> Any:
    """The one JSON document of a hook's output; None for an empty output, and for one that is something else."""
    text = str(run.ended.stdout).strip() if run.ended is not None else ""
    try:
        return files.parse_json(text) if text else None
    except ValueError:
        return None


def speaks(run: HookRun) -> bool:
    """Whether a hook run wrote anything to its output."""
    return run.ended is not None and bool(str(run.ended.stdout).strip())


def _spots(text: str, wanted: str) -> Iterator[frozenset[str]]:
    """For every place in a file's JSON that names `wanted`: the names and values beside it and above it."""
    for value in _documents(text):
        yield from _walk(value, wanted, frozenset())


def _documents(text: str) -> Iterator[Any]:
    for part in (text, *text.splitlines()):
        try:
            yield files.parse_json(part)
        except ValueError:
            continue
        if part is text:
            return


def _walk(value: Any, wanted: str, above: frozenset[str]) -> Iterator[frozenset[str]]:
    if isinstance(value, dict):
        here = above | {str(key) for key in value} | {each for each in value.values() if isinstance(each, str)}
        if wanted in value or wanted in value.values():
            yield here
        for key, each in value.items():
            yield from _walk(each, wanted, above | {str(key)})
    elif isinstance(value, list):
        if wanted in value:
            yield above
        for each in value:
            yield from _walk(each, wanted, above)
