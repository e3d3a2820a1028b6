"""Answers a tool call of the model: which tool is meant, its hooks, its output. An unknown tool is unsupported."""

from __future__ import annotations

import json

from . import agents_v1, agents_v2
from .agents_common import CallError
from .agents_tools import tools_of
from .turns import unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .hosted_turns import HostTurn

    Json = dict[str, Any]


def answer(turn: HostTurn, item: Json) -> str:
    """The output of one call. Handed to the turns with their surroundings."""
    tools = tools_of(turn.host.lifecycle, turn.who)
    name, namespace = str(item.get("name")), item.get("namespace") or ""
    second = turn.who.generation == "v2"
    played = agents_v2.PLAYED if second else agents_v1.PLAYED
    if tools is None or name not in tools["names"] or name not in played or namespace != tools["namespace"]:
        return unsupported(item)
    hooked: dict[str, str] = turn.host.lifecycle["hooked_tools_v2" if second else "hooked_tools"]
    about: Json = {"tool_name": hooked.get(name), "tool_use_id": item.get("call_id")}
    try:
        arguments = _parsed(str(item.get("arguments")))
    except CallError as refused:
        return str(refused)
    if name in hooked:
        effects = turn.at("tool is called", **about, tool_input=arguments)
        turn.add_contexts(effects)
        if effects.block is not None:
            return f"Tool call blocked by PreToolUse hook: {effects.block}. Tool: {hooked[name]}"
    try:
        output = played[name](turn, str(item.get("call_id")), arguments)
    except CallError as refused:
        return str(refused)
    if name in hooked:
        effects = turn.at("tool has worked", **about, tool_input=arguments, tool_response=output)
        turn.add_contexts(effects)
        if effects.block is not None or effects.stop is not None:
            return effects.block or effects.stop or ""
    return output


def _parsed(text: str) -> Json:
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise CallError(f"failed to parse function arguments: {error}") from None
    if not isinstance(arguments, dict):
        raise CallError("failed to parse function arguments: expected an object")
    return arguments
