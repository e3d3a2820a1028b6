"""Violates CTX-11: a nested child is recorded under the root of the tree."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import records, wire

right = records.Records.subagent_started


def subagent_started(self, parent, agent_id, agent_type):
    above = {path.stem: path.parent.name for path in Path(os.environ["PLUGIN_DATA"]).glob("subagents/*/*.json")}
    while parent in above:
        parent = above[parent]
    right(self, parent, agent_id, agent_type)


records.Records.subagent_started = subagent_started

sys.exit(wire.serve(right_hook.answer))
