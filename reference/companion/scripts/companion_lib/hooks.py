"""Where each of the host's hooks comes in. The payload names the event, so that one command serves all of them.

Every Bash call of every agent passes here twice: what concerns no job leaves before anything is imported for it.
"""

from __future__ import annotations

import os
import sys

from . import Json, plain_json, policy


def main() -> int:
    try:
        payload = plain_json.loads(sys.stdin.buffer.read())
        rules = policy.of_this_plugin()
        if not concerns_us(payload, rules):
            return 0
        from . import events  # noqa: PLC0415 - see above

        answer = events.HANDLERS[payload["hook_event_name"]](payload, rules)
    except Exception as error:  # the session goes on whatever happens here, and the host shows this line
        print(f"codex companion: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if answer:
        print(plain_json.dumps({"hookSpecificOutput": {"hookEventName": payload["hook_event_name"], **answer}}))
    return 0


def concerns_us(payload: Json, rules: policy.Policy) -> bool:
    """Whether the event can have something to do with a job, as far as that can be told for nothing."""
    in_subagent = bool(payload.get("agent_id"))
    match payload.get("hook_event_name"):
        case "SessionStart" | "SessionEnd":
            return True
        case "SubagentStart":
            return rules.tags_with == "root"
        case "PreToolUse":
            return in_subagent and (rules.tags_with == "root" or rules.refuses_in_subagent)
        case "PostToolUse" if in_subagent:
            return "task-" in str(payload.get("tool_response"))
        case "UserPromptSubmit" | "PostToolUse":
            return os.path.isdir(os.path.join(policy.state_root(rules), "state"))
    return False
