"""Facts about the real hosts, transcribed by hand from the recorded runs of patterns A to D, per lifecycle.

They are written out here, and not read from the lifecycle files, so that a wrong row is noticed.
"""

from __future__ import annotations

MEASURED = ("claude-2.1.91", "claude-2.1.329")
LIFECYCLES = ("as-reported-345", "claude-2.1.91", "claude-2.1.329", "claude-2.1.91-windows")
OLD = ("as-reported-345", "claude-2.1.91", "claude-2.1.91-windows")

_COMMON = ["session_id", "transcript_path", "cwd"]
_AGENT = ["agent_id", "agent_type"]
_TOOL = ["hook_event_name", "tool_name", "tool_input"]

PAYLOAD_KEYS_91 = {
    ("SessionStart", "main"): [*_COMMON, "hook_event_name", "source"],
    ("UserPromptSubmit", "main"): [*_COMMON, "permission_mode", "hook_event_name", "prompt"],
    ("PreToolUse", "main"): [*_COMMON, "permission_mode", *_TOOL, "tool_use_id"],
    ("PostToolUse", "main"): [*_COMMON, "permission_mode", *_TOOL, "tool_response", "tool_use_id"],
    ("SubagentStart", "sub"): [*_COMMON, *_AGENT, "hook_event_name"],
    ("PreToolUse", "sub"): [*_COMMON, "permission_mode", *_AGENT, *_TOOL, "tool_use_id"],
    ("PostToolUse", "sub"): [*_COMMON, "permission_mode", *_AGENT, *_TOOL, "tool_response", "tool_use_id"],
    ("SubagentStop", "sub"): [
        *_COMMON,
        "permission_mode",
        *_AGENT,
        "hook_event_name",
        "stop_hook_active",
        "agent_transcript_path",
        "last_assistant_message",
    ],
    ("Stop", "main"): [*_COMMON, "permission_mode", "hook_event_name", "stop_hook_active", "last_assistant_message"],
    ("SessionEnd", "main"): [*_COMMON, "hook_event_name", "reason"],
}

_COMMON_329 = [*_COMMON, "prompt_id"]
_TASKS = ["background_tasks", "session_crons"]

PAYLOAD_KEYS_329 = {
    ("SessionStart", "main"): [*_COMMON, "hook_event_name", "source"],
    ("UserPromptSubmit", "main"): [*_COMMON_329, "permission_mode", "hook_event_name", "prompt"],
    ("PreToolUse", "main"): [*_COMMON_329, "permission_mode", "effort", *_TOOL, "tool_use_id"],
    ("PostToolUse", "main"): [
        *_COMMON_329,
        "permission_mode",
        "effort",
        *_TOOL,
        "tool_response",
        "tool_use_id",
        "duration_ms",
    ],
    ("SubagentStart", "sub"): [*_COMMON_329, *_AGENT, "hook_event_name"],
    ("PreToolUse", "sub"): [*_COMMON_329, "permission_mode", *_AGENT, "effort", *_TOOL, "tool_use_id"],
    ("PostToolUse", "sub"): [
        *_COMMON_329,
        "permission_mode",
        *_AGENT,
        "effort",
        *_TOOL,
        "tool_response",
        "tool_use_id",
        "duration_ms",
    ],
    ("SubagentStop", "sub"): [
        *_COMMON_329,
        "permission_mode",
        *_AGENT,
        "effort",
        "hook_event_name",
        "stop_hook_active",
        "agent_transcript_path",
        "last_assistant_message",
        *_TASKS,
    ],
    ("Stop", "main"): [
        *_COMMON_329,
        "permission_mode",
        "effort",
        "hook_event_name",
        "stop_hook_active",
        "last_assistant_message",
        *_TASKS,
    ],
    ("SessionEnd", "main"): [*_COMMON_329, "hook_event_name", "reason"],
}

# the subagent's own session: its SessionStart and SessionEnd know of no agent (the account)
OWN_SESSION_KEYS = {
    ("SessionStart", "sub"): PAYLOAD_KEYS_91["SessionStart", "main"],
    ("SessionEnd", "sub"): PAYLOAD_KEYS_91["SessionEnd", "main"],
}

PAYLOAD_KEYS = {
    "as-reported-345": {**PAYLOAD_KEYS_91, **OWN_SESSION_KEYS},
    "claude-2.1.91": PAYLOAD_KEYS_91,
    "claude-2.1.91-windows": PAYLOAD_KEYS_91,
    "claude-2.1.329": PAYLOAD_KEYS_329,
}

_HOOK_NAMES_91 = {"CLAUDE_CODE_ENTRYPOINT", "CLAUDE_PLUGIN_DATA", "CLAUDE_PLUGIN_ROOT", "CLAUDE_PROJECT_DIR"}
_HOOK_NAMES_329 = _HOOK_NAMES_91 | {
    "CLAUDE_CODE_SESSION_ATTENDED",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_CHILD_NOTES_DIR",
    "CLAUDE_PID",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDECODE",
}
_MESSAGING = {"CLAUDE_CODE_MESSAGING_TOKEN", "CLAUDE_CODE_MESSAGING_SOCKET"}


def hook_variables(lifecycle: str, event: str) -> set[str]:
    """The names that begin with CLAUDE in the environment of a hook."""
    if lifecycle != "claude-2.1.329":
        return _HOOK_NAMES_91 | ({"CLAUDE_ENV_FILE"} if event == "SessionStart" else set())
    names = set(_HOOK_NAMES_329)
    if event != "SessionEnd":
        names |= _MESSAGING
    if event == "SessionStart":
        names.add("CLAUDE_ENV_FILE")
    if event in ("PreToolUse", "PostToolUse", "Stop", "SubagentStop"):
        names.add("CLAUDE_EFFORT")
    return names


SHELL_VARIABLES_91 = {"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"}
SHELL_VARIABLES_329 = (
    SHELL_VARIABLES_91
    | _MESSAGING
    | {
        "CLAUDE_CODE_CHILD_NOTES_DIR",
        "CLAUDE_CODE_CHILD_SESSION",
        "CLAUDE_CODE_EXECPATH",
        "CLAUDE_CODE_SESSION_ATTENDED",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_EFFORT",
        "CLAUDE_PID",
    }
)

_HEAD = ["SessionStart", "UserPromptSubmit"]
_INSIDE = ["SubagentStart", "PreToolUse", "PostToolUse", "SubagentStop"]

PATTERN_A = [*_HEAD, "PreToolUse", "PostToolUse", "Stop", "SessionEnd"]
PATTERN_C = [*_HEAD, "PreToolUse", *_INSIDE, "PostToolUse", "Stop", "SessionEnd"]
PATTERN_C_AS_REPORTED = [
    *_HEAD,
    "PreToolUse",
    "SubagentStart",
    "SessionStart",
    "PreToolUse",
    "PostToolUse",
    "SubagentStop",
    "SessionEnd",
    "PostToolUse",
    "Stop",
    "SessionEnd",
]
PATTERN_B_MAIN = [*_HEAD, "PreToolUse", "PostToolUse", "Stop", "UserPromptSubmit", "Stop", "SessionEnd"]

AGENT_COMPLETED_91 = [
    "status",
    "prompt",
    "agentId",
    "agentType",
    "content",
    "totalDurationMs",
    "totalTokens",
    "totalToolUseCount",
    "usage",
]
AGENT_COMPLETED_329 = [
    "status",
    "prompt",
    "agentId",
    "agentType",
    "toolsUsed",
    "harnessNoteCount",
    "harnessTailCount",
    "harnessSectionHash",
    "content",
    "resolvedModel",
    "totalDurationMs",
    "totalTokens",
    "totalToolUseCount",
    "usage",
    "toolStats",
    "canContinueAgent",
]
AGENT_LAUNCHED_91 = [
    "isAsync",
    "status",
    "agentId",
    "description",
    "prompt",
    "outputFile",
    "canReadOutputFile",
]
AGENT_LAUNCHED_329 = [
    "isAsync",
    "status",
    "agentId",
    "description",
    "resolvedModel",
    "prompt",
    "outputFile",
    "canReadOutputFile",
    "canContinueAgent",
]

TASK_STARTED_91 = [
    "type",
    "subtype",
    "task_id",
    "tool_use_id",
    "description",
    "task_type",
    "prompt",
    "uuid",
    "session_id",
]
TASK_STARTED_329 = [
    "type",
    "subtype",
    "task_id",
    "run_id",
    "tool_use_id",
    "description",
    "subagent_type",
    "is_backgrounded",
    "spawn_depth",
    "task_type",
    "prompt",
    "uuid",
    "session_id",
]
