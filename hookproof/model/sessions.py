"""Claude Code's threads: which session, and which agent in it, each request to the Messages API is of.

A thread is named by the id that the host's own hooks name: the session's for its main agent, the agent's own for every
other. Every release names the session with each request (measured on 2.1.72 to 2.1.332). An agent's id is in a header
on some of them (2.1.329). On the others (2.1.91) it follows from the call that started the agent: the marker in the
first prompt names that call, and the host or its hooks tell which id the call came to. A request that fits nowhere, or
two ids at once, has no thread: who judges by it has no evidence then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hookproof import files
from hookproof.journal import Journal
from hookproof.model.script import Script, ToolCall
from hookproof.records.hosts import HostLine
from hookproof.records.sent import SubagentEnded, SubagentStarted

_SESSION = "x-claude-code-session-id"
_AGENT, _PARENT = "x-claude-code-agent-id", "x-claude-code-parent-agent-id"
_IN_USER_ID = re.compile(r"(?:^|_)session_([0-9a-fA-F-]{36})$")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a request says of who sends it: its headers, and the metadata of its body."""

    session: str | None
    agent: str | None
    parent: str | None
    """The agent that started this one, where that is not the session's main one."""

    @classmethod
    def of(cls, headers: Mapping[str, str], body: Any) -> Origin:
        """From headers with lower-case names, and a decoded body."""
        metadata = body.get("metadata") if isinstance(body, dict) else None
        user = metadata.get("user_id") if isinstance(metadata, dict) else None
        return cls(
            session=headers.get(_SESSION) or _session_in(user),
            agent=headers.get(_AGENT) or None,
            parent=headers.get(_PARENT) or None,
        )


@dataclass(frozen=True, slots=True)
class SessionThread:
    """Whose a request is: the ids of its thread and of the one that started that, as far as anything tells."""

    id: str | None
    parent: str | None
    kind: str | None
    """The type of the agent; None for a session's main one."""


class SessionThreads:
    """The threads of one run. Asked once for each request of the Messages API, in their order."""

    def __init__(self, script: Script, journal: Journal) -> None:
        self._script = script
        self._journal = journal
        self._of_call: dict[str, str] = {}
        """The id of the agent that a call has started, by the call's own id."""

    def thread(self, origin: Origin, marked: str | None, *, begins: bool) -> SessionThread:
        """The thread of a request that is marked so. `begins`: its history has no answer of the model's yet."""
        calls = self._script.starts(marked) if marked is not None else []
        if origin.agent is None and not calls:
            # an unmarked request is nobody's, and may be an agent's whose prompt the script has not written
            return SessionThread(origin.session if marked is not None else None, None, None)
        own = origin.agent or self._told(calls, origin.session, begins=begins)
        kind = str(calls[-1].input.get("subagent_type")) if calls else None
        return SessionThread(own, origin.parent or origin.session, kind)

    def _told(self, calls: list[ToolCall], session: str | None, *, begins: bool) -> str | None:
        """The id of an agent whose requests do not name it, by the calls that started an agent of its name."""
        waiting = [call for call in calls if call.id not in self._of_call]
        if len(waiting) == 1 and (begins or len(calls) == 1):
            found = self._id_of(waiting[0], session)
            if found is not None:
                self._of_call[waiting[0].id] = found
            return found
        if waiting:
            return None  # of several that were started alike, nothing tells which one asks
        known = [self._of_call[call.id] for call in calls]
        if len(known) > 1:
            ended = {record.agent_id for record in self._journal.of(SubagentEnded)}
            known = [each for each in known if each not in ended]
        return known[0] if len(known) == 1 else None

    def _id_of(self, call: ToolCall, session: str | None) -> str | None:
        """The id of the agent that a call has started: as the host says of the call, else the only one that fits."""
        said = {*self._said_of(call.id)}
        if said:
            return said.pop() if len(said) == 1 else None
        taken = {*self._of_call.values()}
        fitting = {
            record.agent_id
            for record in self._journal.of(SubagentStarted)
            if record.agent_id
            and record.agent_id not in taken
            and record.tool_use_id is None
            and session in {record.session_id, record.root_session_id}
            and record.agent_type == call.input.get("subagent_type")
        }
        return fitting.pop() if len(fitting) == 1 else None

    def _said_of(self, call: str) -> Iterator[str]:
        for started in self._journal.of(SubagentStarted):
            if started.tool_use_id == call and started.agent_id:
                yield started.agent_id
        for line in self._journal.of(HostLine):
            if line.line_subtype == "task_started" and line.line_tool_use_id == call and line.line_task_id:
                yield str(line.line_task_id)


def _session_in(user: Any) -> str | None:
    """The session in the `user_id` of a request's metadata: a JSON object, or words joined with underscores."""
    if not isinstance(user, str):
        return None
    try:
        value = files.parse_json(user)
    except ValueError:
        found = _IN_USER_ID.search(user)
        return found.group(1) if found else None
    session = value.get("session_id") if isinstance(value, dict) else None
    return session if isinstance(session, str) and session else None
