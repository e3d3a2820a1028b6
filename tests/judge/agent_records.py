"""Literal journals of agents for the tests of the judge: requests, hook runs and records, in the shapes of a run.

Every function returns records without `seq` and `at`; `journal` numbers them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hookproof.records import FORMAT, Record
from hookproof.records.hosts import HostThread
from hookproof.records.jobs import AgentRecords
from hookproof.records.model import ModelRequest
from hookproof.records.parts import CaseAgent, File, Program, Text
from hookproof.records.run import Case, End
from hookproof.records.sent import HookEnded, HookEndedBy, HookStarted

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


def journal(*parts: Record | list[Record], requires: str, whole: bool = True, **agents: Any) -> list[Record]:
    """A numbered journal with its header and, if it is `whole`, its end.

    `agents` are name -> role, or name -> all facts.
    """
    plain = {"parent": MAIN, "forked": False}
    case = Case(
        format=FORMAT,
        scenario="context/story",
        title="A story",
        plugin="a plugin",
        policy=None,
        lifecycle="a lifecycle",
        host=Program(name="codex", version="fake"),
        worker=Program(name="codex", version="fake"),
        repeat=1,
        requires=[requires],
        says=SAYS,
        agents={
            name: CaseAgent(**{**plain, **(facts if isinstance(facts, dict) else {"role": facts})})
            for name, facts in agents.items()
        },
    )
    flat: list[Record] = [case]
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    flat += [End(world_removed=True)] if whole else []
    return [replace(record, seq=number, at=number * 10.0) for number, record in enumerate(flat, start=1)]


def thread(agent: str) -> str:
    return f"thread-of-{agent}"


def asks(agent: str, *texts: str, parent: str | None = None, inherited: tuple[str, ...] = ()) -> ModelRequest:
    """A model request: what is new to the agent, and what it has inherited."""
    told = [(text, False) for text in texts] + [(text, True) for text in inherited]
    return ModelRequest(
        n=1,
        agent=agent,
        aside=False,
        thread=thread(agent),
        parent=thread(parent) if parent else None,
        texts=[
            Text(role="developer", text=text, inherited=kept, place=place) for place, (text, kept) in enumerate(told)
        ],
        results=[],
    )


def cleared(request: ModelRequest) -> Record:
    """The request of an agent's next thread, after a clear."""
    return replace(request, thread=f"{request.thread}-anew")


def goes_on(how: str) -> Record:
    """A client of Codex has cleared, summed up or forked the session."""
    return HostThread(session=MAIN, thread=thread(MAIN), how=how)


def resumed(request: ModelRequest, forgotten: list[str]) -> ModelRequest:
    """The first request after a resume, whose host has not kept these texts of those that had been told."""
    return replace(request, forgotten=forgotten)


def nameless(record: Record) -> Record:
    """The same, of a host whose requests do not say of which thread they are."""
    return replace(record, thread=None, parent=None) if isinstance(record, ModelRequest) else record


def start(
    agent: str,
    said: str = "",
    *,
    event: str = "SessionStart",
    host: str = "codex",
    exit_: int = 0,
    by: HookEndedBy = "itself",
) -> list[Record]:
    """A run of a start hook for an agent's thread; `said` is its whole output."""
    run = f"{event}-of-{agent}-{host}-{len(said)}"
    payload = {"session_id": thread(agent), "hook_event_name": event}
    return [
        HookStarted(
            source=host,
            run=run,
            event=event,
            session_id=thread(agent),
            agent_id=None,
            agent_type=None,
            plugin=None,
            command="hook.py",
            pid=1,
            pgid=None,
            cwd="/run/project",
            payload=payload,
            env={},
            thread_id=thread(agent),
        ),
        HookEnded(
            run=run,
            event=event,
            session_id=thread(agent),
            agent_id=None,
            exit=exit_,
            signal=None,
            stdout=said,
            stderr="",
            ended_by=by,
        ),
    ]


def on_claude(*records: Record) -> list[Record]:
    """The same as of Claude Code: hooks run in the session of the root, and name an agent by its own id."""

    def moved(record: Record) -> Record:
        if not isinstance(record, HookStarted | HookEnded) or record.session_id == thread(MAIN):
            return replace(record, thread_id=None) if isinstance(record, HookStarted) else record
        agent, session = record.session_id, thread(MAIN)
        if isinstance(record, HookEnded):
            return replace(record, session_id=session, agent_id=agent)
        payload = {**record.payload, "session_id": session, "agent_id": agent}
        return replace(record, session_id=session, agent_id=agent, payload=payload, thread_id=None, source="claude")

    return [moved(record) for record in records]


def emits(context: str, event: str = "SessionStart") -> str:
    """Hook output that asks for additional context."""
    return json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": context}})


def recorded(*entries: Any) -> Record:
    """The plugin's records as they were at the end: one file, of one document each."""
    files = [File(path=f"records/{number}.json", text=json.dumps(entry)) for number, entry in enumerate(entries)]
    return AgentRecords(files=files)


def identity(agent: str, parent: str = MAIN) -> dict[str, Any]:
    """How a plugin may record an agent."""
    return {"agent_id": thread(agent), "parent_thread_id": thread(parent)}
