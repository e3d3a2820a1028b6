"""From what is new in every run to names that are the same in each: ids become roles, paths lose their directory.

Whose a hook run is, is found here too: by the agent that its payload names, else by the thread whose transcript it
names (a review's prompt hook carries another thread's session), else by its session.
"""

from __future__ import annotations

import re
from typing import Any

from hookproof.hosts import registry
from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.hosts import HostStarted, HostThread
from hookproof.records.model import ModelRequest
from hookproof.records.sent import HookStarted

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TRANSCRIPT = re.compile(rf"({_UUID})\.jsonl")
_TASK = re.compile(r"(?:with ID: |<task-id>|backgroundTaskId\W+)([a-z][a-z0-9]{8})\b")
_RULES = (
    (re.compile(r"-tmp-hp-[A-Za-z0-9-]{8}-(?:[A-Za-z0-9-]*?-)?project"), "$SLUG"),
    # the folder between has a blank and a letter outside ASCII, unless the scenario asks for a plain place
    (re.compile(r"[^\s\"'<>]*?/hp-[A-Za-z0-9_]{8}(?:/[^/\"'<>\n]+)?/home"), "$HOME"),
    (re.compile(r"[^\s\"'<>]*?/hp-[A-Za-z0-9_]{8}"), "$RUN"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(?:\.\d+)?Z?"), "<time>"),
    (re.compile(r"/\d{4}/\d\d/\d\d/"), "/<day>/"),
    (re.compile(r"\btoolu_\d+\b"), "<call>"),
    (re.compile(_UUID), "<uuid>"),
    (re.compile(r"claude-\d+/"), "claude-<uid>/"),
    (re.compile(r"<(total_tokens|subagent_tokens|tool_uses|duration_ms)>\d+<"), r"<\1><n><"),
    (re.compile(r"\b(total_tokens|subagent_tokens|tool_uses|duration_ms): \d+"), r"\1: <n>"),
    # Codex draws it at random; it may stand in JSON that is itself a text in JSON
    (re.compile(r"""(nickname\\*"\s*:\s*\\*")[^"\\]+"""), r"\1<nickname>"),
)


class Names:
    """The names of one run."""

    def __init__(self, records: list[Record]) -> None:
        self.agents: dict[str, str] = {}
        """Session, thread or agent id -> the agent's name."""
        self._ids: dict[str, str] = {}
        for record in records:
            self._learn(record)
        for known, name in self.agents.items():
            self._ids[known] = f"<{name}>"
        self._sessions_of_their_own(records)

    def _sessions_of_their_own(self, records: list[Record]) -> None:
        """A session in which only an agent's hooks run is that agent's."""
        for record in records:
            if not isinstance(record, HookStarted) or record.agent_id is None:
                continue
            session, agent = str(record.session_id), record.agent_id
            if session not in self.agents and agent in self.agents:
                self.agents[session] = self.agents[agent]
                self._ids[session] = f"<{self.agents[agent]}'s session>"

    def _learn(self, record: Record) -> None:
        if isinstance(record, HostStarted) and record.session_id:
            self.agents.setdefault(record.session_id, record.session)
        elif isinstance(record, HostThread):
            self.agents.setdefault(record.thread, record.session)
        elif isinstance(record, ModelRequest):
            if record.thread and record.agent:
                self.agents.setdefault(record.thread, record.agent)
            for text in (*(each.text for each in record.results), *(each.text for each in record.texts)):
                self._tasks(text)
        elif isinstance(record, HookStarted) and record.agent_id and _names_agents(record.source):
            self.agents.setdefault(record.agent_id, str(record.agent_type).rpartition(":")[2])

    def _tasks(self, text: str) -> None:
        for task in _TASK.findall(text):
            self._ids.setdefault(task, "<task>")

    def agent(self, name: str | None) -> str:
        """A conversation's name as it is shown: an agent of a plugin without the plugin."""
        return (name or "nobody").rpartition(":")[2]

    def of_hook(self, payload: Json) -> str:
        """Whose run of a hook it is."""
        transcript = _TRANSCRIPT.search(str(payload.get("transcript_path")))
        found = (payload.get("agent_id"), transcript and transcript.group(1), payload.get("session_id"))
        return next((self.agents[each] for each in found if each in self.agents), "nobody")

    def plain(self, text: str) -> str:
        """`text` without what differs from run to run."""
        for known, name in self._ids.items():
            text = text.replace(known, name)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"


def _names_agents(source: str | None) -> bool:
    """Whether the hooks of this host name the agent of a child."""
    host = registry.named(source or "")
    return host is not None and host.names_agents_in_hooks
