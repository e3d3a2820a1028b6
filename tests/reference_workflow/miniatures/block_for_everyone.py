"""Violates CTX-03: the builder is called for every name, as the issue says, and gives unknown ones the frame."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import context, wire

right = context.build_subagent_start_context


def build(config, plugin_root, runtime, agent_type):
    frame = right(config, plugin_root, runtime, "issue-planner").partition("<runbook>")[0]
    return right(config, plugin_root, runtime, agent_type) or frame


context.build_subagent_start_context = build

sys.exit(wire.serve(right_hook.answer))
