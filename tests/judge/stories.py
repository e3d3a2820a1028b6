"""Literal journals for the tests of the judge: a small language that writes the records of a run.

Every function returns records without `seq` and `at`; `journal` numbers them, ten milliseconds apart.
"""

from __future__ import annotations

from typing import Any

from hookproof.journal import Record

ROOT, SUB, OTHER = "root-session", "subagent-session", "other-session"
WORKER, SERVER, HOOK = 4000, 4001, 5000
CODEX: Record = {"pid": 4002, "start": 1, "ppid": SERVER, "pgid": SERVER, "argv": ["codex", "app-server"]}
ANSWER = "Codex has finished job=review."
TASK = "task-1"


def journal(
    *parts: Record | list[Record], requires: list[str] | None = None, jobs: tuple[str, ...] = ("review",)
) -> list[Record]:
    """A numbered journal with its header."""
    case: Record = {
        "kind": "case",
        "scenario": "tests/story",
        "title": "A story",
        "plugin": "a plugin",
        "policy": None,
        "lifecycle": "a lifecycle",
        "host": {"name": "claude", "version": "fake"},
        "worker": {"name": "codex", "version": "fake"},
        "repeat": 1,
        "requires": requires or [],
        "jobs": {name: {"answer": ANSWER.replace("review", name)} for name in jobs},
        "words": {"active": ["queued", "running"], "succeeded": ["completed"], "ended": ["failed", "cancelled"]},
        "fields": {"id": "id", "status": "status", "pid": "pid", "session": "sessionId", "reason": "errorMessage"},
    }
    flat: list[Record] = [case, {"kind": "host.started", "session": "main", "session_id": ROOT, "pid": 3000}]
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    return [{"seq": number, "at": number * 10.0, **record} for number, record in enumerate(flat, start=1)]


def launch(agent: str = "main", command: str = "companion task --background 'job=review x'") -> Record:
    return {
        "kind": "model.answer",
        "n": 1,
        "agent": agent,
        "text": None,
        "tool_use_id": "toolu_1",
        "call": "Bash",
        "input": {"command": command},
        "job": "review",
    }


def refused(text: str = "unsafe inside a subagent. Use --wait instead.") -> Record:
    return {"kind": "job.refused", "job": "review", "agent": "main", "text": text}


def row(status: str = "running", session: str | None = ROOT, **more: Any) -> Record:
    return {"id": TASK, "status": status, "sessionId": session, "pid": WORKER, **more}


def started(session: str | None = ROOT) -> list[Record]:
    return [
        {"kind": "gate.reached", "job": "review", "n": 2, "thread": "t"},
        {"kind": "job.launched", "job": "review", "agent": "main", "id": TASK},
        {"kind": "job.started", "job": "review", "row": row(session=session), "worker": WORKER, "processes": [CODEX]},
    ]


def said(agent: str, text: str = "Done.") -> Record:
    answer = {"n": 3, "tool_use_id": None, "call": None, "input": None, "job": None}
    return {"kind": "model.answer", "agent": agent, "text": text, **answer}


def finished() -> list[Record]:
    return [
        {"kind": "gate.released", "job": "review"},
        {"kind": "gate.answered", "job": "review", "n": 2},
        died(WORKER, code=0),
        {"kind": "job.ended", "job": "review", "how": "answered", "worker": WORKER},
    ]


def killed(signal: int | None = 15, code: int | None = None) -> list[Record]:
    return [
        {"kind": "gate.abandoned", "job": "review", "n": 2},
        died(WORKER, code=code, signal=signal),
        {"kind": "job.ended", "job": "review", "how": "abandoned", "worker": WORKER},
    ]


def fault(what: str, **more: Any) -> Record:
    """What the harness did on the scenario's word."""
    return {"kind": "fault", "what": what, **more}


def planted(pid: int, *, where: str = "job") -> Record:
    """A process that is no job's, its pid written where the plugin keeps one of its own."""
    return fault("foreign pid planted", where=where, job="review", pid=pid, start=1, planted=True)


def cancel(
    *, exit_code: int = 0, left: list[int] | None = None, asleep: bool = False, pids: tuple[int, ...] = (WORKER,)
) -> list[Record]:
    """A cancellation of a job whose processes are `pids`, which leaves `left` alive."""
    job = "review"
    tree = [{"pid": pid, "start": 1, "ppid": 1, "pgid": pid, "argv": ["worker"]} for pid in pids]
    began = {"kind": "cancel.began", "job": job, "id": TASK, "tree": tree}
    over = {
        "exit": exit_code,
        "text": "no such job" if exit_code else "cancelled",
        "left": left or [],
        "asleep": asleep,
    }
    return [began, {**began, "kind": "cancel", **over}]


def died(pid: int, code: int | None = None, signal: int | None = None, observed: bool = True) -> Record:
    return {"kind": "process.died", "pid": pid, "start": 1, "code": code, "signal": signal, "observed": observed}


def session_end(
    session: str, *inside: Record | list[Record], ended_by: str = "itself", exit_code: int = 0
) -> list[Record]:
    flat: list[Record] = []
    for part in inside:
        flat += part if isinstance(part, list) else [part]
    common = {"run": f"end-{session}", "event": "SessionEnd", "session_id": session, "agent_id": None}
    return [
        {"kind": "hook.started", **common, "pid": HOOK},
        *flat,
        {"kind": "hook.ended", **common, "exit": exit_code, "signal": None, "ended_by": ended_by},
    ]


def listing(*rows: Record) -> Record:
    """What `status --all --json` answers."""
    active = [each for each in rows if each["status"] in {"queued", "running"}]
    over = [each for each in rows if each not in active]
    return {"running": active, "latestFinished": over[0] if over else None, "recent": over[1:], "needsReview": False}


def look(
    *stored: Record,
    main: list[Record] | None = None,
    bare: list[Record] | None = None,
    files: bool = True,
    server: bool = False,
    worker: bool = False,
) -> Record:
    """A look: `stored` rows in the state file, and what main and a bare shell are told (default: the stored rows)."""
    told = {"main": stored if main is None else main, "bare": stored if bare is None else bare}
    places = {place: {"exit": 0, "answer": listing(*rows), "text": "{}"} for place, rows in told.items()}
    state = {
        "root": "state",
        "rows": list(stored),
        "job_files": [f"{TASK}.json"] if files else [],
        "server": {"pid": SERVER} if server else None,
        "error": None,
    }
    alive = [
        {"pid": pid, "start": 1, "ppid": 1, "pgid": pid, "argv": [name]}
        for pid, name, there in ((SERVER, "server", server), (WORKER, "worker", worker))
        if there
    ]
    return {"kind": "look", "n": 1, "step": 1, "places": places, "state": [state], "processes": alive}


def census(
    *pids: int, rows: list[Record] | None = None, server: int | None = None, below: dict[int, int] | None = None
) -> Record:
    """What is alive at the end: `pids`, and the keys of `below`, each a child of its value; and one state root."""
    parents = dict.fromkeys(pids, 1) | (below or {})
    alive = [
        {"pid": pid, "start": 1, "ppid": ppid, "pgid": pid, "argv": ["left", "over"]} for pid, ppid in parents.items()
    ]
    told = {"pid": server} if server else None
    state = {"root": "state", "rows": rows or [], "job_files": [], "server": told, "error": None}
    return {"kind": "census", "processes": alive, "state": [state]}


def without_token(record: Record, by: str) -> Record:
    """A census whose processes carry no token, and were recognised by something else."""
    return {**record, "processes": [{**process, "by": by} for process in record["processes"]]}


def strays(*pids: int, of: str = "undecided") -> Record:
    """What ran without the run's token."""
    alive = [{"pid": pid, "start": 1, "ppid": 1, "pgid": pid, "argv": ["stray", str(pid)], "by": of} for pid in pids]
    return {"kind": "strays", "of": of, "processes": alive}


def told(text: str, conversation: str = "main", role: str = "user") -> Record:
    texts = [{"role": role, "text": text}]
    return {"kind": "model.request", "n": 9, "agent": conversation, "aside": False, "texts": texts, "results": []}


def error(what: str = "a script ran out") -> Record:
    return {"kind": "error", "where": "model server", "what": what}
