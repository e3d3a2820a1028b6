"""The Responses API, as much of it as Codex needs: reading a request, writing the events of an answer.

Pure: bytes and records, no sockets. Three events make an answer that Codex accepts (measured on 0.130.0 and 0.169.0):
`response.created`, `response.output_item.done`, `response.completed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hookproof.model.script import Answer, ToolCall, job_named, marked_agents

_FORK = "fork_context"
_DEFERRED = "multi_agent_v1"
# 0.133 does not offer its tools for agents: they wait behind a tool search, and a call of them works at once (measured)
_COMPACTION = "You are performing a CONTEXT CHECKPOINT COMPACTION"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function tool that the host offers: in which namespace, if any, and which arguments it takes."""

    name: str
    namespace: str | None
    arguments: frozenset[str]


@dataclass(frozen=True, slots=True)
class ResponsesRequest:
    """What counts in a request body."""

    job: str | None
    agent: str | None
    """The last agent that a text is marked with: a forked child's history begins with its parent's marker."""
    inherits: str | None
    """The agent whose prompt stands nearest before this one's own: it begins with that agent's history."""
    texts: tuple[tuple[str, str], ...]
    results: dict[str, tuple[str, bool]]
    """Tool result by call id: its text; whether it is an error nothing says."""
    tools: tuple[Tool, ...]
    stream: bool
    model: str
    aside: bool
    """Whether it asks for a summary of the thread, which is no step of anybody's script."""

    @property
    def received(self) -> str:
        """Everything that the model can read, as one text."""
        return "\n".join([*(text for _, text in self.texts), *(text for text, _ in self.results.values())])


def parse(body: Any) -> ResponsesRequest:
    """The request in a decoded body. Raises ValueError with what was expected."""
    if not isinstance(body, dict) or not isinstance(body.get("input"), str | list):
        raise ValueError('expected a JSON object with an "input" of text or items')
    for name in ("input", "tools"):
        rows = body.get(name) or []
        if not isinstance(rows, str) and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            raise ValueError(f'expected every one of the "{name}" to be an object')
    texts = list(_texts(body["input"]))
    # the newest prompt decides: a resumed thread carries the prompts of earlier jobs before it
    users = [text for role, text in texts if role == "user"]
    jobs = (job_named(text) for text in reversed(users))
    # the second set of agent tools hands a child its task in another role than the user's
    agents = [agent for _, text in texts for agent in marked_agents(text)]
    return ResponsesRequest(
        job=next((job for job in jobs if job is not None), None),
        agent=agents[-1] if agents else None,
        inherits=next((agent for agent in reversed(agents) if agent != agents[-1]), None),
        texts=tuple(texts),
        results=dict(_results(body["input"])),
        tools=tuple(_tools(body.get("tools"), None)),
        stream=bool(body.get("stream")),
        model=str(body.get("model") or "gpt"),
        aside=bool(users) and users[-1].startswith(_COMPACTION),
    )


def _texts(items: Any) -> Iterator[tuple[str, str]]:
    if isinstance(items, str):
        yield "user", items
        return
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        role, content = str(item.get("role") or item.get("type", "")), item.get("content")
        if isinstance(content, str):
            yield role, content
        for part in content if isinstance(content, list) else []:
            for key in ("text", "encrypted_content") if isinstance(part, dict) else ():
                if isinstance(part.get(key), str):
                    yield role, part[key]


def _results(items: Any) -> Iterator[tuple[str, tuple[str, bool]]]:
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and item.get("type") == "function_call_output":
            output = item.get("output")
            yield str(item.get("call_id")), (output if isinstance(output, str) else json.dumps(output), False)


def _tools(tools: Any, namespace: str | None) -> Iterator[Tool]:
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            continue
        if tool.get("type") == "namespace":
            yield from _tools(tool.get("tools"), str(tool.get("name")))
        elif tool.get("type") == "tool_search":
            for name in ("spawn_agent", "wait_agent", "send_input"):
                yield Tool(name, _DEFERRED, frozenset())
        elif isinstance(tool.get("name"), str):
            parameters = tool.get("parameters")
            properties = parameters.get("properties") if isinstance(parameters, dict) else None
            yield Tool(tool["name"], namespace, frozenset(properties if isinstance(properties, dict) else ()))


def find_tool(call: ToolCall, offered: tuple[Tool, ...]) -> Tool | None:
    """The first of the call's names that the host offers."""
    return next((tool for name in call.names for tool in offered if tool.name == name), None)


def created(number: int) -> bytes:
    """The first event: the response exists. What follows may be held back for as long as the job shall run."""
    return _event("response.created", {"response": {"id": f"resp_{number:04d}"}})


def completed(whole: dict[str, Any]) -> bytes:
    """The rest of the events: what the response says, and its end."""
    items = b"".join(
        _event("response.output_item.done", {"output_index": index, "item": item})
        for index, item in enumerate(whole["output"])
    )
    return items + _event("response.completed", {"response": whole})


def response(number: int, answer: Answer, offered: tuple[Tool, ...] = ()) -> dict[str, Any]:
    """The answer as a complete Responses response. A call is spelled as the host offers the tool."""
    item: dict[str, Any] = {"id": f"item_{number:04d}"}
    if answer.call is None:
        text = {"type": "output_text", "text": answer.text or "", "annotations": []}
        item |= {"type": "message", "role": "assistant", "content": [text]}
    else:
        call = answer.call
        tool = find_tool(call, offered) or Tool(call.names[0], None, frozenset())
        item |= {"type": "function_call", "call_id": call.id, "name": tool.name}
        item["arguments"] = json.dumps(_arguments(call, tool))
        if tool.namespace is not None:
            item["namespace"] = tool.namespace
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    }
    return {"id": f"resp_{number:04d}", "object": "response", "status": "completed", "output": [item], "usage": usage}


def _arguments(call: ToolCall, tool: Tool) -> dict[str, Any]:
    """The call's arguments as this tool names them: the second set of agent tools has other words."""
    arguments = dict(call.input)
    if "task_name" in tool.arguments:
        arguments["task_name"] = call.id.replace("-", "_")
        arguments["fork_turns"] = "all" if arguments.pop(_FORK, False) else "none"
    return {name: value for name, value in arguments.items() if not tool.arguments or name in tool.arguments}


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
