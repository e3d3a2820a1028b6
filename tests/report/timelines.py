"""Literal journals for the tests of the picture and of the HTML report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hookproof.journal import encoded
from hookproof.records import FORMAT, Record
from hookproof.records.hosts import HostExited, HostStarted, User
from hookproof.records.jobs import JobStarted, SnapshotTaken
from hookproof.records.model import GateAbandoned, GateReached, ModelAnswer, ModelRequest
from hookproof.records.parts import Answer, JobAnswer, Process, Program, StateRoot, Text, Words
from hookproof.records.run import Case, Census, End, ProcessDied, SweepBegan
from hookproof.records.sent import (
    CodexStarted,
    CodexTurn,
    HookEnded,
    HookStarted,
    SessionStarted,
    ShellEnded,
    ShellStarted,
    SubagentEnded,
    SubagentStarted,
)

ROOT, SUB, AGENT = "root-session", "sub-session", "a1"
HOST, SHELL, WORKER, SERVER, CODEX, HOOK = 100, 200, 300, 301, 302, 400
HOSTILE = "</pre></script><script>alert('1')</script><img src=\"x\" onerror=alert(2)> & \u2028 ]]>"


def journal(*records: Record, host: str = "claude", **case: Any) -> list[Record]:
    """A numbered journal with its header, ten milliseconds a record."""
    header = Case(
        format=FORMAT,
        policy=None,
        repeat=1,
        worker=Program(name="codex", version="fake"),
        title="A story",
        scenario="jobs/pattern-c",
        plugin="codex-plugin-cc 1.0.4",
        lifecycle="claude-2.1.91",
        host=Program(name=host, version="fake"),
        jobs={"review": JobAnswer(answer="Codex has finished job=review.")},
        words=Words(active=["running"], succeeded=["completed"], ended=["failed"]),
        fields={"id": "id", "status": "status", "pid": "pid", "session": "sessionId", "reason": "errorMessage"},
    )
    first: Record = HostStarted(session="main", session_id=ROOT, pid=HOST, argv=[])
    return [
        replace(record, seq=number, at=number * 10.0)
        for number, record in enumerate([replace(header, **case), first, *records], start=1)
    ]


def hook(event: str, run: str, *inside: Record, session: str = ROOT, stdout: str = "", **more: Any) -> list[Record]:
    """A hook run, with what happens meanwhile."""
    common: dict[str, Any] = {"run": run, "event": event, "session_id": session, "agent_id": None, **more}
    payload = {"session_id": session, "hook_event_name": event}
    return [
        HookStarted(
            **common,
            agent_type=None,
            plugin=None,
            pid=HOOK,
            pgid=HOOK,
            cwd="/run/project",
            command="hook.py",
            payload=payload,
            env={"A": "1"},
        ),
        *inside,
        HookEnded(**common, exit=0, signal=None, stdout=stdout, stderr="", ended_by="itself"),
    ]


def request(n: int, agent: str = "main", *texts: str, **more: Any) -> Record:
    """An agent asks its model."""
    told = [Text(role="user", text=text, place=place) for place, text in enumerate(texts)]
    return ModelRequest(n=n, agent=agent, aside=False, texts=told, results=[], **more)


def answer(n: int, agent: str = "main", text: str | None = "Done.", **more: Any) -> Record:
    """The model answers."""
    nothing: dict[str, Any] = {"tool_use_id": None, "call": None, "input": None, "job": None}
    return ModelAnswer(n=n, agent=agent, text=text, **{**nothing, **more})


def died(pid: int, signal: int | None = None, code: int | None = None) -> Record:
    """A process is dead."""
    return ProcessDied(pid=pid, start=1, code=code, signal=signal, observed=True)


def subagent(*inside: Record) -> list[Record]:
    """A subagent with a session of its own."""
    about: dict[str, Any] = {"agent_id": AGENT, "agent_type": "codex:codex-rescue", "session_id": SUB, "by": HOST}
    return [
        SubagentStarted(**about, root_session_id=ROOT, tool_use_id="t1", background=False),
        SessionStarted(session_id=SUB, agent_id=AGENT, by=HOST, transcript_path=None),
        *inside,
        SubagentEnded(**about, how="completed"),
    ]


def shell(*inside: Record, ended_by: str = "itself", signal: int | None = None) -> list[Record]:
    """A shell of the subagent."""
    started = ShellStarted(
        run="s1",
        session_id=SUB,
        agent_id=AGENT,
        by=HOST,
        pid=SHELL,
        background=True,
        command="companion task",
        tool_use_id="t2",
    )
    over = ShellEnded(run="s1", exit=None if signal else 0, signal=signal, ended_by=ended_by, by=HOST, output_file=None)
    return [started, *inside, over]


JOB: list[Record] = [
    CodexStarted(by=CODEX, pid=CODEX, ppid=SERVER, pgid=SERVER, argv=["codex", "app-server"]),
    CodexTurn(by=CODEX, thread_id="t", turn_id="u", state="started"),
    GateReached(n=2, job="review", thread="t", texts=[]),
    JobStarted(
        job="review",
        row={"id": "task-1", "status": "running", "sessionId": SUB, "pid": WORKER},
        worker=WORKER,
        processes=[Process(pid=pid, start=1, ppid=1, pgid=pid, argv=["x"]) for pid in (HOST, WORKER, SERVER, CODEX)],
    ),
]
LOST: list[Record] = [GateAbandoned(n=2, job="review")]
NOTHING = Answer(exit=0, text="{}", answer={"running": [], "latestFinished": None, "recent": []})
LOOK: Record = SnapshotTaken(
    n=1,
    step=1,
    places={"main": NOTHING, "bare": NOTHING},
    state=[StateRoot(root="s", rows=[], job_files=[], server=None, error=None)],
    processes=[],
)
CENSUS: Record = Census(processes=[], state=[])
OVER: list[Record] = [
    HostExited(session="main", asked=True, pid=HOST, code=0, signal=None),
    CENSUS,
    SweepBegan(),
    End(world_removed=True),
]
PATTERN_C = journal(
    User(session="main", text="Review it."),
    request(1),
    answer(1, text=None, call="Agent", input={"prompt": "--background"}),
    *subagent(
        *shell(*JOB),
        *hook("SessionEnd", "h2", died(WORKER, 15), *LOST, died(SERVER, 15), session=SUB, agent_id=AGENT),
    ),
    LOOK,
    *hook("SessionEnd", "h3"),
    *OVER,
)


def written(path: Path, records: list[Record]) -> str:
    """The path of a journal file with these records."""
    path.write_text("".join(encoded(record) + "\n" for record in records), encoding="utf-8")
    return str(path)
