"""Runs of jobs as literal journals: for every requirement what satisfies it, and broken runs that pin what is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from run_records import (
    ANSWER,
    CODEX,
    OTHER,
    ROOT,
    SERVER,
    SUB,
    TASK,
    WORKER,
    cancel,
    census,
    died,
    finished,
    killed,
    launch,
    look,
    planted,
    process,
    refused,
    row,
    session_end,
    started,
    strays,
    told,
    without_token,
)

from hookproof.records import Record
from hookproof.records.faults import (
    CodexKilled,
    HookKilled,
    HostKilled,
    ListFilled,
    PidReused,
    RowAged,
    ServerFrozen,
    ServerThawed,
    SessionRestarted,
    ShellKilled,
    StateTorn,
    WorkerKilled,
    WorkspaceDeleted,
)
from hookproof.records.hosts import HostExited, HostStarted
from hookproof.records.jobs import (
    Cancel,
    CancelBegan,
    JobEnded,
    JobQueued,
    JobRefused,
    JobsLaunched,
    JobStarted,
    Result,
    SnapshotTaken,
)
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, GateReleased
from hookproof.records.parts import Answer, StateRoot, TornFile
from hookproof.records.run import Census, ProcessDied, SessionsEnd, ShellLetGo, SweepBegan
from hookproof.records.sent import CodexGrandchild, ShellEnded, ShellHeld, ShellStarted, ShellTask

DONE, GHOST, FAILED = row("completed"), row("running"), row("failed", errorMessage="its session ended")
RAN = [launch(), *started(), *finished()]


def answered_and(code: int | None = None, signal: int | None = None) -> list[Record]:
    """The answer came, and the worker ended otherwise than well."""
    return [
        GateReleased(job="review"),
        GateAnswered(job="review", n=2),
        died(WORKER, code=code, signal=signal),
        JobEnded(job="review", how="answered", worker=WORKER),
    ]


LOST = [launch("agent"), *started(SUB), *session_end(SUB, killed())]
SHELL = ShellStarted(
    run="s1", session_id=ROOT, agent_id=None, tool_use_id="toolu_1", background=True, command="companion task"
)
SHELL_END = ShellEnded(
    run="s1", exit=None, signal=9, ended_by="host at subagent end", output_file="/tmp/tasks/b1.output", output_bytes=0
)
FOREGROUND = replace(SHELL, background=False)
MOVED: Record = ShellTask(run="s1", task="b1")
CUT: Record = replace(SHELL_END, ended_by="timeout")
EMPTY: Record = JobRefused(job="review", agent="main", text="Command running in background with ID: b1", error=False)
OUT_OF_TIME = [launch(), FOREGROUND, MOVED, EMPTY]
IN_TIME = [launch(), FOREGROUND, *started(), MOVED]
SHELL_DONE = replace(SHELL_END, exit=0, signal=None, ended_by="itself")
SHELL_RAN = [launch(), SHELL, *started(), *finished(), SHELL_DONE]
"""The job was done in the shell of its launch, whose end came with the job's."""


def notice(call: str = "toolu_1") -> str:
    """How Claude Code tells of the end of a shell."""
    return f"<task-notification><task-id>b1</task-id><tool-use-id>{call}</tool-use-id></task-notification>"


HELD: Record = ShellHeld(job="review")
LET_GO: Record = ShellLetGo()
CANCELLED = row("cancelled", errorMessage="cancelled by the user")
QUEUED: Record = JobQueued(job="review", id=TASK, worker=WORKER, start=1)
NEVER: Record = JobEnded(job="review", how="never started", worker=WORKER)
RESULT = Result(job="review", id=TASK, exit=0, text=ANSWER, why=None, session="second")
NEXT: list[Record] = [
    HostExited(session="main", asked=True, pid=3000, code=0, signal=None),
    HostStarted(session="second", session_id=OTHER, pid=3001, argv=[]),
]
"""Main ends, and the next session begins."""

HOST_DIES: Record = HostKilled(session="main", pids=[3000])
HOST_KILLED = [launch(), *started(), HOST_DIES, *NEXT]

BYSTANDER = 7000
BOTH_END: Record = SessionsEnd(sessions=["main", "second"])
AT_WORK_AS_BOTH_END = [launch(), *started(), BOTH_END]
HOOK_KILLED = HookKilled(run="end", moment="at its start", pids=[5000], over=False)
TORN = StateTorn(files=[TornFile(file="state.json", bytes=900, left=450)])
FILLED = ListFilled(job="review", added=55)
AGED = RowAged(job="review", without=["pidStart"])
DELETED = WorkspaceDeleted()
WORKER_KILLED = [launch(), *started(), WorkerKilled(job="review", pids=[WORKER]), *killed(9)]
SHELL_KILLED = [launch(), *started(), ShellKilled(job="review", pids=[WORKER]), *killed(9)]
REUSED: Record = PidReused(job="review", pid=WORKER, start=2, attempts=1)
REUSER_DIED = ProcessDied(pid=WORKER, start=2, code=None, signal=15, observed=True)
CODEX_KILLED = [
    *[launch(), *started(), CodexKilled(job="review", pids=[4002])],
    *[GateAbandoned(job="review", n=2), died(4002, signal=9)],
    JobEnded(job="review", how="abandoned, worker lives on", worker=WORKER),
]


def silent(text: str, *, exit_code: int | None = 1, signal: int | None = None, answer: Any = None) -> Record:
    """A look at which main's status answers with a text that is no list."""
    broken = look(row("running"))
    broken.places["main"] = Answer(exit=exit_code, signal=signal, answer=answer, text=text)
    return broken


def torn_and(*looks: Record) -> list[Record]:
    """The list was torn, and what was looked at after that."""
    return [launch(), *started(), TORN, *looks, *finished()]


def two_roots(census: Census) -> Record:
    """The same end, at which another state root, which has no jobs, tells of a server."""
    other = StateRoot(root="other", rows=[], job_files=[], server={"pid": SERVER}, error=None)
    return replace(census, state=[*census.state, other])


def torn(look: SnapshotTaken) -> SnapshotTaken:
    """A look at a list that is there and holds nothing."""
    reason = "state.json is not JSON: Expecting value"
    return replace(look, state=[replace(each, error=reason, torn=reason) for each in look.state])


def saw(pid: int, *, below: int = 1, parent: int | None = None) -> SnapshotTaken:
    """A look at which a process lives, below another, `parent` between them."""
    between = [] if parent is None else [process(parent, "sh", ppid=below)]
    own = process(pid, "left", "over", ppid=below if parent is None else parent)
    return replace(look(DONE), processes=[CODEX, *between, own])


def born_again(census: Census) -> Census:
    """Other processes, which have the same pids."""
    return replace(census, processes=[replace(each, start=2) for each in census.processes])


def of_codex(cancelled: list[Record]) -> list[Record]:
    """The same cancellation of a job whose Codex (in the tree, too) has started a tool, 11."""
    more = [replace(CODEX, ppid=WORKER), process(11, "sleep", ppid=CODEX.pid)]
    return [replace(each, tree=[*each.tree, *more]) for each in cancelled if isinstance(each, CancelBegan | Cancel)]


LISTED = ("only listed jobs", "conforms")
NAMED_ERROR = "cannot read state.json: SyntaxError: Unexpected end of JSON input; restore it or remove it"
BARE_ERROR = "TypeError: Cannot read properties of undefined (reading 'jobs')"
FRAMES = "cannot go on\n    at readState (state.mjs:12)\n    at main (cli.mjs:3)"


def started_again(
    lines: int, *, failed: int = 0, file: str | None = "sessionstart-hook-0.sh", there: bool = True
) -> Record:
    """A hundred starts of a session, the first of which left two lines."""
    return SessionRestarted(starts=100, failed=failed, file=file, there=there, first=min(lines, 2), lines=lines)


# (requirement, the run, what is seen, the verdict)
RUNS: list[tuple[str, list[Record], str, str]] = [
    ("JOB-01", RAN, "finished", "conforms"),
    ("JOB-01", LOST, "lost", "violates"),
    ("JOB-01", [launch(), refused()], "refused", "violates"),
    ("JOB-01", [launch(), *started(), *answered_and(signal=9)], "lost", "violates"),
    ("JOB-01", [launch(), *started(), *answered_and(code=1)], "lost", "violates"),
    ("JOB-01", [*RAN, look(DONE)], "finished", "conforms"),
    ("JOB-01", [*RAN, look(GHOST)], "lost", "violates"),
    ("JOB-01", [launch(), *started(), died(WORKER, code=0), *finished()], "lost", "violates"),
    ("JOB-01", [launch(), *started(), SweepBegan(), *killed(9)], "survives", "violates"),
    ("JOB-03", [launch(), *started(), SweepBegan(), *killed(9)], "survives", "conforms"),
    ("JOB-01", [launch()], "no evidence", "unknown"),
    ("JOB-01", OUT_OF_TIME, "not tested", "not tested"),
    ("JOB-02", [*RAN, told(f"<task-notification>{ANSWER}</task-notification>")], "delivered", "conforms"),
    ("JOB-02", [*RAN, told("<task-notification>nothing</task-notification>")], "finished, not delivered", "violates"),
    ("JOB-02", LOST, "lost", "violates"),
    ("JOB-03", RAN, "survives", "conforms"),
    ("JOB-03", [launch(), *started()], "survives", "conforms"),
    ("JOB-03", [launch(), refused()], "refused", "conforms"),
    ("JOB-03", [launch(), refused("no such file")], "refused without naming --wait", "violates"),
    ("JOB-03", LOST, "lost", "violates"),
    ("JOB-03", OUT_OF_TIME, "not tested", "not tested"),
    ("JOB-03", [*OUT_OF_TIME, *started(), *killed()], "not tested", "not tested"),
    ("JOB-03", [*IN_TIME, *killed()], "lost", "violates"),
    ("JOB-21", OUT_OF_TIME, "not tested", "not tested"),
    ("JOB-04", [launch(), FOREGROUND, CUT, EMPTY, look()], "not tested", "not tested"),
    ("JOB-04", [*RAN, look(DONE)], "listed truly", "conforms"),
    ("JOB-04", [*LOST, look(FAILED)], "listed truly", "conforms"),
    ("JOB-04", [launch(), refused()], "not tested", "not tested"),
    ("JOB-04", [*LOST, look()], "not listed", "violates"),
    ("JOB-04", [*LOST, look(GHOST)], "listed falsely", "violates"),
    ("JOB-04", [*RAN, look(GHOST)], "listed falsely", "violates"),
    ("JOB-04", [*LOST, look(row("completed"))], "listed falsely", "violates"),
    ("JOB-04", LOST, "no evidence", "unknown"),
    ("JOB-05", RAN, "finished", "conforms"),
    ("JOB-05", LOST, "lost", "violates"),
    ("JOB-06", [*LOST, look(FAILED)], "recorded", "conforms"),
    ("JOB-06", [*RAN, look(DONE)], "survives", "conforms"),
    ("JOB-06", [*LOST, look()], "erased", "violates"),
    ("JOB-06", [*LOST, torn(look())], "torn", "violates"),
    ("JOB-06", [*LOST, look(GHOST)], "not recorded", "violates"),
    ("JOB-06", [*LOST, look(row("failed"))], "not recorded", "violates"),
    ("JOB-07", [*RAN, census()], "nothing left", "conforms"),
    ("JOB-07", [launch(), *started(), census(WORKER, rows=[GHOST])], "only listed jobs", "conforms"),
    ("JOB-07", [*RAN, census(WORKER, rows=[DONE])], "left behind", "violates"),
    ("JOB-07", [census(WORKER, rows=[GHOST], below={11: WORKER, 12: 11})], "only listed jobs", "conforms"),
    ("JOB-07", [census(10, rows=[GHOST], below={WORKER: 10})], "only listed jobs", "conforms"),
    ("JOB-07", [census(10, rows=[GHOST], below={WORKER: 10, 11: 10})], "left behind", "violates"),
    ("JOB-07", [census(WORKER, SERVER, rows=[GHOST], server=SERVER, below={11: SERVER})], *LISTED),
    ("JOB-07", [census(WORKER, SERVER, rows=[DONE], server=SERVER)], "left behind", "violates"),
    ("JOB-07", [census(SERVER, rows=[GHOST], server=SERVER)], "left behind", "violates"),
    ("JOB-07", [census(WORKER, SERVER, rows=[GHOST])], "left behind", "violates"),
    ("JOB-07", [census(WORKER, 11, rows=[GHOST])], "left behind", "violates"),
    ("JOB-07", [two_roots(census(WORKER, SERVER, rows=[GHOST]))], "left behind", "violates"),
    ("JOB-07", RAN, "no evidence", "unknown"),
    ("JOB-07", [launch(), census()], "not tested", "not tested"),
    ("JOB-07", [launch(), refused(), census()], "not tested", "not tested"),
    ("JOB-07", [launch(), refused(), census(11)], "left behind", "violates"),
    ("JOB-07", [*RAN, replace(census(), own=[process(11, "tap.py")])], "nothing left", "conforms"),
    ("JOB-07", [*RAN, replace(census(), ended=[process(11, "late")])], "nothing left", "conforms"),
    ("JOB-07", [*RAN, CodexGrandchild(pid=11, mode="detached"), saw(11), census(11)], "nothing left", "conforms"),
    ("JOB-07", [*RAN, saw(11, below=CODEX.pid), census(11)], "nothing left", "conforms"),
    ("JOB-07", [*RAN, saw(12, below=CODEX.pid, parent=11), census(11, 12)], "nothing left", "conforms"),
    ("JOB-07", [*RAN, saw(11, below=SERVER), census(11)], "left behind", "violates"),
    ("JOB-07", [*RAN, saw(11, below=CODEX.pid), born_again(census(11))], "left behind", "violates"),
    ("JOB-07", [*RAN, saw(11, below=CODEX.pid), census(CODEX.pid, 11)], "left behind", "violates"),
    ("JOB-07", [*RAN, HOOK_KILLED, census(11)], "not tested", "not tested"),
    ("JOB-07", [*RAN, HOOK_KILLED, census()], "nothing left", "conforms"),
    ("JOB-07", [*RAN, replace(HOOK_KILLED, over=True), census(11)], "left behind", "violates"),
    ("JOB-07", [*RAN, TORN, census(11)], "not tested", "not tested"),
    ("JOB-07", [*RAN, planted(1), census(11)], "not tested", "not tested"),
    ("JOB-07", [*RAN, planted(1, planted=False), census(11)], "left behind", "violates"),
    ("JOB-07", [*RAN, ServerFrozen(pids=[SERVER]), census(SERVER)], "not tested", "not tested"),
    ("JOB-07", [*RAN, ServerFrozen(pids=[]), census(11)], "left behind", "violates"),
    (
        *("JOB-07", [*RAN, ServerFrozen(pids=[SERVER]), ServerThawed(pids=[SERVER]), census(SERVER)]),
        *("left behind", "violates"),
    ),
    ("JOB-07", [started_again(2), census(11)], "not tested", "not tested"),
    ("JOB-07", [*WORKER_KILLED, census(11)], "left behind", "violates"),
    ("JOB-07", [launch(), *started(), FILLED, census(WORKER, rows=[DONE])], "left behind", "violates"),
    ("JOB-07", [*RAN, AGED, DELETED, census(11)], "left behind", "violates"),
    ("JOB-07", [*RAN, without_token(census(11), "session")], "left behind", "violates"),
    ("JOB-07", [without_token(census(WORKER, rows=[GHOST]), "session")], "only listed jobs", "conforms"),
    ("JOB-07", [*RAN, strays(11), census()], "no evidence", "unknown"),
    ("JOB-07", [*RAN, census(), strays(11)], "no evidence", "unknown"),
    ("JOB-07", [*RAN, strays(11), census(WORKER, rows=[DONE])], "left behind", "violates"),
    ("JOB-07", [*RAN, strays(11, of="this case"), without_token(census(11), "folder")], "left behind", "violates"),
    ("JOB-08", [*RAN, *NEXT, RESULT], "readable", "conforms"),
    ("JOB-08", [*RAN, *NEXT, replace(RESULT, exit=1, text="No job found")], "gone", "violates"),
    ("JOB-08", [*RAN, *NEXT, replace(RESULT, text="something else")], "gone", "violates"),
    ("JOB-08", [*RAN, *NEXT, replace(RESULT, session=None)], "not tested", "not tested"),
    ("JOB-08", [*RAN, *NEXT, replace(RESULT, exit=1, text="", session=None)], "not tested", "not tested"),
    ("JOB-08", [*RAN, replace(RESULT, session="main")], "not tested", "not tested"),
    ("JOB-08", [*RAN, *reversed(NEXT), RESULT], "not tested", "not tested"),
    ("JOB-08", [*RAN, *NEXT], "no evidence", "unknown"),
    ("JOB-08", LOST, "no evidence", "unknown"),
    ("JOB-09", [*WORKER_KILLED, look(FAILED)], "terminal", "conforms"),
    ("JOB-09", [*WORKER_KILLED, look(GHOST), look(FAILED)], "reported as running", "violates"),
    ("JOB-09", [*WORKER_KILLED, look(GHOST, main=[])], "reported as running", "violates"),
    ("JOB-09", [*WORKER_KILLED, look()], "not listed", "violates"),
    ("JOB-09", WORKER_KILLED, "no evidence", "unknown"),
    ("JOB-09", [launch(), *started()], "no evidence", "unknown"),
    ("JOB-11", session_end(ROOT), "returns in budget", "conforms"),
    ("JOB-11", [ServerFrozen(pids=[SERVER]), *session_end(ROOT)], "returns in budget", "conforms"),
    ("JOB-11", session_end(ROOT, ended_by="budget"), "ended by the host", "violates"),
    ("JOB-11", session_end(ROOT, exit_code=1), "failed", "violates"),
    ("JOB-11", session_end(ROOT)[:-1], "never returned", "violates"),
    ("JOB-11", session_end(SUB, ended_by="budget"), "no evidence", "unknown"),
    ("JOB-12", [*RAN, HOOK_KILLED, look(DONE), census()], "converged", "conforms"),
    ("JOB-12", [*LOST, HOOK_KILLED, look(FAILED), census()], "converged", "conforms"),
    ("JOB-12", [launch(), *started(), HOOK_KILLED, look(GHOST), census(WORKER, rows=[GHOST])], "converged", "conforms"),
    ("JOB-12", [*LOST, HOOK_KILLED, look(GHOST), census()], "false row", "violates"),
    ("JOB-12", [*RAN, HOOK_KILLED, look(), census()], "lost row", "violates"),
    ("JOB-12", [*RAN, HOOK_KILLED, torn(look()), census()], "torn", "violates"),
    ("JOB-12", [*RAN, HOOK_KILLED, look(DONE), census(SERVER, rows=[DONE])], "left behind", "violates"),
    ("JOB-12", [*RAN, look(DONE), census()], "no evidence", "unknown"),
    ("JOB-12", [*RAN, HOOK_KILLED, look(DONE)], "no evidence", "unknown"),
    ("JOB-13", [launch(), *started(), *cancel(), *killed(), look(CANCELLED)], "cancelled", "conforms"),
    ("JOB-13", [launch(), refused()], "not tested", "not tested"),
    ("JOB-13", [QUEUED, *cancel(asleep=True), NEVER, look(CANCELLED)], "cancelled", "conforms"),
    ("JOB-13", [launch(), *started(), *cancel(left=[WORKER]), look(CANCELLED)], "tree lives on", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(), *killed(), look(GHOST)], "not recorded", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(), *killed(), look()], "not recorded", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(exit_code=1), look(GHOST)], "not cancelled", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(), *finished(), look(CANCELLED)], "went on", "violates"),
    ("JOB-13", [QUEUED, *cancel(asleep=True), *started(), look(CANCELLED)], "started after all", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(), *killed()], "no evidence", "unknown"),
    ("JOB-13", [launch(), *started(), *cancel(pids=()), *killed(), look(CANCELLED)], "no evidence", "unknown"),
    ("JOB-13", [launch(), *started(), *cancel(pids=()), *killed(), look(GHOST)], "not recorded", "violates"),
    ("JOB-13", [QUEUED, *cancel(asleep=True, pids=()), NEVER, look(CANCELLED)], "cancelled", "conforms"),
    (
        "JOB-13",
        [launch(), *started(), *cancel(pids=()), *cancel(left=[WORKER]), look(CANCELLED)],
        "tree lives on",
        "violates",
    ),
    ("JOB-13", [launch(), *started(), *of_codex(cancel(left=[11])), look(CANCELLED)], "cancelled", "conforms"),
    ("JOB-13", [launch(), *started(), *of_codex(cancel(left=[11]))[:-1], look(GHOST)], "no evidence", "unknown"),
    ("JOB-13", [launch(), *started(), *of_codex(cancel(left=[11])), look(GHOST)], "not recorded", "violates"),
    ("JOB-13", [launch(), *started(), *of_codex(cancel(left=[WORKER, 11])), look()], "tree lives on", "violates"),
    ("JOB-13", [launch(), *started(), *of_codex(cancel(left=[CODEX.pid])), look()], "tree lives on", "violates"),
    ("JOB-13", [launch(), *started(), *cancel(), *killed(), torn(look())], "torn", "violates"),
    ("JOB-13", RAN, "no evidence", "unknown"),
    ("JOB-14", [launch(), *started(), planted(BYSTANDER), *killed()], "bystander alive", "conforms"),
    ("JOB-14", [planted(BYSTANDER), SweepBegan(), died(BYSTANDER, signal=9)], "bystander alive", "conforms"),
    ("JOB-14", [planted(BYSTANDER), died(BYSTANDER, signal=15)], "killed", "violates"),
    ("JOB-14", [planted(1), planted(BYSTANDER, where="server"), died(BYSTANDER, signal=15)], "killed", "violates"),
    ("JOB-14", [planted(BYSTANDER, planted=False)], "no evidence", "unknown"),
    ("JOB-14", [*WORKER_KILLED, REUSED], "bystander alive", "conforms"),
    ("JOB-14", [*WORKER_KILLED, REUSED, SweepBegan(), REUSER_DIED], "bystander alive", "conforms"),
    ("JOB-14", [*WORKER_KILLED, REUSED, REUSER_DIED], "killed", "violates"),
    ("JOB-14", [*WORKER_KILLED, planted(BYSTANDER), REUSED, REUSER_DIED], "killed", "violates"),
    ("JOB-14", WORKER_KILLED, "no evidence", "unknown"),
    ("JOB-15", RAN, "survives", "conforms"),
    ("JOB-15", [launch(), *started()], "survives", "conforms"),
    ("JOB-15", [*LOST, look(FAILED)], "listed terminal", "conforms"),
    ("JOB-15", [*LOST, look()], "not listed", "violates"),
    ("JOB-15", [*LOST, look(FAILED, main=[])], "not listed", "violates"),
    ("JOB-15", [*LOST, look(GHOST)], "listed falsely", "violates"),
    ("JOB-15", [*LOST, look(DONE)], "listed falsely", "violates"),
    ("JOB-15", [launch(), refused()], "not tested", "not tested"),
    ("JOB-15", [launch(), refused("no such file")], "not tested", "not tested"),
    ("JOB-15", LOST, "no evidence", "unknown"),
    ("JOB-15", [launch()], "no evidence", "unknown"),
    ("JOB-16", [*RAN, look(DONE), census()], "one state", "conforms"),
    ("JOB-16", [launch(), refused()], "not tested", "not tested"),
    ("JOB-16", [*RAN, look(DONE, main=[]), census()], "status looks elsewhere", "violates"),
    ("JOB-16", [*RAN, look(DONE, bare=[]), census()], "status looks elsewhere", "violates"),
    ("JOB-16", [*RAN, look(DONE), census(SERVER, rows=[DONE])], "teardown looks elsewhere", "violates"),
    ("JOB-16", [*RAN, look(), census()], "no row", "violates"),
    ("JOB-16", [*RAN, look(main=[DONE], bare=[DONE]), census()], "no evidence", "unknown"),
    ("JOB-16", [*RAN, torn(look(main=[DONE], bare=[DONE])), census()], "torn", "violates"),
    ("JOB-16", [*RAN, look(), look(DONE, main=[]), census()], "status looks elsewhere", "violates"),
    ("JOB-16", [*RAN, census()], "no evidence", "unknown"),
    ("JOB-16", [*RAN, look(DONE), strays(11), census()], "no evidence", "unknown"),
    ("JOB-16", [*RAN, look(DONE)], "no evidence", "unknown"),
    ("JOB-17", [*WORKER_KILLED, look(FAILED)], "failed", "conforms"),
    ("JOB-17", [*CODEX_KILLED, look(FAILED)], "failed", "conforms"),
    ("JOB-17", [*WORKER_KILLED, look(GHOST)], "not failed", "violates"),
    ("JOB-17", [*CODEX_KILLED, look(DONE)], "not failed", "violates"),
    ("JOB-17", [*CODEX_KILLED, look()], "not failed", "violates"),
    ("JOB-17", [*WORKER_KILLED, look(CANCELLED)], "not failed", "violates"),
    ("JOB-17", CODEX_KILLED, "no evidence", "unknown"),
    ("JOB-17", [*LOST, look(FAILED)], "no evidence", "unknown"),
    ("JOB-18", [*SHELL_KILLED, look(FAILED)], "terminal", "conforms"),
    ("JOB-18", [launch(), *started(), ShellKilled(job="review", pids=[1])], "survives", "conforms"),
    ("JOB-18", [*SHELL_KILLED, look(GHOST)], "still active", "violates"),
    ("JOB-18", [*SHELL_KILLED, look(DONE)], "false", "violates"),
    ("JOB-18", [*SHELL_KILLED, look()], "no row", "violates"),
    ("JOB-18", [*SHELL_KILLED, torn(look())], "torn", "violates"),
    ("JOB-18", [*LOST, look(FAILED)], "no evidence", "unknown"),
    ("JOB-19", [launch(), *started(), FILLED, look(GHOST, row("completed"))], "active row stays", "conforms"),
    ("JOB-19", [launch(), *started(), FILLED, look(row("completed", id="task-2"))], "dropped", "violates"),
    ("JOB-19", [launch(), *started(), look(GHOST)], "no evidence", "unknown"),
    ("JOB-20", [started_again(2)], "bounded", "conforms"),
    ("JOB-20", [started_again(200)], "grows", "violates"),
    ("JOB-20", [started_again(2), started_again(200)], "grows", "violates"),
    ("JOB-20", [started_again(0, there=False)], "bounded", "conforms"),
    ("JOB-20", [started_again(200, failed=1)], "grows", "violates"),
    ("JOB-20", [started_again(2, failed=99)], "no evidence", "unknown"),
    ("JOB-20", [started_again(2), started_again(2, failed=1)], "no evidence", "unknown"),
    ("JOB-20", [started_again(0, file=None, there=False)], "no evidence", "unknown"),
    ("JOB-20", [], "no evidence", "unknown"),
    ("JOB-21", [*LOST, look(FAILED)], "terminal", "conforms"),
    ("JOB-21", RAN, "survives", "conforms"),
    ("JOB-21", [*LOST, look(GHOST)], "listed as running", "violates"),
    ("JOB-21", [*LOST, look(GHOST, main=[])], "listed as running", "violates"),
    ("JOB-21", [*LOST, look()], "not listed", "conforms"),
    ("JOB-22", [launch(), *started(), TORN, look(GHOST), *finished(), look(DONE)], "recovered", "conforms"),
    ("JOB-22", [launch(), *started(), TORN, silent("state.json is damaged"), *finished()], "clear error", "conforms"),
    ("JOB-22", [launch(), *started(), TORN, look(GHOST, main=[]), *finished(), look(DONE)], "not listed", "violates"),
    ("JOB-22", [launch(), *started(), TORN, look(DONE), *finished()], "listed falsely", "violates"),
    ("JOB-22", [launch(), *started(), TORN, silent("Traceback (most recent call last)")], "crash", "violates"),
    ("JOB-22", torn_and(silent('{"error": "torn"}', answer={"error": "torn"})), "clear error", "conforms"),
    ("JOB-22", torn_and(silent(NAMED_ERROR)), "clear error", "conforms"),
    ("JOB-22", torn_and(silent("Error: state.json is damaged")), "clear error", "conforms"),
    ("JOB-22", torn_and(silent(BARE_ERROR)), "crash", "violates"),
    ("JOB-22", torn_and(silent("json.decoder.JSONDecodeError: Expecting value")), "crash", "violates"),
    ("JOB-22", torn_and(silent(FRAMES)), "crash", "violates"),
    ("JOB-22", torn_and(silent("", exit_code=None, signal=11)), "crash", "violates"),
    ("JOB-22", torn_and(silent("")), "no answer", "violates"),
    ("JOB-22", torn_and(silent("nothing", exit_code=0)), "no answer", "violates"),
    ("JOB-22", torn_and(silent("waited 30 s", exit_code=None)), "no evidence", "unknown"),
    ("JOB-22", torn_and(silent("waited 30 s", exit_code=None), silent(BARE_ERROR)), "crash", "violates"),
    ("JOB-22", [launch(), *started(), TORN, *killed(), look(FAILED)], "job lost", "violates"),
    ("JOB-22", [launch(), *started(), look(GHOST)], "no evidence", "unknown"),
    ("JOB-23", [*AT_WORK_AS_BOTH_END, *finished(), look(DONE), census()], "converged", "conforms"),
    ("JOB-23", [*AT_WORK_AS_BOTH_END, *killed(), look(FAILED), census()], "converged", "conforms"),
    ("JOB-23", [*AT_WORK_AS_BOTH_END, *finished(), look(), census()], "lost row", "violates"),
    ("JOB-23", [*AT_WORK_AS_BOTH_END, *finished(), torn(look()), census()], "torn", "violates"),
    ("JOB-23", [*AT_WORK_AS_BOTH_END, *killed(), look(GHOST), census()], "false row", "violates"),
    (
        *("JOB-23", [*AT_WORK_AS_BOTH_END, *finished(), look(DONE), census(SERVER, rows=[DONE])]),
        *("left behind", "violates"),
    ),
    ("JOB-23", [*RAN, BOTH_END, look(), census()], "not tested", "not tested"),
    ("JOB-23", [*LOST, BOTH_END, look(), census()], "not tested", "not tested"),
    ("JOB-23", [*RAN, look(DONE), census()], "no evidence", "unknown"),
    ("JOB-32", [*HOST_KILLED, look(GHOST), *killed(), look(FAILED)], "rows true", "conforms"),
    ("JOB-32", [*HOST_KILLED, look(GHOST), *finished(), look(DONE)], "rows true", "conforms"),
    ("JOB-32", [*HOST_KILLED, look(GHOST), *killed(), look(GHOST)], "false row", "violates"),
    ("JOB-32", [*HOST_KILLED, look(FAILED), *finished(), look(DONE)], "false row", "violates"),
    ("JOB-32", [*HOST_KILLED, look(), *killed(), look(FAILED)], "lost row", "violates"),
    ("JOB-32", [*HOST_KILLED, torn(look()), *killed(), look(FAILED)], "torn", "violates"),
    ("JOB-32", [*HOST_KILLED[:-1], look(GHOST), *killed(), look(GHOST)], "no evidence", "unknown"),
    ("JOB-32", HOST_KILLED, "no evidence", "unknown"),
    ("JOB-32", [launch(), *started(), *NEXT, look(GHOST)], "no evidence", "unknown"),
    ("JOB-32", [launch(), refused(), HOST_DIES, *NEXT, look()], "not tested", "not tested"),
    ("JOB-07", [*RAN, HOST_DIES, *NEXT, census(11)], "not tested", "not tested"),
    ("JOB-24", [launch(), *started(), DELETED, *finished(), look(DONE)], "terminal", "conforms"),
    ("JOB-24", [*LOST, DELETED, look(FAILED)], "terminal", "conforms"),
    ("JOB-24", [launch(), *started(), DELETED, *killed(), look(GHOST)], "still active", "violates"),
    ("JOB-24", [*LOST, DELETED, look()], "no row", "violates"),
    ("JOB-24", [launch(), *started(), DELETED], "survives", "violates"),
    ("JOB-24", [*RAN, look(DONE)], "no evidence", "unknown"),
    ("JOB-25", [launch(), *started(), AGED, *finished(), look(DONE)], "survives", "conforms"),
    ("JOB-25", [launch(), *started(), AGED, *session_end(OTHER, killed()), look(GHOST)], "lost", "violates"),
    ("JOB-25", [launch(), *started(), AGED, *finished(), look(DONE, main=[])], "not listed truly", "violates"),
    ("JOB-25", [*RAN, look(DONE)], "no evidence", "unknown"),
    ("JOB-26", [launch()], "lands in pattern A", "conforms"),
    ("JOB-26", [launch("agent", "companion task --wait 'job=review x'")], "lands in pattern B", "conforms"),
    ("JOB-26", [launch("agent", "companion task 'job=review explain --background'")], "lands in pattern B", "conforms"),
    ("JOB-26", [launch("agent")], "lands in pattern C", "violates"),
    ("JOB-27", [*RAN, told(f"Codex job {TASK} finished")], "told once", "conforms"),
    ("JOB-27", [launch(), refused()], "not tested", "not tested"),
    ("JOB-27", [*RAN, told("Anything new?")], "never told", "violates"),
    ("JOB-27", [*RAN, told(f"{TASK} finished"), told(f"{TASK} has finished")], "told 2 times", "violates"),
    ("JOB-27", [*RAN, told(f"{TASK} finished", "agent")], "never told", "violates"),
    ("JOB-27", [*SHELL_RAN, told(notice())], "told once", "conforms"),
    ("JOB-27", [*SHELL_RAN, told(notice("another call"))], "never told", "violates"),
    ("JOB-27", [*SHELL_RAN, told(f"{notice()}, {TASK}")], "told once", "conforms"),
    ("JOB-27", [*SHELL_RAN, told(notice()), told(f"{TASK} has finished")], "told once", "conforms"),
    (
        "JOB-27",
        [*SHELL_RAN, told(f"{TASK} finished"), told(notice()), told(f"{TASK} again")],
        "told 2 times",
        "violates",
    ),
    ("JOB-27", [*SHELL_RAN, told("toolu_1 was called")], "never told", "violates"),
    ("JOB-27", [launch(), SHELL, *started(), SHELL_DONE, *finished(), told(notice())], "never told", "violates"),
    ("JOB-27", [launch(), *started()], "no evidence", "unknown"),
    ("JOB-27", [*LOST, look(FAILED), told("Anything new?")], "listed as ended", "conforms"),
    ("JOB-27", [*LOST, look(GHOST), told("Anything new?")], "never told", "violates"),
    ("JOB-27", [*RAN, look(FAILED), told("Anything new?")], "never told", "violates"),
    ("JOB-28", [launch(), SHELL, replace(SHELL_END, output_bytes=62)], "has output", "conforms"),
    ("JOB-28", [launch(), SHELL, SHELL_END], "empty", "violates"),
    ("JOB-28", [launch(), SHELL], "no evidence", "unknown"),
    ("JOB-28", [launch(), SHELL, HELD, SHELL_END], "never begun", "conforms"),
    ("JOB-28", [launch(), SHELL, HELD, LET_GO, SHELL_END], "empty", "violates"),
    ("JOB-28", [launch(), SHELL, HELD, replace(SHELL_END, ended_by="itself")], "empty", "violates"),
]


def at_once(*names: str) -> list[Record]:
    """Jobs that one command launched, each done by a worker of its own, with their results."""
    run: list[Record] = [JobsLaunched(agent="main", ids=[f"task-{name}" for name in names])]
    for number, name in enumerate(names):
        worker = WORKER + 10 * number
        run += [
            GateReached(job=name, n=number, thread=name),
            JobStarted(job=name, row=row(id=f"task-{name}"), worker=worker, processes=[]),
            GateAnswered(job=name, n=number),
            died(worker, code=0),
            JobEnded(job=name, how="answered", worker=worker),
        ]
    return run


def fetched(name: str) -> Result:
    return Result(job=name, id=f"task-{name}", exit=0, text=ANSWER.replace("review", name), why=None)


TWO = ("one", "two")
ONE_ROW, TWO_ROWS = [row("completed", id="task-one")], [row("completed", id=f"task-{name}") for name in TWO]
BOTH: list[Record] = [fetched("one"), fetched("two")]
NO_RESULT, WORKER_DIED = ("no result", "violates"), ("worker died", "violates")
DIED_AND_STALE = ("worker died, stale row", "violates")
AGAIN = ("review", "again")
PROMPTED = [row("completed", id=f"task-{name}", pid=None, request={"prompt": f"job={name} look"}) for name in TWO]
WITH_PIDS = [row("completed", id=f"task-{name}", pid=WORKER + 10 * number) for number, name in enumerate(TWO)]


def unnamed(*names: str) -> list[Record]:
    """Jobs of which nobody knew the row when they began: the list was being written."""
    return [replace(each, row=None) if isinstance(each, JobStarted) else each for each in at_once(*names)]


def one_dies() -> list[Record]:
    """Two jobs launched at once, of which the second is lost with its worker."""
    run = at_once(*TWO)
    run[-3:] = [GateAbandoned(job="two", n=1), died(WORKER + 10, signal=9)]
    return [*run, JobEnded(job="two", how="abandoned", worker=WORKER + 10)]


def queued(name: str) -> dict[str, Any]:
    return row("queued", id=f"task-{name}", request={"prompt": f"job={name} look"})


def unreaped(*looks: Record, pids: tuple[int, ...] = (WORKER,)) -> list[Record]:
    """The worker was killed, and is a zombie whenever somebody looks."""
    return [*WORKER_KILLED, *(replace(each, unreaped=list(pids)) for each in looks if isinstance(each, SnapshotTaken))]


STARTS_AGAIN: Record = JobStarted(job="again", row=None, worker=None, processes=[])
REFUSED_AGAIN: Record = JobRefused(job="again", agent="main", text="a job is at work already: task-1")

# (requirement, the jobs, the run, what is seen, the verdict)
OF_SEVERAL: list[tuple[str, tuple[str, ...], list[Record], str, str]] = [
    ("JOB-10", TWO, [*at_once(*TWO), look(*TWO_ROWS), fetched("one"), fetched("two")], "N of N", "conforms"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*ONE_ROW), *BOTH], "lost row", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*ONE_ROW), look(*TWO_ROWS), *BOTH], "lost row", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), torn(look(*ONE_ROW)), *BOTH], "torn", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*TWO_ROWS), fetched("one")], "no result", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*TWO_ROWS), fetched("one"), replace(fetched("two"), exit=1)], *NO_RESULT),
    ("JOB-10", TWO, [*at_once(*TWO), look(*TWO_ROWS, row(id="task-3")), *BOTH], "row of no job", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*ONE_ROW, row(id="task-two")), *BOTH], "stale row", "violates"),
    ("JOB-10", TWO, [*at_once(*TWO), look(*ONE_ROW, row("failed", id="task-two")), *BOTH], "stale row", "violates"),
    ("JOB-10", TWO, [*at_once("one"), look(*ONE_ROW), fetched("one")], "not started", "violates"),
    ("JOB-10", TWO, [*at_once("one"), look(*ONE_ROW, queued("two")), fetched("one")], "not started", "violates"),
    ("JOB-10", TWO, [*one_dies(), look(*ONE_ROW, row("failed", id="task-two")), fetched("one")], *WORKER_DIED),
    ("JOB-10", TWO, [*one_dies(), look(*ONE_ROW), fetched("one")], "worker died, lost row", "violates"),
    ("JOB-10", TWO, [*one_dies(), look(*ONE_ROW, row(id="task-two")), fetched("one")], *DIED_AND_STALE),
    ("JOB-10", TWO, [*one_dies(), look(row(id="task-two"))], "worker died, lost row, stale row", "violates"),
    ("JOB-10", TWO, [*one_dies(), look(), fetched("one")], "worker died, lost row", "violates"),
    # whose a row is, the rows themselves tell where the launches could not
    ("JOB-10", TWO, [*unnamed(*TWO), look(*PROMPTED), *BOTH], "N of N", "conforms"),
    ("JOB-10", TWO, [*unnamed(*TWO), look(*WITH_PIDS), *BOTH], "N of N", "conforms"),
    ("JOB-10", TWO, [*unnamed(*TWO), look(PROMPTED[0]), *BOTH], "lost row", "violates"),
    ("JOB-10", TWO, at_once(*TWO), "no evidence", "unknown"),
    # what a plugin leaves behind needs no job
    ("JOB-07", (), [census()], "nothing left", "conforms"),
    ("JOB-07", (), [census(11)], "left behind", "violates"),
    ("JOB-30", AGAIN, [*WORKER_KILLED, STARTS_AGAIN], "next job starts", "conforms"),
    ("JOB-30", AGAIN, [*WORKER_KILLED, REFUSED_AGAIN], "blocks the next launch", "violates"),
    ("JOB-30", AGAIN, WORKER_KILLED, "no evidence", "unknown"),
    ("JOB-30", AGAIN, [launch(), *started(), STARTS_AGAIN], "no evidence", "unknown"),
    ("JOB-30", AGAIN, [launch(), refused(), STARTS_AGAIN], "not tested", "not tested"),
    ("JOB-31", AGAIN, [*unreaped(look(FAILED)), STARTS_AGAIN], "counts as dead", "conforms"),
    ("JOB-31", AGAIN, [*unreaped(look(FAILED), look(GHOST)), STARTS_AGAIN], "counts as dead", "conforms"),
    ("JOB-31", AGAIN, [*unreaped(look(GHOST), look(FAILED)), STARTS_AGAIN], "reported as running", "violates"),
    ("JOB-31", AGAIN, unreaped(look(GHOST)), "reported as running", "violates"),
    ("JOB-31", AGAIN, unreaped(look(FAILED, bare=[GHOST])), "reported as running", "violates"),
    ("JOB-31", AGAIN, [*unreaped(look()), STARTS_AGAIN], "not listed", "violates"),
    ("JOB-31", AGAIN, [*unreaped(look(FAILED)), REFUSED_AGAIN], "blocks the next launch", "violates"),
    ("JOB-31", AGAIN, unreaped(look(FAILED)), "no evidence", "unknown"),
    ("JOB-31", AGAIN, [*WORKER_KILLED, look(GHOST)], "no evidence", "unknown"),
    ("JOB-31", AGAIN, [*unreaped(look(GHOST), pids=(4002,)), STARTS_AGAIN], "no evidence", "unknown"),
    ("JOB-31", AGAIN, WORKER_KILLED, "no evidence", "unknown"),
    ("JOB-31", AGAIN, [launch(), refused(), STARTS_AGAIN], "not tested", "not tested"),
]
