"""Violates CTX-18: on Codex the runbook has a line more than on Claude Code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import context, wire

right = context.build_subagent_start_context
context.build_subagent_start_context = lambda *about: right(*about).replace(
    "</runbook>", "5. Wait for your parent.\n</runbook>"
)

sys.exit(wire.serve(right_hook.answer))
