"""Violates CTX-01: the main session gets its policy without the last rule."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import context, wire

right = context.build_session_start_context
context.build_session_start_context = lambda *about: "".join(
    line for line in right(*about).splitlines(keepends=True) if "One issue says one thing" not in line
)

sys.exit(wire.serve(right_hook.answer))
