"""Reads the transcripts of Codex: `$CODEX_HOME/sessions/…/rollout-….jsonl`, and those of its children beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.errors import HookproofError
from hookproof.transcripts.conversation import MAIN, Conversation, Row, rows

_HOSTS_OWN = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md",
    "<subagent_notification>",
    "<turn_aborted>",
)
_MOST_CHILDREN = 200


def is_one(found: Iterable[tuple[int, Row]]) -> bool:
    """Whether these lines are a transcript of Codex."""
    return any(row.get("type") in ("session_meta", "response_item") for _, row in found)


def read(path: Path, found: list[tuple[int, Row]], told: Conversation) -> None:
    """Put into `told` what the lines say. Raises FileError."""
    meta = next((_payload(row) for _, row in found if row.get("type") == "session_meta"), {})
    told.folder, told.version = _text(meta.get("cwd")) or None, _text(meta.get("cli_version")) or None
    children = {thread: lines for thread, lines in _children(path) if thread != meta.get("id")}
    _Reader(told, children).read(MAIN, [row for _, row in found])


def _children(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """Thread -> its lines, of every other transcript in the folder."""
    for file in sorted(path.parent.glob("rollout-*.jsonl"))[:_MOST_CHILDREN]:
        if file == path:
            continue
        try:
            lines = [row for _, row in rows(file)]
        except HookproofError:
            continue  # another session's, and none of this one's affair
        meta = next((_payload(row) for row in lines if row.get("type") == "session_meta"), {})
        yield _text(meta.get("id")), lines


class _Reader:
    def __init__(self, told: Conversation, children: dict[str, list[Row]]) -> None:
        self._told = told
        self._children = children
        self._names: dict[str, str] = {}

    def read(self, agent: str, lines: list[Row]) -> None:
        """Take in what one thread heard and said."""
        self._told.agent(agent)
        items = [_payload(row) for row in lines if row.get("type") == "response_item"]
        results = {_text(each.get("call_id")): _text(each.get("output")) for each in items if "output" in each}
        for number, item in enumerate(items):
            if item.get("type") == "message" and item.get("role") == "user":
                text = _content(item)
                if agent == MAIN and text.strip() and not text.startswith(_HOSTS_OWN):
                    self._told.type(text)
            elif item.get("type") == "message" and item.get("role") == "assistant":
                after = next((each for each in items[number + 1 :] if each.get("role") != "developer"), {})
                if after.get("type") in ("function_call", "custom_tool_call", "local_shell_call"):
                    self._told.left_out["a text of the model beside a tool call"] += 1
                else:
                    self._told.say(agent, _content(item))
            elif item.get("type") in ("function_call", "custom_tool_call", "local_shell_call"):
                self._call(agent, item, results)

    def _call(self, agent: str, item: Row, results: dict[str, str]) -> None:
        name, given = _text(item.get("name")) or "local_shell", _object(item.get("arguments"))
        if name == "spawn_agent":
            self._spawn(agent, given, _object(results.get(_text(item.get("call_id")))))
        elif name in ("wait_agent", "wait"):
            names = [self._names[each] for each in _texts(given.get("targets")) if each in self._names]
            self._told.call(agent, {"call": "wait_agent", **({"names": names} if names else {})})
        elif name == "send_input" and _text(given.get("target")) in self._names:
            sent = {"name": self._names[_text(given.get("target"))], "message": _text(given.get("message"))}
            self._told.call(agent, {"call": "send_input", **sent})
        else:
            self._told.left_out[f"a call of the tool {name}"] += 1

    def _spawn(self, agent: str, given: Row, result: Row) -> None:
        kind = _text(given.get("agent_type")) or _text(given.get("task_name")) or "child"
        name, number = kind, 1
        while name in self._told.agents:
            number += 1
            name = f"{kind}-{number}"
        step = {"call": "spawn_agent", "name": name, "message": _text(given.get("message"))}
        if _text(given.get("agent_type")):
            step["agent_type"] = _text(given["agent_type"])
        fork = bool(given.get("fork_context")) or given.get("fork_turns") == "all"
        self._told.call(agent, {**step, "fork": True} if fork else step)
        thread = _text(result.get("agent_id")) or _text(result.get("task_name"))
        self._names[thread] = name
        lines = self._children.pop(thread, None)
        if lines is None:
            self._told.left_out[f"what the agent {name} said, of which there is no transcript beside this one"] += 1
            self._told.say(name, "Done.")
        else:
            self.read(name, lines)


def _payload(row: Row) -> Row:
    payload = row.get("payload")
    return payload if isinstance(payload, dict) else {}


def _object(text: Any) -> Row:
    try:
        value = files.parse_json(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _content(item: Row) -> str:
    content = item.get("content")
    return (
        "\n".join(_text(part.get("text")) for part in content if isinstance(part, dict))
        if isinstance(content, list)
        else ""
    )


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
