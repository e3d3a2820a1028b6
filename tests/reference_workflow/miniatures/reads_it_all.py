"""Violates CTX-16: reads the whole transcript and believes that every line of it is JSON."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import rollout, wire

right = rollout.session_meta


def session_meta(path):
    lines = [json.loads(line) for line in Path(path or os.devnull).read_text().splitlines()]
    return right(path) if lines else None


rollout.session_meta = session_meta

sys.exit(wire.serve(right_hook.answer))
