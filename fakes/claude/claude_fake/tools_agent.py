"""The Agent tool: a subagent waited for, or started in the background with its id as the answer."""

from __future__ import annotations

import os

from standin.rows import pick

from .payloads import usage
from .subagents import Subagent
from .tools import ToolFailure, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent, Turn


def run(agent: Agent, tool_input: dict[str, Any], tool_use_id: str) -> Worked:
    """Start a subagent."""
    host = agent.host
    kind = tool_input.get("subagent_type") or "general-purpose"
    asked = bool(tool_input.get("run_in_background", host.lifecycle["agents_run_in_background"]))
    builtin: list[str] = host.lifecycle["builtin_agents"]
    if kind not in host.agent_types and kind not in builtin:
        known = ", ".join([*builtin, *host.agent_types])
        raise ToolFailure(f"Agent type '{kind}' not found. Available agents: {known}")
    subagent = Subagent(
        agent,
        kind,
        host.agent_types.get(kind),
        prompt=tool_input["prompt"],
        description=str(tool_input.get("description") or ""),
        tool_use_id=tool_use_id,
        background=asked or not host.lifecycle["agents_are_waited_for"],
    )
    host.tasks.started(subagent.task)
    subagent.begin(subagent.first_prompt)
    if subagent.background:
        _link_output(subagent)
        subagent.start_thread()
        return _launched(subagent)
    turn = subagent.run()
    host.tasks.ended(subagent.task, "completed")
    told = host.lifecycle["foreground_agent_notice"]
    summary = turn.text if told["summary"] == "the report" else subagent.task.description
    output_file = subagent.output_file if told["output_file"] else ""
    host.tasks.notice(subagent.task, "completed", output_file, summary)
    return _completed(subagent, turn)


def _link_output(subagent: Subagent) -> None:
    os.makedirs(os.path.dirname(subagent.output_file), exist_ok=True)
    try:
        os.symlink(subagent.agent.transcript.path, subagent.output_file)
    except OSError:
        with open(subagent.output_file, "ab"):
            pass


def _launched(subagent: Subagent) -> Worked:
    lifecycle = subagent.host.lifecycle
    values = {
        "isAsync": True,
        "status": "async_launched",
        "agentId": subagent.who.agent_id,
        "description": subagent.task.description,
        "resolvedModel": subagent.agent.model,
        "prompt": subagent.first_prompt,
        "outputFile": subagent.output_file,
        "canReadOutputFile": True,
        "canContinueAgent": True,
    }
    text = lifecycle.text("agent_launched", id=subagent.who.agent_id, output_file=subagent.output_file)
    return Worked([{"type": "text", "text": text}], pick(lifecycle["agent_launched_keys"], values))


def _completed(subagent: Subagent, turn: Turn) -> Worked:
    lifecycle, task = subagent.host.lifecycle, subagent.task
    tools = ",".join(dict.fromkeys(subagent.agent.tools_used))
    note = lifecycle.text("tools_used", tools=tools) if tools else ""
    blocks = [{"type": "text", "text": text} for text in (note, turn.text) if text]
    values = {
        "status": "completed",
        "prompt": subagent.first_prompt,
        "agentId": subagent.who.agent_id,
        "agentType": subagent.kind,
        "toolsUsed": list(dict.fromkeys(subagent.agent.tools_used)),
        "harnessNoteCount": len(blocks) - 1,
        "harnessTailCount": 0,
        "harnessSectionHash": "0" * 16,
        "content": blocks,
        "resolvedModel": subagent.agent.model,
        "totalDurationMs": task.milliseconds(),
        "totalTokens": task.tokens,
        "totalToolUseCount": task.tool_uses,
        "usage": usage(10, 5),
        "toolStats": {"bashCount": subagent.agent.tools_used.count("Bash")},
        "canContinueAgent": True,
    }
    told = {
        "text": turn.text,
        "indented": "\n".join("  " + line for line in turn.text.split("\n")),
        "note": "".join(f"  {line}\n" for line in note.split("\n")) if note else "",
        "id": subagent.who.agent_id,
        "tokens": task.tokens,
        "tool_uses": task.tool_uses,
        "duration_ms": values["totalDurationMs"],
    }
    rows = ("agent_result", "agent_result_end")
    texts = [lifecycle.text(row, **told) for row in rows]
    return Worked(
        [{"type": "text", "text": text} for text in texts if text], pick(lifecycle["agent_completed_keys"], values)
    )
