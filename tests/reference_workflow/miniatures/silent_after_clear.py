"""Violates CTX-15: the policy comes with startup alone, not with clear."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import wire

right_hook._SOURCES = ("startup", "resume")

sys.exit(wire.serve(right_hook.answer))
