"""Violates CTX-10: takes every `source.subagent` for an object, and crashes over a review's string."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import rollout, wire

right = rollout.parent_thread_id
rollout.parent_thread_id = lambda meta: meta["source"]["subagent"]["thread_spawn"] and right(meta)

sys.exit(wire.serve(right_hook.answer))
