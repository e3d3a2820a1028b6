"""Claude Code's hook: the main policy for a main session, its own block for a subagent.

Claude Code says at SubagentStart who begins, in the session of the root; so there is nothing here to find out. Main is
told its policy at each of its starts, the same words each time: 2.1.91 has lost them after a resume, and 2.1.329, which
has kept them, does not repeat them to its model. See AGENTS.md.
"""

from __future__ import annotations

import os
import sys

PLUGIN_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(PLUGIN_ROOT, "scripts"))

from workflow_lib import Json, context, policy, project, wire  # noqa: E402
from workflow_lib.records import Records  # noqa: E402

_OWN = "hookproof-workflow:"  # how Claude Code spells the agents of a plugin


def answer(payload: Json) -> str:
    event = wire.text(payload, "hook_event_name")
    session, agent = wire.text(payload, "session_id"), wire.text(payload, "agent_id")
    config = project.config_for(wire.text(payload, "cwd")) if event in ("SessionStart", "SubagentStart") else None
    if config is None:
        return ""
    records, rules = Records(config.root), policy.of_this_plugin()
    if event == "SessionStart":
        is_told = not agent and _starts_anew(records, rules, session, wire.text(payload, "source"))
        return context.build_session_start_context(config, PLUGIN_ROOT, "claude", rules.main_words) if is_told else ""
    name = wire.text(payload, "agent_type").removeprefix(_OWN)
    records.subagent_started(session, agent, name)
    if rules.claude_agents == "policy":
        return context.build_session_start_context(config, PLUGIN_ROOT, "claude")
    return context.build_subagent_start_context(config, PLUGIN_ROOT, "claude", name)


def _starts_anew(records: Records, rules: policy.Policy, session: str, source: str) -> bool:
    """Whether main is told at this start, of a session that may have been told before."""
    is_new = records.announce(session)
    if source == "clear":
        return rules.claude_clear_tells
    if source == "compact":
        return rules.claude_compact_tells
    return is_new or source != "resume" or rules.claude_resume_tells


if __name__ == "__main__":
    sys.exit(wire.serve(answer))
