"""What both sets of agent tools need: refusals, spawning, and what of a parent's history a fork inherits."""

from __future__ import annotations

import json
from _thread import start_new_thread

from . import hosted_threads, notices
from .agents import shown
from .identity import marker_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent
    from .hosted_turns import HostTurn

    Json = dict[str, Any]

SHORTEST_WAIT, USUAL_WAIT, LONGEST_WAIT = 10_000, 30_000, 3_600_000


class CallError(Exception):
    """A call that is refused: the model reads the text."""


def role_of(turn: HostTurn, arguments: Json) -> str | None:
    """The role that a call asks for. Raises CallError for one that there is not."""
    role = text(arguments, "agent_type")
    if role and role not in turn.who.config.roles:
        raise CallError(f"unknown agent_type '{role}'")
    return role or None


def text(arguments: Json, name: str) -> str | None:
    """A text among the arguments. Raises CallError."""
    value = arguments.get(name)
    if value is not None and not isinstance(value, str):
        raise CallError(f"failed to parse function arguments: {name}: expected a string")
    return value


def message_of(arguments: Json) -> str:
    """The message for an agent. Raises CallError."""
    words = text(arguments, "message")
    if words is None:
        raise CallError("Provide one of: message or items")
    if not words.strip():
        raise CallError("Empty message can't be sent to an agent")
    return words


def seconds_of(arguments: Json) -> float:
    """How long a call waits."""
    asked = arguments.get("timeout_ms", USUAL_WAIT)
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        raise CallError("failed to parse function arguments: timeout_ms: expected a number")
    return float(min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)) / 1000


def spawn(turn: HostTurn, words: str, history: list[Json] | None, *, role: str | None, path: str | None) -> Agent:
    """A new agent's thread, not running yet."""
    named = {"role": role, "nickname": turn.host.nickname(), "path": path, "marker": marker_in(words)}
    thread = hosted_threads.child(turn.host, turn.thread, turn.originator, history, **named)
    agent = turn.host.agents.add(thread)
    turn.host.announce(thread.identity, thread.rollout.path if thread.rollout is not None else None)
    turn.wire.notify("thread/status/changed", threadId=thread.id, status={"type": "idle"})
    notices.opened(turn.host, turn.wire, thread)
    return agent


def set_going(turn: HostTurn, agent: Agent, words: str | None) -> str:
    """Begin a turn of an agent, or speak into the one that runs. The id of the turn."""
    heard = [{"type": "text", "text": words, "text_elements": []}] if words is not None else []
    with agent.thread.lock:
        if agent.thread.turn is not None:
            if heard:
                agent.thread.turn.add_input(heard)
            return agent.thread.turn.id
        following = turn.another(agent.thread, heard)
        agent.thread.turn = following
    turn.host.agents.set_state(agent, "running")
    start_new_thread(following.run, ())
    return following.id


def inherited(items: list[Json], *, with_calls: bool) -> list[Json]:
    """What a fork takes over: who said what, of the assistant final answers alone; calls where the version keeps them.

    A call without an answer, the one that spawns, has been aborted as far as the child can tell.
    """
    if not with_calls:
        return [item for item in items if item.get("role") in ("developer", "user", "system") or _is_final(item)]
    answered = {item.get("call_id") for item in items if item.get("type") == "function_call_output"}
    taken = []
    for item in items:
        taken.append(item)
        if item.get("type") == "function_call" and item.get("call_id") not in answered:
            taken.append({"type": "function_call_output", "call_id": item.get("call_id"), "output": "aborted"})
    return taken


def _is_final(item: Json) -> bool:
    return item.get("role") == "assistant" and item.get("phase") == "final_answer"


class Shown:
    """A call as clients see it: started, and completed unless it is refused."""

    def __init__(
        self, turn: HostTurn, tool: str, call_id: str, *, prompt: str | None = None, visible: bool = True
    ) -> None:
        self._turn = turn
        self._visible = visible
        self._item: Json = {
            "type": "collabAgentToolCall",
            "id": call_id,
            "tool": tool,
            "status": "inProgress",
            "senderThreadId": turn.who.thread_id,
            "receiverThreadIds": [],
            "prompt": prompt,
            "model": None,
            "reasoningEffort": None,
            "agentsStates": {},
        }

    def begin(self, *receivers: str) -> None:
        """Notify the client of its start. `receivers` are thread ids."""
        self._item["receiverThreadIds"] = list(receivers)
        if self._visible:
            self._turn.show("started", dict(self._item))

    def end(self, states: dict[str, Any], *, failed: bool = False) -> None:
        """Notify the client of its end."""
        self._item["receiverThreadIds"] = list(states)
        self._item["agentsStates"] = {thread_id: shown(state) for thread_id, state in states.items()}
        self._item["status"] = "failed" if failed else "completed"
        if self._visible:
            self._turn.show("completed", dict(self._item))


def output(**fields: Any) -> str:
    """An answer in JSON."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
