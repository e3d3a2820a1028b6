"""The JSON that a hook reads on stdin: the keys that the lifecycle lists for the event, in that order.

Everything that any version tells is put together here; the lifecycle's `payload_keys` choose from it. An event that
they do not list tells all that is known at its moment. The agent's own two keys appear only for a subagent, `prompt_id`
only once there has been a prompt.
"""

from __future__ import annotations

from standin.rows import pick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity

WHEN_KNOWN = ("agent_id", "agent_type", "prompt_id")


def hook_payload(
    keys: list[str] | None, event: str, who: Identity, project: str, values: dict[str, Any]
) -> dict[str, Any]:
    """The payload of one event; without `keys` all that is known."""
    known = {
        "session_id": who.session_id,
        "transcript_path": who.transcript_path,
        "cwd": project,
        "prompt_id": who.prompt_id,
        "agent_id": who.agent_id,
        "agent_type": who.agent_type,
        "effort": {"level": "medium"},
        "hook_event_name": event,
        **values,
    }
    return pick(known if keys is None else keys, known, when_known=WHEN_KNOWN)


def bash_response(**more: Any) -> dict[str, Any]:
    """The tool_response of Bash."""
    response = {"stdout": "", "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False}
    return {**response, **more}


def usage(input_tokens: int, output_tokens: int) -> dict[str, Any]:
    """The usage of one model answer, as every version prints it."""
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "inference_geo": "",
        "iterations": [],
        "speed": "standard",
    }
