"""Claude Code's hook: the main policy for a main session, its own block for a subagent.

Claude Code says at SubagentStart who begins, in the session of the root; so there is nothing here to find out.
"""

from __future__ import annotations

import os
import sys

PLUGIN_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(PLUGIN_ROOT, "scripts"))

from workflow_lib import Json, context, project, wire  # noqa: E402
from workflow_lib.records import Records  # noqa: E402

_OWN = "hookproof-workflow:"  # how Claude Code spells the agents of a plugin


def answer(payload: Json) -> str:
    event = wire.text(payload, "hook_event_name")
    session, agent = wire.text(payload, "session_id"), wire.text(payload, "agent_id")
    config = project.config_for(wire.text(payload, "cwd")) if event in ("SessionStart", "SubagentStart") else None
    if config is None:
        return ""
    records = Records(config.root)
    if event == "SubagentStart":
        name = wire.text(payload, "agent_type").removeprefix(_OWN)
        records.subagent_started(session, agent, name)
        return context.build_subagent_start_context(config, PLUGIN_ROOT, "claude", name)
    if agent or (not records.announce(session) and wire.text(payload, "source") == "resume"):
        return ""
    return context.build_session_start_context(config, PLUGIN_ROOT, "claude")


if __name__ == "__main__":
    sys.exit(wire.serve(answer))
