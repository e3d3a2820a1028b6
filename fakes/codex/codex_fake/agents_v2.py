"""The second set of agent tools: agents have task names under a path, and whatever they say comes as mail."""

from __future__ import annotations

from .agents_common import (
    CallError,
    Shown,
    inherited,
    interrupt,
    message_of,
    output,
    role_of,
    seconds_of,
    set_going,
    spawn,
    text,
)
from .identity import ROOT_PATH, of
from .mail import agent_message, between, post

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent
    from .hosted_turns import HostTurn
    from .identity import HostThread

    Json = dict[str, Any]


def run(turn: HostTurn, name: str, call_id: str, arguments: Json) -> str:
    """The output of a call. Raises CallError."""
    handler = {
        "spawn_agent": _spawn,
        "send_message": _send,
        "followup_task": _follow_up,
        "wait_agent": _wait,
        "close_agent": _close,
        "interrupt_agent": _interrupt,
        "list_agents": _list,
    }[name]
    return handler(turn, call_id, arguments)


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
    _tell(turn, agent.thread, "NEW_TASK", words, pressing=True)
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


def _send(turn: HostTurn, call_id: str, arguments: Json) -> str:
    thread, words = _named(turn, arguments), message_of(arguments)
    shown = _shown(turn, "send_input", "sendInput", call_id, words)
    shown.begin(thread.id)
    _tell(turn, thread, "MESSAGE", words, pressing=False)
    turn.host.agents.changes.tell()
    shown.end(_states(turn, thread))
    return ""


def _follow_up(turn: HostTurn, call_id: str, arguments: Json) -> str:
    thread, words = _named(turn, arguments), message_of(arguments)
    agent = turn.host.agents.get(thread.id)
    if agent is None:
        raise CallError("Tasks can't be assigned to the root agent")
    shown = _shown(turn, "send_input", "sendInput", call_id, words)
    shown.begin(thread.id)
    before = {thread.id: agent.state}
    agent.last_task = words
    _tell(turn, thread, "NEW_TASK", words, pressing=True)
    set_going(turn, agent, None)
    shown.end(before)
    return ""


def _wait(turn: HostTurn, call_id: str, arguments: Json) -> str:
    seconds = seconds_of(arguments)
    shown = _shown(turn, "wait", "wait", call_id, None)
    shown.begin()

    def over() -> bool:
        # whose mail came with an earlier request has ended: where nobody runs any more, nobody will write
        children = turn.host.agents.under(turn.thread)
        idle = all(agent.state not in ("pending_init", "running") for agent in children)
        return bool(turn.who.mail) or turn.abandoned or idle

    came = turn.host.agents.changes.wait(over, seconds)
    shown.end({})
    return output(message="Wait completed." if came else "Wait timed out.", timed_out=not came)


def _close(turn: HostTurn, call_id: str, arguments: Json) -> str:
    agent = _agent(turn, arguments)
    shown = _shown(turn, "close_agent", "closeAgent", call_id, None)
    shown.begin(agent.thread.id)
    before = agent.state
    turn.host.agents.close(agent.thread.id)
    shown.end({agent.thread.id: before})
    return output(previous_status=before)


def _interrupt(turn: HostTurn, _: str, arguments: Json) -> str:
    agent = _agent(turn, arguments)
    before = agent.state
    interrupt(turn, agent)
    return output(previous_status=before)


def _list(turn: HostTurn, _: str, arguments: Json) -> str:
    prefix = text(arguments, "path_prefix") or ""
    tells_task = turn.host.lifecycle["v2_task"] != "agent message"
    rows: list[Json] = [{"agent_name": ROOT_PATH, "agent_status": "running", "last_task_message": "Main thread"}]
    rows += [
        {"agent_name": of(agent.thread).path, "agent_status": agent.state, "last_task_message": agent.last_task}
        for agent in turn.host.agents.all()
    ]
    listed = [row for row in rows if str(row["agent_name"]).startswith(prefix)]
    if not tells_task:
        listed = [{key: row[key] for key in ("agent_name", "agent_status")} for row in listed]
    return output(agents=listed)


def _tell(turn: HostTurn, thread: HostThread, kind: str, words: str, *, pressing: bool) -> None:
    author, recipient = turn.who.path or ROOT_PATH, of(thread).path or ROOT_PATH
    if turn.host.lifecycle["v2_task"] == "agent message":
        item = agent_message(kind, author, recipient, words)
    else:
        item = between(author, recipient, words, pressing=pressing)
    post(thread, item, pressing=pressing)


def _named(turn: HostTurn, arguments: Json) -> HostThread:
    target = text(arguments, "target") or ""
    if target in (ROOT_PATH, turn.who.root):
        thread = turn.thread
        while (parent := of(thread).parent) is not None:
            thread = parent
        return thread
    path = target if target.startswith("/") else f"{turn.who.path or ROOT_PATH}/{target}"
    agent = turn.host.agents.at(path) or turn.host.agents.get(target)
    if agent is None:
        raise CallError(f"live agent path `{path}` not found")
    return agent.thread


def _agent(turn: HostTurn, arguments: Json) -> Agent:
    agent = turn.host.agents.get(_named(turn, arguments).id)
    if agent is None:
        raise CallError("the root agent can't be closed or interrupted")
    return agent


def _states(turn: HostTurn, thread: HostThread) -> Json:
    agent = turn.host.agents.get(thread.id)
    return {thread.id: agent.state} if agent is not None else {}


def _shown(turn: HostTurn, name: str, tool: str, call_id: str, prompt: str | None) -> Shown:
    visible = name in turn.host.lifecycle["v2_items"]
    return Shown(turn, tool, call_id, prompt=prompt, visible=visible)
