"""The body of a model request, in the shape of the real one: the same keys, with short texts in the long places."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity
    from .lifecycle import Lifecycle


def _tool(name: str, description: str, required: list[str], properties: dict[str, str]) -> dict[str, Any]:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": required,
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "input_schema": schema}


_AGENT = {"description": "string", "prompt": "string", "subagent_type": "string", "model": "string"}
_BASH = {"command": "string", "timeout": "number", "description": "string"}
_READ = {"file_path": "string", "offset": "number", "limit": "number"}
_WRITE = {"file_path": "string", "content": "string"}
_EDIT = {"file_path": "string", "old_string": "string", "new_string": "string", "replace_all": "boolean"}
_BACKGROUND = {"run_in_background": "boolean"}

TOOLS = {
    "Agent": _tool("Agent", "Launches an agent for a task.", ["description", "prompt"], {**_AGENT, **_BACKGROUND}),
    "Bash": _tool("Bash", "Runs a command.", ["command"], {**_BASH, **_BACKGROUND}),
    "Edit": _tool("Edit", "Replaces a text in a file.", ["file_path", "old_string", "new_string"], _EDIT),
    "Read": _tool("Read", "Reads a file.", ["file_path"], _READ),
    "Write": _tool("Write", "Writes a file.", ["file_path", "content"], _WRITE),
}
"""What each tool requires and takes."""

REQUIRED = {
    "Agent": ["prompt"],
    "Bash": ["command"],
    "Edit": ["file_path", "old_string", "new_string"],
    "Read": ["file_path"],
    "Write": ["file_path", "content"],
}
"""What a call is refused without. (`description` is in the schema, but the model of a test may leave it out.)"""


def body(
    lifecycle: Lifecycle,
    who: Identity,
    *,
    model: str,
    system: str,
    tools: list[str],
    messages: list[dict[str, Any]],
) -> dict[str, Any]:
    """The request of one agent."""
    version = lifecycle["version"]
    session = {"device_id": "0" * 64, "account_uuid": "", "session_id": who.root_session_id}
    return {
        "model": model,
        "messages": list(messages),
        "system": [
            {"type": "text", "text": f"x-anthropic-billing-header: cc_version={version}; cc_entrypoint=sdk-cli;"},
            {"type": "text", "text": "You are a Claude agent, played by a stand-in of the Claude Code host."},
            {"type": "text", "text": system},
        ],
        "tools": [TOOLS[name] for name in tools],
        "metadata": {"user_id": json.dumps(session, separators=(",", ":"))},
        "max_tokens": lifecycle["max_tokens"],
        **({} if who.agent_id else {"thinking": {"type": "adaptive"}}),
        "output_config": {"effort": "medium"},
        "stream": True,
    }
