"""The second set of agent tools: agents have task names under a path, and whatever they say comes as messages."""

from __future__ import annotations

from .agent_messages import agent_message, between, post
from .agents_common import (
    CallError,
    Shown,
    inherited,
    message_of,
    output,
    role_of,
    seconds_of,
    set_going,
    spawn,
    text,
)
from .identity import ROOT_PATH, of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .hosted_turns import HostTurn
    from .identity import HostThread

    Json = dict[str, Any]


def _spawn(turn: HostTurn, call_id: str, arguments: Json) -> str:
    words, task = message_of(arguments), text(arguments, "task_name")
    if not task or not task.replace("_", "a").isalnum() or task != task.lower():
        raise CallError("task_name must use only lowercase letters, digits, and underscores")
    shown = _shown(turn, "spawn_agent", "spawnAgent", call_id, words)
    shown.begin()
    turns = text(arguments, "fork_turns") or "all"
    refusal = turn.host.lifecycle["full_fork_with_role"]["v2"]
    if turns == "all" and arguments.get("agent_type") and refusal:
        raise CallError(refusal)
    role = role_of(turn, arguments)
    path = f"{turn.who.path or ROOT_PATH}/{task}"
    if turn.host.agents.at(path) is not None:
        raise CallError(f"agent path {path} is taken")
    agent = spawn(turn, words, _history(turn, turns), role=role, path=path)
    _send(turn, agent.thread, "NEW_TASK", words, pressing=True)
    set_going(turn, agent, None)
    shown.end({agent.thread.id: "pending_init"})
    if turn.host.lifecycle["v2_spawn_tells_nickname"]:
        return output(task_name=path, nickname=of(agent.thread).nickname)
    return output(task_name=path)


def _history(turn: HostTurn, turns: str) -> list[Json] | None:
    if turns == "none":
        return None
    items = turn.thread.items
    if turns.isdigit():
        prompts = [number for number, item in enumerate(items) if item.get("role") == "user"]
        items = items[prompts[-int(turns)] :] if 0 < int(turns) <= len(prompts) else items
    elif turns != "all":
        raise CallError("fork_turns must be `none`, `all`, or a positive integer string")
    return inherited(items, with_calls=turn.host.lifecycle["v2_fork_keeps_calls"])


def _wait(turn: HostTurn, call_id: str, arguments: Json) -> str:
    seconds = seconds_of(arguments)
    shown = _shown(turn, "wait", "wait", call_id, None)
    shown.begin()

    def over() -> bool:
        # whose message came with an earlier request has ended: where nobody runs any more, nobody will write
        children = turn.host.agents.under(turn.thread)
        idle = all(agent.state not in ("pending_init", "running") for agent in children)
        return bool(turn.who.messages) or turn.abandoned or idle

    came = turn.host.agents.changes.wait(over, seconds)
    shown.end({})
    return output(message="Wait completed." if came else "Wait timed out.", timed_out=not came)


def _send(turn: HostTurn, thread: HostThread, kind: str, words: str, *, pressing: bool) -> None:
    author, recipient = turn.who.path or ROOT_PATH, of(thread).path or ROOT_PATH
    if turn.host.lifecycle["v2_task"] == "agent message":
        item = agent_message(kind, author, recipient, words)
    else:
        item = between(author, recipient, words, pressing=pressing)
    post(thread, item, pressing=pressing)


def _shown(turn: HostTurn, name: str, tool: str, call_id: str, prompt: str | None) -> Shown:
    visible = name in turn.host.lifecycle["v2_items"]
    return Shown(turn, tool, call_id, prompt=prompt, visible=visible)


PLAYED = {"spawn_agent": _spawn, "wait_agent": _wait}
"""Of the tools that are offered, those that a scripted model calls."""
