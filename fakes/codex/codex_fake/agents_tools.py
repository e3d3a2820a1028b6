"""The agent tools as each version offers them in a request to the model."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity
    from .lifecycle import Lifecycle

    Json = dict[str, Any]

_TEXT = {"type": "string"}
_TARGET = {"target": _TEXT}
_MESSAGE = {"message": _TEXT}
_PARAMETERS: dict[str, tuple[Json, list[str]]] = {
    "send_input": ({**_TARGET, **_MESSAGE, "interrupt": {"type": "boolean"}}, ["target"]),
    "resume_agent": ({"id": _TEXT}, ["id"]),
    "close_agent": (_TARGET, ["target"]),
    "send_message": ({**_TARGET, **_MESSAGE}, ["target", "message"]),
    "followup_task": ({**_TARGET, **_MESSAGE}, ["target", "message"]),
    "interrupt_agent": (_TARGET, ["target"]),
    "list_agents": ({"path_prefix": _TEXT}, []),
}
_SPAWN_V1: Json = {"agent_type": _TEXT, "fork_context": {"type": "boolean"}, **_MESSAGE}
_SPAWN_V2: Json = {"agent_type": _TEXT, "fork_turns": _TEXT, **_MESSAGE, "task_name": _TEXT}
_WAIT_V1: Json = {"targets": {"type": "array", "items": _TEXT}, "timeout_ms": {"type": "number"}}
_WAIT_V2: Json = {"timeout_ms": {"type": "number"}}
_SEARCH = "Searches over deferred tool metadata. The sources are:\n- Multi-agent tools: Spawn and manage sub-agents."


def tools_of(lifecycle: Lifecycle, who: Identity) -> Json | None:
    """The set that a thread may use: its place, namespace and names; None for none."""
    mode = who.tools(lifecycle)
    if mode == "disabled":
        return None
    row: Json = lifecycle[f"agent_tools_{mode}"]
    return row


def offered(lifecycle: Lifecycle, who: Identity) -> list[Json]:
    """The entries of a request's `tools`."""
    tools = tools_of(lifecycle, who)
    if tools is None:
        return []
    if tools["place"] == "deferred":
        parameters = {"type": "object", "properties": {"limit": {"type": "number"}, "query": _TEXT}}
        search = {**parameters, "required": ["query"], "additionalProperties": False}
        return [{"type": "tool_search", "execution": "client", "description": _SEARCH, "parameters": search}]
    entries = [_entry(name, who) for name in tools["names"]]
    if tools["place"] != "namespace":
        return entries
    about = "Tools for spawning and managing sub-agents."
    return [{"type": "namespace", "name": tools["namespace"], "description": about, "tools": entries}]


def _entry(name: str, who: Identity) -> Json:
    second = who.generation == "v2"
    if name == "spawn_agent":
        properties, required = (_SPAWN_V2, ["task_name", "message"]) if second else (_SPAWN_V1, [])
        roles = ", ".join(who.config.roles)
        properties = {**properties, "agent_type": {**_TEXT, "description": f"Available roles: {roles}"}}
    elif name == "wait_agent":
        properties, required = (_WAIT_V2, []) if second else (_WAIT_V1, ["targets"])
    else:
        properties, required = _PARAMETERS[name]
    shape = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    about = name.replace("_", " ").capitalize() + "."
    return {"type": "function", "name": name, "description": about, "strict": False, "parameters": shape}
