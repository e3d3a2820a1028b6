"""Literal journals for the tests of the judge: a small language that writes the records of a run.

Every function returns records without `seq` and `at`; `journal` numbers them, ten milliseconds apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hookproof.records import FORMAT, Record
from hookproof.records.base import Json
from hookproof.records.faults import PidPlanted
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import Cancel, CancelBegan, JobEnded, JobLaunched, JobRefused, JobStarted, SnapshotTaken
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, GateReleased, ModelAnswer, ModelRequest
from hookproof.records.parts import Answer, JobAnswer, Process, Program, StateRoot, Text, Words
from hookproof.records.run import Case, Census, End, Error, MainLaunch, ProcessDied, Strays
from hookproof.records.sent import HookEnded, HookEndedBy, HookStarted

ROOT, SUB, OTHER = "root-session", "subagent-session", "other-session"
WORKER, SERVER, HOOK = 4000, 4001, 5000
CODEX = Process(pid=4002, start=1, ppid=SERVER, pgid=SERVER, argv=["codex", "app-server"])
ANSWER = "Codex has finished job=review."
TASK = "task-1"


def journal(
    *parts: Record | list[Record],
    requires: list[str] | None = None,
    jobs: tuple[str, ...] = ("review",),
    whole: bool = True,
    main_launch: MainLaunch | None = "started",
) -> list[Record]:
    """A numbered journal with its header and, if it is `whole`, its end."""
    case = Case(
        format=FORMAT,
        scenario="tests/story",
        title="A story",
        plugin="a plugin",
        policy=None,
        lifecycle="a lifecycle",
        host=Program(name="claude", version="fake"),
        worker=Program(name="codex", version="fake"),
        repeat=1,
        requires=requires or [],
        main_launch=main_launch,
        jobs={name: JobAnswer(answer=ANSWER.replace("review", name)) for name in jobs},
        words=Words(active=["queued", "running"], succeeded=["completed"], ended=["failed", "cancelled"]),
        fields={"id": "id", "status": "status", "pid": "pid", "session": "sessionId", "reason": "errorMessage"},
    )
    flat: list[Record] = [case, HostStarted(session="main", session_id=ROOT, pid=3000, argv=[])]
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    flat += [End(world_removed=True)] if whole else []
    return [replace(record, seq=number, at=number * 10.0) for number, record in enumerate(flat, start=1)]


def launch(agent: str = "main", command: str = "companion task --background 'job=review x'") -> Record:
    return ModelAnswer(
        n=1, agent=agent, text=None, tool_use_id="toolu_1", call="Bash", input={"command": command}, job="review"
    )


def refused(text: str = "unsafe inside a subagent. Use --wait instead.") -> Record:
    return JobRefused(job="review", agent="main", text=text)


def row(status: str = "running", session: str | None = ROOT, **more: Any) -> Json:
    return {"id": TASK, "status": status, "sessionId": session, "pid": WORKER, **more}


def started(session: str | None = ROOT) -> list[Record]:
    return [
        GateReached(job="review", n=2, thread="t"),
        JobLaunched(job="review", agent="main", id=TASK),
        JobStarted(job="review", row=row(session=session), worker=WORKER, processes=[CODEX]),
    ]


def said(agent: str, text: str = "Done.") -> Record:
    return ModelAnswer(n=3, agent=agent, text=text, tool_use_id=None, call=None, input=None, job=None)


def finished() -> list[Record]:
    return [
        GateReleased(job="review"),
        GateAnswered(job="review", n=2),
        died(WORKER, code=0),
        JobEnded(job="review", how="answered", worker=WORKER),
    ]


def killed(signal: int | None = 15, code: int | None = None) -> list[Record]:
    return [
        GateAbandoned(job="review", n=2),
        died(WORKER, code=code, signal=signal),
        JobEnded(job="review", how="abandoned", worker=WORKER),
    ]


def planted(pid: int, *, where: str = "job", planted: bool = True) -> Record:
    """A process that is no job's, its pid written where the plugin keeps one of its own."""
    return PidPlanted(where=where, job="review", pid=pid, start=1, planted=planted)


def cancel(
    *, exit_code: int = 0, left: list[int] | None = None, asleep: bool = False, pids: tuple[int, ...] = (WORKER,)
) -> list[Record]:
    """A cancellation of a job whose processes are `pids`, which leaves `left` alive."""
    job = "review"
    tree = [process(pid, "worker") for pid in pids]
    said = "no such job" if exit_code else "cancelled"
    return [
        CancelBegan(job=job, id=TASK, tree=tree),
        Cancel(job=job, id=TASK, tree=tree, exit=exit_code, text=said, left=left or [], asleep=asleep),
    ]


def process(pid: int, *argv: str, ppid: int = 1, by: str = "token") -> Process:
    return Process(pid=pid, start=1, ppid=ppid, pgid=pid, argv=list(argv), by=by)


def hook_started(run: str, session: str, **more: Any) -> HookStarted:
    """A SessionEnd hook of a session."""
    nothing = {"agent_id": None, "agent_type": None, "plugin": None, "command": "hook.py", "pgid": None}
    about: dict[str, Any] = {"cwd": "/run/project", "payload": {}, "env": {}, "pid": HOOK, **nothing, **more}
    return HookStarted(run=run, event="SessionEnd", session_id=session, **about)


def died(pid: int, code: int | None = None, signal: int | None = None, observed: bool = True) -> Record:
    return ProcessDied(pid=pid, start=1, code=code, signal=signal, observed=observed)


def session_end(
    session: str, *inside: Record | list[Record], ended_by: HookEndedBy = "itself", exit_code: int = 0
) -> list[Record]:
    flat: list[Record] = []
    for part in inside:
        flat += part if isinstance(part, list) else [part]
    run = f"end-{session}"
    over = HookEnded(
        run=run,
        event="SessionEnd",
        session_id=session,
        agent_id=None,
        exit=exit_code,
        signal=None,
        stdout="",
        stderr="",
        ended_by=ended_by,
    )
    return [hook_started(run, session), *flat, over]


def listing(*rows: Json) -> Json:
    """What `status --all --json` answers."""
    active = [each for each in rows if each["status"] in {"queued", "running"}]
    over = [each for each in rows if each not in active]
    return {"running": active, "latestFinished": over[0] if over else None, "recent": over[1:], "needsReview": False}


def look(
    *stored: Json,
    main: list[Json] | None = None,
    bare: list[Json] | None = None,
    files: bool = True,
    server: bool = False,
    worker: bool = False,
) -> SnapshotTaken:
    """A look: `stored` rows in the state file, and what main and a bare shell are told (default: the stored rows)."""
    told = {"main": stored if main is None else main, "bare": stored if bare is None else bare}
    places = {place: Answer(exit=0, answer=listing(*rows), text="{}") for place, rows in told.items()}
    state = StateRoot(
        root="state",
        rows=list(stored),
        job_files=[f"{TASK}.json"] if files else [],
        server={"pid": SERVER} if server else None,
        error=None,
    )
    alive = [
        process(pid, name) for pid, name, there in ((SERVER, "server", server), (WORKER, "worker", worker)) if there
    ]
    return SnapshotTaken(n=1, step=1, places=places, state=[state], processes=alive)


def census(
    *pids: int, rows: list[Json] | None = None, server: int | None = None, below: dict[int, int] | None = None
) -> Census:
    """What is alive at the end: `pids`, and the keys of `below`, each a child of its value; and one state root."""
    parents = dict.fromkeys(pids, 1) | (below or {})
    alive = [process(pid, "left", "over", ppid=ppid) for pid, ppid in parents.items()]
    told = {"pid": server} if server else None
    state = StateRoot(root="state", rows=rows or [], job_files=[], server=told, error=None)
    return Census(processes=alive, state=[state])


def without_token(record: Census, by: str) -> Census:
    """A census whose processes carry no token, and were recognised by something else."""
    return replace(record, processes=[replace(each, by=by) for each in record.processes])


def strays(*pids: int, of: str = "undecided") -> Record:
    """What ran without the run's token."""
    return Strays(of=of, processes=[process(pid, "stray", str(pid), by=of) for pid in pids])


def told(text: str, conversation: str = "main", role: str = "user") -> Record:
    return ModelRequest(n=9, agent=conversation, aside=False, texts=[Text(role=role, text=text)], results=[])


def error(what: str = "a script ran out") -> Record:
    return Error(where="model server", what=what)
