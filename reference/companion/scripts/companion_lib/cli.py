"""The commands that a shell runs: `task`, `adversarial-review`, `status`, `result`, `cancel`, and what these start.

Exit 0: done. Exit 1: it could not be done, or came to a bad end. Exit 2: it was not understood.
"""

from __future__ import annotations

import os
import sys
import time

from . import jobs, plain_json, policy
from .arguments import Arguments, UsageError, parse
from .jobs import OVER
from .sessions import Sessions
from .state import ACTIVE, ONLY_IN_THE_JOB_FILE, Row, Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

REVIEW = """Review the changes of this working tree as somebody who wants to prove that they must not be merged.
Say what breaks, where, and how to show it; say so too if you find nothing."""


def main(argv: list[str]) -> int:
    try:
        arguments = parse(argv)
        workspace = Workspace(arguments.options.get("--workspace") or _here(), policy.of_this_plugin())
        return DOES[arguments.command](workspace, arguments)
    except (UsageError, policy.UnknownPolicyError) as error:
        return _complain(f"companion: {error}", 2)
    except (jobs.NoSuchJobError, OSError) as error:
        return _complain(f"companion: {error}", 1)


def _complain(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # deleted under the shell, whose jobs are still to be found
        return os.environ.get("PWD", "/")


def session_of_shell(rules: policy.Policy) -> str | None:
    """Whose job a launch from this shell is; None if nothing here says so."""
    session = os.environ.get("CODEX_COMPANION_SESSION_ID")
    if rules.tags_with == "parent":
        return os.environ.get("CLAUDE_PARENT_SESSION_ID") or session
    return Sessions(rules).root_of(session) if session and rules.tags_with == "root" else session


def task(workspace: Workspace, arguments: Arguments) -> int:
    rules = workspace.policy
    session = session_of_shell(rules)
    prompt = arguments.text
    if arguments.command == "adversarial-review":
        prompt = f"{REVIEW}\n\n{prompt}".strip()
    if not arguments.background:
        from .worker import work  # noqa: PLC0415 - each command imports what it needs

        job = jobs.launch(workspace, arguments.command, prompt, session, background=False)
        if rules.names_job_while_waiting:
            # the host may end this shell before the job is over; then its output file is all that is left
            print(f"Codex job {job['id']} is at work; waiting for it.", file=sys.stderr, flush=True)
        work(workspace, job["id"])
        return _show_end(workspace.record(job["id"]), arguments)
    if rules.refuses_in_subagent or rules.refuses_younger_than:
        from . import refusal  # noqa: PLC0415

        began = Sessions(rules).began_at(session) if session else None
        if refusal.at_launch(rules, began, time.time()):
            return _complain(refusal.SENTENCE, 1)
    if rules.dead_row_blocks and (blocking := jobs.dead_row(workspace)) is not None:
        return _complain(f"a job is at work already: {blocking}", 1)
    job = jobs.launch(workspace, arguments.command, prompt, session, background=True)
    if workspace.record(job["id"]).get("status") in ("failed", "cancelled"):
        return _show_end(workspace.record(job["id"]), arguments)
    if "--json" in arguments.options:
        print(plain_json.dumps({"jobId": job["id"], "status": "queued"}))
    else:
        print(f"Codex is on it: started in the background as {job['id']}. `status {job['id']}` tells how it goes.")
    return 0


def _show_end(record: Row, arguments: Arguments) -> int:
    """Show what came of a job. One that was abandoned or erased meanwhile leaves nothing to show."""
    if "--json" in arguments.options:
        row = {key: value for key, value in record.items() if key not in ONLY_IN_THE_JOB_FILE}
        print(plain_json.dumps({"job": row, "result": record.get("result")}, indent=2))
    elif record.get("status") == "completed":
        print(record["result"])
    elif record.get("status") in OVER:
        return _complain(f"Codex job {record['id']} {record['status']}: {record['errorMessage']}", 1)
    return 1 if record.get("status") in ("failed", "cancelled") else 0


def status(workspace: Workspace, arguments: Arguments) -> int:
    rows = jobs.settled_rows(workspace)
    answer: Row
    if arguments.words:
        answer = jobs.find(rows, arguments.words[0])
        shown = [answer]
    else:
        everything = "--all" in arguments.options
        shown = _visible(workspace.policy, rows, everything=everything)[: None if everything else 8]
        finished = [row for row in shown if row.get("status") not in ACTIVE]
        answer = {
            "workspaceRoot": workspace.root,
            "running": [row for row in shown if row not in finished],
            "latestFinished": finished[0] if finished else None,
            "recent": finished[1:],
            "needsReview": False,
        }
    if "--json" in arguments.options:
        print(plain_json.dumps(answer, indent=2))
        return 0
    for row in shown:
        print(f"{row['id']}  {row.get('status', '?'):9}  {row.get('errorMessage') or row.get('summary') or ''}")
    if not shown:
        print("No Codex jobs here.")
    return 0


def _visible(rules: policy.Policy, rows: list[Row], *, everything: bool) -> list[Row]:
    session = session_of_shell(rules)
    if session is None or (everything and rules.shows_every_session):
        return rows
    return [row for row in rows if row.get("sessionId") == session]


def result(workspace: Workspace, arguments: Arguments) -> int:
    job = _chosen(workspace, arguments, "is over", lambda row: row.get("status") in OVER)
    return _show_end(workspace.record(job["id"]) or job, arguments)


def cancel(workspace: Workspace, arguments: Arguments) -> int:
    job = _chosen(workspace, arguments, "can be cancelled", lambda row: row.get("status") in ACTIVE)
    row = jobs.cancel(workspace, job["id"])
    print(plain_json.dumps(row, indent=2) if "--json" in arguments.options else f"Codex job {row['id']} is cancelled.")
    return 0


def _chosen(workspace: Workspace, arguments: Arguments, what: str, fits: Callable[[Row], bool]) -> Row:
    """The job that is named, or else the newest of this session that fits."""
    rows = jobs.settled_rows(workspace)
    if arguments.words:
        named = jobs.find(rows, arguments.words[0])
        if not fits(named):
            raise jobs.NoSuchJobError(f"job {named['id']} is {named.get('status')}, so it is none that {what}")
        return named
    for row in _visible(workspace.policy, rows, everything=False):
        if fits(row):
            return row
    raise jobs.NoSuchJobError(f"no job of this session {what}; see `status --all`")


def worker(workspace: Workspace, arguments: Arguments) -> int:
    if sys.stdin.buffer.readline() == b"go\n":  # else the launch died before the job was on the list
        from .worker import work  # noqa: PLC0415

        work(workspace, arguments.options["--job-id"], _tell_the_launch)
    return 0


def _tell_the_launch() -> None:
    try:
        os.write(1, b"begun\n")
    except OSError:  # it was killed, or has stopped waiting
        return


def server(workspace: Workspace, _arguments: Arguments) -> int:
    from .server import serve  # noqa: PLC0415

    serve(workspace)
    return 0


DOES = {
    "task": task,
    "adversarial-review": task,
    "status": status,
    "result": result,
    "cancel": cancel,
    "worker": worker,
    "server": server,
}
