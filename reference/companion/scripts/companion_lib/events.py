"""What the plugin does at each event: hand over the session's id, learn who descends from whom, refuse, tell, clean up.

A handler returns what the host is to be told, if anything. None of them waits for anything but the state's lock,
except that 1.0.4's end of a session waits for the shared server.
"""

from __future__ import annotations

import os
import time

from . import Json, jobs, policy, processes
from .policy import Policy
from .sessions import Sessions
from .state import ACTIVE, Row, Workspace, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Answer = dict[str, str] | None


def session_start(payload: Json, rules: Policy) -> Answer:
    exports = {
        "CODEX_COMPANION_SESSION_ID": payload["session_id"],
        "CLAUDE_PLUGIN_DATA": os.getenv("CLAUDE_PLUGIN_DATA"),
    }
    for name, value in exports.items() if os.getenv("CLAUDE_ENV_FILE") else ():
        if value:
            _export(os.environ["CLAUDE_ENV_FILE"], name, value, once=rules.bounds_environment)
    if rules.refuses_younger_than:
        Sessions(rules).began(payload["session_id"], time.time())
    if rules.notices_death and (workspace := _workspace(payload, rules)):
        jobs.settled_rows(workspace)
    return None


def _export(file: str, name: str, value: str, *, once: bool) -> None:
    """Add a line to what each of the session's shells reads first. Once: not if it is there, and in place of others."""
    line = f"export {name}='" + value.replace("'", "'\"'\"'") + "'\n"
    with open(file, "a+", encoding="utf-8") as lines:
        lines.seek(0)
        before = list(lines) if once else []
        kept = [other for other in before if not other.startswith(f"export {name}=")]
        if line in before:
            return
        if kept != before:
            lines.truncate(0)
            lines.writelines(kept)
        lines.write(line)


def subagent_start(payload: Json, rules: Policy) -> Answer:
    Sessions(rules).agent_started(payload["agent_id"], payload["session_id"])
    return None


def pre_tool_use(payload: Json, rules: Policy) -> Answer:
    if rules.tags_with == "root":
        Sessions(rules).agent_acted(payload["agent_id"], payload["session_id"])
    command = payload["tool_input"].get("command", "")
    if rules.refuses_in_subagent and "--background" in command:
        from . import refusal  # noqa: PLC0415 - its patterns take longer to compile than all else here

        if refusal.launches_in_background(command, payload["cwd"]):
            return {"permissionDecision": "deny", "permissionDecisionReason": refusal.SENTENCE}
    return None


def post_tool_use(payload: Json, rules: Policy) -> Answer:
    if rules.tags_with == "root" and (workspace := _workspace(payload, rules)):
        _adopt_what_was_launched(payload, workspace)
    return tell(payload, rules)


def _adopt_what_was_launched(payload: Json, workspace: Workspace) -> None:
    """A shell may not know its session, or whose child that is. The hook after it knows both, and reads its output."""
    response = payload.get("tool_response")
    printed = str(response.get("stdout") if isinstance(response, dict) else response)
    if "task-" not in printed:
        return
    import re  # noqa: PLC0415 - most Bash calls launch nothing, and it costs more than all else here

    launched = re.findall(r'(?:started in the background as |"jobId": ")(task-[a-z0-9-]+)', printed)
    session = payload["session_id"]
    root = Sessions(workspace.policy).root_of(session)

    def tag(rows: list[Row]) -> None:
        for row in rows:
            if row["id"] in launched and row.get("sessionId") in (None, session):
                row["sessionId"] = root

    if launched:
        workspace.change(tag)


def tell(payload: Json, rules: Policy) -> Answer:
    """Tell the main agent, once, what became of the jobs that its session started in the background."""
    workspace = _workspace(payload, rules)
    if payload.get("agent_id") or workspace is None:
        return None

    def take(rows: list[Row]) -> list[str]:
        jobs.settle(workspace, rows)
        return [_news(row) for row in rows if row.get("sessionId") == payload["session_id"] and _is_news(row)]

    news = workspace.change(take)
    return {"additionalContext": "\n".join(news)} if news else None


def _is_news(row: Row) -> bool:
    return bool(row.get("background")) and row["status"] in ("completed", "failed") and not row.get("toldAt")


def _news(row: Row) -> str:
    row["toldAt"] = now()
    why = f" ({row['errorMessage']})" if row.get("errorMessage") else ""
    read = f'python3 -I -S "{policy.SCRIPTS}/companion.py" result {row["id"]}'
    return f"Codex job {row['id']} finished: {row['status']}{why}. Read it with: {read}"


def session_end(payload: Json, rules: Policy) -> Answer:
    Sessions(rules).forget(payload["session_id"])
    if workspace := _workspace(payload, rules):
        if rules.shuts_server_at_session_end:
            from . import server  # noqa: PLC0415 - sockets and threads

            with server.shutting_down(workspace):
                _end_jobs_of(payload["session_id"], workspace)
        else:
            _end_jobs_of(payload["session_id"], workspace)
        workspace.change(lambda rows: jobs.settle(workspace, rows))
    return None


def _end_jobs_of(session: str, workspace: Workspace) -> None:
    """What 1.0.4 does with the session's jobs: signals the running ones, and forgets all of them."""
    rules = workspace.policy
    for row in workspace.rows() if rules.ends_jobs_at_session_end else ():
        if row.get("sessionId") == session and row.get("status") in ACTIVE:
            processes.end_group(row.get("pid"))

    def forget(rows: list[Row]) -> None:
        rows[:] = [row for row in rows if row.get("sessionId") != session]

    if rules.forgets_jobs_at_session_end:
        workspace.change(forget)


def _workspace(payload: Json, rules: Policy) -> Workspace | None:
    """The workspace of the event, if it ever had a job."""
    if not os.path.isdir(os.path.join(policy.state_root(rules), "state")):
        return None
    workspace = Workspace(payload.get("cwd") or os.getcwd(), rules)
    return workspace if os.path.isdir(workspace.home) else None


HANDLERS: dict[str, Callable[[Json, Policy], Answer]] = {
    "SessionStart": session_start,
    "SubagentStart": subagent_start,
    "UserPromptSubmit": tell,
    "PreToolUse": pre_tool_use,
    "PostToolUse": post_tool_use,
    "SessionEnd": session_end,
}
