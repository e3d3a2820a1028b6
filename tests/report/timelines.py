"""Literal journals for the tests of the picture and of the HTML report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hookproof.journal import Record

ROOT, SUB, AGENT = "root-session", "sub-session", "a1"
HOST, SHELL, WORKER, SERVER, CODEX, HOOK = 100, 200, 300, 301, 302, 400
HOSTILE = "</pre></script><script>alert('1')</script><img src=\"x\" onerror=alert(2)> & \u2028 ]]>"


def journal(*records: Record, host: str = "claude", **case: Any) -> list[Record]:
    """A numbered journal with its header, ten milliseconds a record."""
    header: Record = {
        "kind": "case",
        "title": "A story",
        "scenario": "jobs/pattern-c",
        "plugin": "codex-plugin-cc 1.0.4",
        "lifecycle": "claude-2.1.91",
        "host": {"name": host, "version": "fake"},
        "jobs": {"review": {"answer": "Codex has finished job=review."}},
        "words": {"active": ["running"], "succeeded": ["completed"], "ended": ["failed"]},
        "fields": {"id": "id", "status": "status", "pid": "pid", "session": "sessionId", "reason": "errorMessage"},
    }
    first: Record = {"kind": "host.started", "session": "main", "session_id": ROOT, "pid": HOST, "argv": []}
    return [
        {"seq": number, "at": number * 10.0, **record}
        for number, record in enumerate([header | case, first, *records], start=1)
    ]


def hook(event: str, run: str, *inside: Record, session: str = ROOT, stdout: str = "", **more: Any) -> list[Record]:
    """A hook run, with what happens meanwhile."""
    common: Record = {"run": run, "event": event, "session_id": session, "agent_id": None, **more}
    payload = {"session_id": session, "hook_event_name": event}
    ended = {"exit": 0, "signal": None, "stdout": stdout, "stderr": "", "ended_by": "itself"}
    return [
        {"kind": "hook.started", **common, "pid": HOOK, "command": "hook.py", "payload": payload, "env": {"A": "1"}},
        *inside,
        {"kind": "hook.ended", **common, **ended},
    ]


def request(n: int, agent: str = "main", *texts: str, **more: Any) -> Record:
    """An agent asks its model."""
    told = [{"role": "user", "text": text, "place": place} for place, text in enumerate(texts)]
    return {"kind": "model.request", "n": n, "agent": agent, "aside": False, "texts": told, "results": [], **more}


def answer(n: int, agent: str = "main", text: str | None = "Done.", **more: Any) -> Record:
    """The model answers."""
    nothing = {"tool_use_id": None, "call": None, "input": None, "job": None}
    return {"kind": "model.answer", "n": n, "agent": agent, "text": text, **nothing, **more}


def died(pid: int, signal: int | None = None, code: int | None = None) -> Record:
    """A process is dead."""
    return {"kind": "process.died", "pid": pid, "start": 1, "code": code, "signal": signal, "observed": True}


def subagent(*inside: Record) -> list[Record]:
    """A subagent with a session of its own."""
    about: Record = {"agent_id": AGENT, "agent_type": "codex:codex-rescue", "session_id": SUB, "by": HOST}
    return [
        {"kind": "subagent.started", **about, "root_session_id": ROOT, "tool_use_id": "t1", "background": False},
        {"kind": "session.started", "session_id": SUB, "agent_id": AGENT, "by": HOST},
        *inside,
        {"kind": "subagent.ended", **about, "how": "completed"},
    ]


def shell(*inside: Record, ended_by: str = "itself", signal: int | None = None) -> list[Record]:
    """A shell of the subagent."""
    started: Record = {"kind": "shell.started", "run": "s1", "session_id": SUB, "agent_id": AGENT, "by": HOST}
    over: Record = {"kind": "shell.ended", "run": "s1", "exit": None if signal else 0, "signal": signal}
    more = {"pid": SHELL, "background": True, "command": "companion task", "tool_use_id": "t2"}
    return [started | more, *inside, over | {"ended_by": ended_by, "by": HOST}]


JOB: list[Record] = [
    {
        "kind": "codex.started",
        "by": CODEX,
        "pid": CODEX,
        "ppid": SERVER,
        "pgid": SERVER,
        "argv": ["codex", "app-server"],
    },
    {"kind": "codex.turn", "by": CODEX, "thread_id": "t", "turn_id": "u", "state": "started"},
    {"kind": "gate.reached", "n": 2, "job": "review", "thread": "t", "texts": []},
    {
        "kind": "job.started",
        "job": "review",
        "row": {"id": "task-1", "status": "running", "sessionId": SUB, "pid": WORKER},
        "worker": WORKER,
        "processes": [{"pid": pid, "argv": ["x"]} for pid in (HOST, WORKER, SERVER, CODEX)],
    },
]
LOST: list[Record] = [{"kind": "gate.abandoned", "n": 2, "job": "review"}]
NOTHING: Record = {
    "exit": 0,
    "signal": None,
    "text": "{}",
    "answer": {"running": [], "latestFinished": None, "recent": []},
}
LOOK: Record = {
    "kind": "look",
    "n": 1,
    "step": 1,
    "places": {"main": NOTHING, "bare": NOTHING},
    "state": [{"root": "s", "rows": [], "job_files": [], "server": None}],
    "processes": [],
}
CENSUS: Record = {"kind": "census", "processes": [], "state": []}
OVER: list[Record] = [
    {"kind": "host.exited", "session": "main", "asked": True, "pid": HOST, "code": 0, "signal": None},
    CENSUS,
    {"kind": "sweep.began"},
    {"kind": "end", "world_removed": True},
]
PATTERN_C = journal(
    {"kind": "user", "session": "main", "text": "Review it."},
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
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)
