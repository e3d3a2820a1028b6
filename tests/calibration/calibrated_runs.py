"""Literal journals for the tests of calibration: one Claude session with one agent, as the tap and the model saw it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hookproof.calibration.facets import Facets, extract
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostLine, HostStarted
from hookproof.records.model import GateAnswered, ModelAnswer, ModelRequest
from hookproof.records.parts import Text, ToolResult
from hookproof.records.run import ProcessDied, SweepBegan
from hookproof.records.sent import HookStarted, ProbeSignalled, ProbeWaits

HOST, ROOT, HELPER = 3000, "11111111-1111-4111-8111-111111111111", "a0123456789abcdef"
RUN = "/tmp/hp-abcd1234"
TRANSCRIPT = f"{RUN}/home/.claude/projects/-tmp-hp-abcd1234-project/{ROOT}.jsonl"
_pids = itertools.count(5000)


def facets(*records: Record | list[Record], root: str = ROOT) -> Facets:
    """The facets of a run with these records."""
    started = HostStarted(session="main", session_id=root, pid=HOST, argv=[])
    flat: list[Record] = [started]
    for record in records:
        flat += record if isinstance(record, list) else [record]
    return extract([replace(record, seq=number, at=number * 10.0) for number, record in enumerate(flat, start=1)])


def hook(
    event: str, *, agent: str | None = None, env: tuple[str, ...] = (), own: bool = False, **more: Any
) -> HookStarted:
    """A hook run as a tap tells it."""
    pid = next(_pids)
    who = {"agent_id": agent, "agent_type": "hookproof-probe:helper"} if agent else {}
    payload = {"session_id": ROOT, "transcript_path": TRANSCRIPT, "cwd": f"{RUN}/project", **who, **more}
    return HookStarted(
        source="claude",
        by=pid,
        run=str(pid),
        event=event,
        session_id=payload["session_id"],
        agent_id=agent,
        agent_type=who.get("agent_type"),
        plugin=None,
        command="probe.py",
        cwd=f"{RUN}/project",
        pid=pid + 100000,
        pgid=pid if own else HOST,
        payload={**payload, "hook_event_name": event},
        env=dict.fromkeys(("CLAUDE_PLUGIN_ROOT", *env), "x"),
    )


def told(*texts: tuple[str, str], agent: str = "main", results: tuple[str, ...] = ()) -> Record:
    """A model request with these new (role, text) pairs."""
    return ModelRequest(
        n=1,
        agent=agent,
        aside=False,
        texts=[Text(role=role, text=text, place=place) for place, (role, text) in enumerate(texts)],
        results=[ToolResult(tool_use_id="toolu_0001", text=text, is_error=False) for text in results],
    )


def used(tool: str, agent: str = "main") -> Record:
    """The model has called a tool."""
    return ModelAnswer(n=1, agent=agent, text=None, tool_use_id="toolu_0001", call=tool, input={}, job=None)


def prompt(text: str = "Do it.", agent: str = "main") -> tuple[str, str]:
    """The prompt by which an agent is known."""
    return "user", f"{text}\n\n[hookproof:agent={agent}]"


def waits(job: str = "work", pid: int = 4000) -> Record:
    """A command of the probe has begun."""
    return ProbeWaits(job=job, pid=pid)


def signalled(name: str, sender: int = HOST, job: str = "work") -> Record:
    """It was sent a signal."""
    return ProbeSignalled(job=job, signal=name, sender=sender)


def died(pid: int = 4000) -> Record:
    """It is dead."""
    return ProcessDied(pid=pid, start=1, code=None, signal=None, observed=False)


def answered(job: str = "work") -> Record:
    """It has what it waited for."""
    return GateAnswered(n=1, job=job)


def line(kind: str, subtype: str | None = None, **more: Any) -> Record:
    """A line of the host's stream."""
    return HostLine(session="main", line_type=kind, line_subtype=subtype, **more)


def gone(code: int | None = 0, signal: int | None = None) -> Record:
    """The host has gone."""
    return HostExited(session="main", pid=HOST, asked=True, code=code, signal=signal)


SWEPT: Record = SweepBegan()
