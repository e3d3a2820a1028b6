"""Violates CTX-06: says what it is doing on stdout, before a main session's policy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import context, wire

right = context.build_session_start_context


def build(*about):
    print("workflow: announcing the policy")
    return right(*about)


context.build_session_start_context = build

sys.exit(wire.serve(right_hook.answer))
