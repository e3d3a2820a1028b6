"""Violates CTX-05: a spawned child without a parent is recorded under itself and gets its block."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import rollout, wire

right = rollout.parent_thread_id


def parent_thread_id(meta):
    is_spawned = isinstance(meta["source"]["subagent"], dict)
    return right(meta) or (meta["id"] if is_spawned else "")


rollout.parent_thread_id = parent_thread_id

sys.exit(wire.serve(right_hook.answer))
