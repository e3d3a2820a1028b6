"""Violates CTX-17: the launcher is explained at length, on either host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import context, wire

right = context.build_subagent_start_context
context.build_subagent_start_context = lambda *about: right(*about).replace(
    "</launcher>", "Use the launcher as it stands here.\n" * 300 + "</launcher>"
)

sys.exit(wire.serve(right_hook.answer))
