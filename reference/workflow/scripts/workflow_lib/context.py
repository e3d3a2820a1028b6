"""The texts that reach a model, put together from the fragments under hooks/context."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .project import Config


def build_session_start_context(config: Config, plugin_root: str, runtime: str, words: str = "the same") -> str:
    """The main session's policy; `dated`: with the moment in it, so that no two are the same text."""
    policy = _fill("main/session-start.md", config, plugin_root, runtime)
    if words != "dated":
        return policy
    import time  # noqa: PLC0415 - one policy in many

    return f"{policy}\n\nTold at {time.time_ns()}."


def build_subagent_start_context(config: Config, plugin_root: str, runtime: str, agent_type: str) -> str:
    """A subagent's block: launcher, authoring resolver, its runbook. Empty for an agent that has no template.

    The name comes from outside, so it is looked for among the templates there are and never made part of a path.
    """
    template = f"{agent_type}.md"
    if template not in os.listdir(os.path.join(plugin_root, "hooks", "context", "subagent", "agents")):
        return ""
    return _fill("subagent/session-start.md", config, plugin_root, runtime, AGENT=f"subagent/agents/{template}")


def _fill(name: str, config: Config, plugin_root: str, runtime: str, **fragments: str) -> str:
    fragments = {"LAUNCHER": f"snippets/launcher/{runtime}.md", "AUTHORING": "snippets/authoring.md", **fragments}
    whole = _read(plugin_root, name)
    for placeholder, fragment in fragments.items():
        whole = whole.replace(f"{{{{{placeholder}}}}}", _read(plugin_root, fragment))
    return whole.replace("{{TRACKER}}", config.tracker).replace("{{PLUGIN_ROOT}}", plugin_root)


def _read(plugin_root: str, name: str) -> str:
    with open(os.path.join(plugin_root, "hooks", "context", *name.split("/")), encoding="utf-8") as file:
        return file.read().strip()
