"""What Codex itself says to a thread before anybody else does, and the tokens that it counts while they talk."""

from __future__ import annotations

from .mail import developer_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .identity import Identity

    Json = dict[str, Any]

NEWLY_SPAWNED = "You are now a newly spawned child agent. What stands above is your parent's conversation."
_DETAILS = {
    "cached_input_tokens": ("input_tokens_details", "cached_tokens"),
    "reasoning_output_tokens": ("output_tokens_details", "reasoning_tokens"),
}


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


def usage_added(who: Identity, usage: Any) -> bool:
    """Add what one request has used. Whether the model has counted anything."""
    if not isinstance(usage, dict):
        return False
    total = who.usage
    used = {key: value for key, value in usage.items() if isinstance(value, int)}
    for key, (inner, name) in _DETAILS.items():
        within = usage.get(inner)
        used[key] = int(within.get(name) or 0) if isinstance(within, dict) else 0
    who.last_usage = used
    for key, value in used.items():
        total[key] = total.get(key, 0) + value
    return bool(used)
