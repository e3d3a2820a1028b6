"""The messages that Codex puts before a conversation: permissions, environment, the role and the team of an agent.

Every turn of every thread begins with them; a hook's context stands beside them as a `developer` message.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity

    Json = dict[str, Any]

NEWLY_SPAWNED = "You are now a newly spawned child agent. What stands above is your parent's conversation."


def opening(cwd: str) -> list[Json]:
    """What every conversation begins with."""
    rules = "<permissions instructions>\nApproval policy is currently never.\n</permissions instructions>"
    day = time.strftime("%Y-%m-%d")
    where = f"<environment_context>\n  <cwd>{cwd}</cwd>\n  <current_date>{day}</current_date>\n</environment_context>"
    return [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": rules}]},
        user_message(where),
    ]


def user_message(text: str) -> Json:
    """The user's words as the model gets them."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def role_words(who: Identity) -> str | None:
    """The instructions of an agent's role."""
    role = who.config.agents.get(who.role or "", {}).get("developer_instructions")
    return role if isinstance(role, str) and who.kind == "child" else None


def team_words(who: Identity) -> list[Json]:
    """What the second set of agent tools is explained with, where a version does so in messages."""
    if who.kind == "child":
        place = "You are an agent in a team of agents collaborating to complete a task."
    else:
        place = f"You are `{who.path}`, the primary agent in a team of agents."
    mode = "<multi_agent_mode>Spawn nobody unless you are asked to.</multi_agent_mode>"
    return [developer_message(place), developer_message(mode)]


def input_text(text: str) -> Json:
    """A part of what the model reads."""
    return {"type": "input_text", "text": text}


def developer_message(text: str) -> Json:
    """What the host itself tells the model."""
    return {"type": "message", "role": "developer", "content": [input_text(text)]}
