"""Literal journals of agents for the tests of the judge: requests, hook runs and records, in the shapes of a run.

Every function returns records without `seq` and `at`; `journal` numbers them.
"""

from __future__ import annotations

import json
from typing import Any

from hookproof.journal import Record

SAYS = {
    "policy": ["POLICY one", "POLICY two"],
    "known": ["PLANNER one", "PLANNER two"],
    "other": ["BUILDER one"],
    "launcher": ["<launcher>"],
    "resolver": ["<resolver>"],
    "runbook": "<runbook>",
    "per_host": ["run it with"],
}
POLICY = "POLICY one\nPOLICY two"
PLANNER = "<launcher>\nrun it with codex\n<resolver>\n<runbook>\nPLANNER one\nPLANNER two"
BUILDER = PLANNER.replace("PLANNER one\nPLANNER two", "BUILDER one")
MAIN, CHILD = "main", "child"


def journal(*parts: Record | list[Record], requires: str, **agents: Any) -> list[Record]:
    """A numbered journal with its header. `agents` are name -> role, or name -> all facts."""
    plain = {"parent": MAIN, "forked": False}
    case: Record = {
        "kind": "case",
        "requires": [requires],
        "says": SAYS,
        "agents": {
            name: {**plain, **(facts if isinstance(facts, dict) else {"role": facts})} for name, facts in agents.items()
        },
    }
    flat: list[Record] = [case]
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    return [{"seq": number, "at": number * 10.0, **record} for number, record in enumerate(flat, start=1)]


def thread(agent: str) -> str:
    return f"thread-of-{agent}"


def asks(agent: str, *texts: str, parent: str | None = None, inherited: tuple[str, ...] = ()) -> Record:
    """A model request: what is new to the agent, and what it has inherited."""
    told: list[dict[str, Any]] = [{"role": "developer", "text": text} for text in texts]
    told += [{"role": "developer", "text": text, "inherited": True} for text in inherited]
    return {
        "kind": "model.request",
        "n": 1,
        "agent": agent,
        "aside": False,
        "thread": thread(agent),
        "parent": thread(parent) if parent else None,
        "texts": [{**text, "place": place} for place, text in enumerate(told)],
        "results": [],
    }


def cleared(request: Record) -> Record:
    """The request of an agent's next thread, after a clear."""
    return {**request, "thread": f"{request['thread']}-anew"}


def start(
    agent: str,
    said: str = "",
    *,
    event: str = "SessionStart",
    host: str = "codex",
    exit_: int = 0,
    by: str = "itself",
) -> list[Record]:
    """A run of a start hook for an agent's thread; `said` is its whole output."""
    common = {"run": f"{event}-of-{agent}-{host}-{len(said)}", "event": event, "session_id": thread(agent)}
    payload = {"session_id": thread(agent), "hook_event_name": event}
    return [
        {"kind": "hook.started", **common, "source": host, "thread_id": thread(agent), "payload": payload, "pid": 1},
        {"kind": "hook.ended", **common, "exit": exit_, "signal": None, "stdout": said, "stderr": "", "ended_by": by},
    ]


def emits(context: str, event: str = "SessionStart") -> str:
    """Hook output that asks for additional context."""
    return json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": context}})


def recorded(*entries: Any) -> Record:
    """The plugin's records as they were at the end: one file, of one document each."""
    files = [{"path": f"records/{number}.json", "text": json.dumps(entry)} for number, entry in enumerate(entries)]
    return {"kind": "agent.records", "files": files}


def identity(agent: str, parent: str = MAIN) -> dict[str, Any]:
    """How a plugin may record an agent."""
    return {"agent_id": thread(agent), "parent_thread_id": thread(parent)}
