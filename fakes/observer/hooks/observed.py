"""What a real Claude Code has just done becomes a record, as the stand-in writes it.

It prints nothing, so that no model is told anything. Without the harness's recorder in the environment it does nothing
at all, and an observer that fails has seen nothing: the host does not notice.
"""

from __future__ import annotations

import os
import sys

from standin.wire import decoded, recorder_of_the_run

# what the host gives to hooks alone; the rest of a hook's environment is what its shells have
HOOKS_ONLY = ("CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA", "CLAUDE_ENV_FILE", "CLAUDE_PROJECT_DIR")
ENV_FILES = 10

Record = dict[str, object]


def main() -> None:
    """One event, with its payload on stdin."""
    try:
        payload = decoded(sys.stdin.buffer.read().decode("utf-8", "replace"))
    except ValueError as error:
        print(f"hookproof-observer: the payload is {error}", file=sys.stderr)
        return
    handler = HANDLERS.get(str(payload.get("hook_event_name"))) if isinstance(payload, dict) else None
    if handler is None or not os.environ.get("HOOKPROOF_RECORDER"):
        return
    # the host speaks: this process is only its mouth, and its parent may be a shell
    speaker = int(os.environ.get("HOOKPROOF_HOST_PID") or os.getppid())
    recorder = recorder_of_the_run("claude", speaker=speaker)
    for record in handler(payload):
        recorder.write(str(record.pop("kind")), **record)


def who(payload: Record) -> Record:
    return {"session_id": payload.get("session_id"), "agent_id": payload.get("agent_id")}


def session_started(payload: Record) -> list[Record]:
    more = {"how": payload.get("source"), "transcript_path": payload.get("transcript_path")}
    return [{"kind": "session.started", **who(payload), **more}, environment(payload)]


def environment(payload: Record) -> Record:
    """What an agent's shells see: measured, the files that SessionStart hooks wrote stand before every command."""
    env = {name: value for name, value in os.environ.items() if name not in HOOKS_ONLY}
    folder = os.path.join(os.path.expanduser("~"), ".claude", "session-env", str(payload.get("session_id")))
    files = [os.path.join(folder, f"sessionstart-hook-{number}.sh") for number in range(ENV_FILES)]
    return {"kind": "shell.environment", **who(payload), "env": env, "env_files": files}


def session_ended(payload: Record) -> list[Record]:
    return [{"kind": "session.ended", **who(payload), "reason": payload.get("reason")}]


def subagent_started(payload: Record) -> list[Record]:
    started = {"kind": "subagent.started", **who(payload), "agent_type": payload.get("agent_type")}
    return [started, environment(payload)]


def subagent_ended(payload: Record) -> list[Record]:
    return [{"kind": "subagent.ended", **who(payload), "agent_type": payload.get("agent_type"), "how": "completed"}]


def shell_started(payload: Record) -> list[Record]:
    call = payload.get("tool_input")
    asked = call if isinstance(call, dict) else {}
    number = payload.get("tool_use_id")
    background = bool(asked.get("run_in_background"))
    shell = {"run": number, "tool_use_id": number, "background": background, "command": asked.get("command")}
    return [{"kind": "shell.started", **who(payload), **shell}]


def shell_came_back(payload: Record) -> list[Record]:
    """The end of a shell in the foreground; one in the background has a task of its own from here on."""
    answer = payload.get("tool_response")
    response = answer if isinstance(answer, dict) else {}
    number, task = payload.get("tool_use_id"), response.get("backgroundTaskId")
    if task is not None:
        return [{"kind": "shell.task", "run": number, "task": task}]
    ended = {"run": number, "ended_by": "itself", "exit": None, "signal": None, "output_file": None}
    return [{"kind": "shell.ended", **ended}]


def turn_ended(payload: Record) -> list[Record]:
    return [{"kind": "turn.ended", **who(payload), "text": payload.get("last_assistant_message")}]


HANDLERS = {
    "SessionStart": session_started,
    "SessionEnd": session_ended,
    "SubagentStart": subagent_started,
    "SubagentStop": subagent_ended,
    "PreToolUse": shell_started,
    "PostToolUse": shell_came_back,
    "PostToolUseFailure": shell_came_back,
    "Stop": turn_ended,
}
