"""The first set of agent tools: agents are called by their thread's id, and answer whoever waits for them."""

from __future__ import annotations

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent
    from .hosted_turns import HostTurn

    Json = dict[str, Any]

NOT_FOUND = "not_found"


def _spawn(turn: HostTurn, call_id: str, arguments: Json) -> str:
    words = message_of(arguments)
    shown = Shown(turn, "spawnAgent", call_id, prompt=words)
    shown.begin()
    fork = arguments.get("fork_context") is True
    if fork and arguments.get("agent_type"):
        raise CallError(turn.host.lifecycle["full_fork_with_role"]["v1"])
    role = role_of(turn, arguments)
    history = inherited(turn.thread.items, with_calls=False) if fork else None
    agent = spawn(turn, words, history, role=role, path=None)
    set_going(turn, agent, words)
    shown.end({agent.thread.id: "pending_init"})
    return output(agent_id=agent.thread.id, nickname=agent.thread.identity.nickname)


def _send(turn: HostTurn, call_id: str, arguments: Json) -> str:
    agent = _named(turn, text(arguments, "target") or "")
    words = message_of(arguments)
    shown = Shown(turn, "sendInput", call_id, prompt=words)
    shown.begin(agent.thread.id)
    before = agent.state
    turn_id = set_going(turn, agent, words)
    shown.end({agent.thread.id: before})
    return output(submission_id=turn_id)


def _wait(turn: HostTurn, call_id: str, arguments: Json) -> str:
    targets = arguments.get("targets")
    if not isinstance(targets, list) or not all(isinstance(target, str) for target in targets):
        raise CallError("failed to parse function arguments: targets: expected a list of strings")
    if not targets:
        raise CallError("agent ids must be non-empty")
    seconds = seconds_of(arguments)
    for target in targets:
        _valid(target)
    found = {target: turn.host.agents.get(target) for target in targets}
    shown = Shown(turn, "wait", call_id)
    shown.begin(*targets)

    def states() -> Json:
        return {
            key: agent.state if agent is not None else NOT_FOUND
            for key, agent in found.items()
            if agent is None or agent.final
        }

    turn.host.agents.changes.wait(lambda: bool(states()) or turn.abandoned, seconds)
    final = states()
    shown.end(final, failed=NOT_FOUND in final.values())
    return output(status=final, timed_out=not final)


def _named(turn: HostTurn, target: str) -> Agent:
    _valid(target)
    agent = turn.host.agents.get(target)
    if agent is None:
        raise CallError(f"agent with id {target} not found")
    return agent


def _valid(target: str) -> None:
    bad = next((place for place, sign in enumerate(target) if sign not in "0123456789abcdefABCDEF-"), None)
    if bad is not None:
        wrong = f"ParseChar {{ character: '{target[bad]}', index: {bad + 1} }}"
        raise CallError(f"invalid agent id {target}: Error({wrong})")
    if len(target.replace("-", "")) != 32:
        raise CallError(f"invalid agent id {target}: Error(ParseByteLength {{ len: {len(target)} }})")


PLAYED = {"spawn_agent": _spawn, "send_input": _send, "wait_agent": _wait}
"""Of the tools that are offered, those that a scripted model calls."""
