"""`/compact`: the model sums the conversation up, and the summary takes its place. Called by the session.

The summary is asked for by an agent of the host's own, of which a SubagentStop hook tells. The session goes on under
its id; what its start hooks say then comes with the next prompt.
"""

from __future__ import annotations

import re

from .conversation import text_block
from .identity import Identity, new_task_id
from .model_client import ModelError
from .request_body import body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .agents import Agent
    from .host import Host

QUESTION = """\
CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.

Your task is to create a detailed summary of the conversation so far.
"""
TRIGGER = "manual"
CAVEAT = "<local-command-caveat>The command below was run by the user; it is no request.</local-command-caveat>"
NAMED = (
    "<command-name>/compact</command-name>\n<command-message>compact</command-message>\n<command-args></command-args>"
)
DONE = "<local-command-stdout>Compacted</local-command-stdout>"
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)


def summary(host: Host, agent: Agent) -> str:
    """What the model sums the conversation up to. Raises ModelError."""
    main = host.main
    host.stream.line("system/status", main, status="compacting")
    instructions = "" if host.lifecycle["compact_instructions"] == "an empty text" else None
    host.at("compaction begins", main, trigger=TRIGGER, custom_instructions=instructions)
    try:
        answer = _asked(host, agent)
    except ModelError:
        host.stream.line("system/status", main, status=None)
        raise
    _summed_up(host, answer)
    return answer


def go_on(host: Host, agent: Agent, answer: str, init: Callable[[], None]) -> None:
    """Put the summary in the place of the conversation; `init` prints what the session has and can do."""
    main = host.main
    host.at("compaction ends", main, trigger=TRIGGER, compact_summary=answer)
    host.stream.line("system/status", main, status=None, compact_result="success")
    init()
    host.stream.line("system/compact_boundary", main, compact_metadata={"trigger": TRIGGER, "pre_tokens": 0})
    found = _SUMMARY.search(answer)
    told = host.lifecycle.text(
        "compaction_summary", summary=(found[1] if found else answer).strip(), transcript=main.transcript_path
    )
    agent.replace(told, keeps_last_answer=host.lifecycle["compaction_keeps"] == "the last answer")
    agent.prompt([text_block(text) for text in (CAVEAT, NAMED, DONE)], [])
    for text in (told, DONE):
        agent.line("user", message={"role": "user", "content": text}, isSynthetic=text == told)


def _asked(host: Host, agent: Agent) -> str:
    question: dict[str, Any] = {"role": "user", "content": [text_block(QUESTION)]}
    asked = body(
        host.lifecycle,
        host.main,
        model=agent.model,
        system=agent.system,
        tools=agent.tools,
        messages=[*agent.conversation.messages, question],
    )
    answer = host.client.ask(asked, host.main.root_session_id, {})
    return "\n".join(block["text"] for block in answer["content"] if block["type"] == "text")


def _summed_up(host: Host, answer: str) -> None:
    """The agent that has written the summary is done."""
    main, id_ = host.main, new_task_id("agent")
    writer = Identity(
        session_id=main.session_id,
        root_session_id=main.root_session_id,
        transcript_path=main.transcript_path,
        agent_id=id_,
        agent_type="",
    )
    writer.prompt_id = main.prompt_id
    host.at(
        "summary is written",
        writer,
        stop_hook_active=False,
        agent_transcript_path=host.transcript_path(main.session_id, id_),
        last_assistant_message=answer,
    )
    host.recorder.write("subagent.ended", agent_id=id_, agent_type="", session_id=main.session_id, how="completed")
