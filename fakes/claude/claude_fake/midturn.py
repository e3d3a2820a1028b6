"""What comes while an agent is at work, and where it meets the tool results: news of tasks, lines that the user typed.

Called once for every round of tools. What a lifecycle does not take in here waits for a turn of its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent


def take_in(agent: Agent, results: list[dict[str, Any]]) -> list[str]:
    """The sentences that follow the tool results; what belongs inside a result is put there."""
    host, lifecycle = agent.host, agent.host.lifecycle
    sentences: list[str] = []
    if lifecycle["notice_in_midturn"] == "after the tool results":
        sentences += [lifecycle.text("notice_in_midturn", notification=news) for news in agent.take_news()]
        for notice in host.inbox.take_notices() if agent.task is None else ():
            told = lifecycle.text("notice_in_midturn", notification=notice.text)
            heard = _through_hooks(agent, notice.text, told)
            host.background.note(notice.task, notice.status, to_model=bool(heard))
            sentences += heard
    where = lifecycle["user_line_in_midturn"]
    if agent.task is None and where != "waits for the next turn":
        for typed in host.inbox.take_typed():
            told = lifecycle.text("user_line_in_midturn", text=typed.text)
            if where == "after the tool results":
                sentences += _through_hooks(agent, typed.text, told)
            elif isinstance(results[-1]["content"], str):
                results[-1]["content"] += f"\n\n<system-reminder>\n{told}\n</system-reminder>"
            else:
                sentences.append(told)
    return sentences


def _through_hooks(agent: Agent, text: str, told: str) -> list[str]:
    """What is told, and what the prompt's hooks add to it; nothing where they refuse the text."""
    effects = agent.host.fire("UserPromptSubmit", agent.who, prompt=text)
    return [] if effects.refusal is not None else [told, *effects.sentences]
