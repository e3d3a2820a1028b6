"""Violates CTX-08: the last session_meta line decides, which in a forked child's rollout is the parent's copy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import right_hook
from workflow_lib import rollout, wire

right = rollout.session_meta


def session_meta(path):
    found = right(path)
    for line in Path(path).read_bytes().splitlines() if found else ():
        entry = wire.decode(line)
        if entry and entry.get("type") == "session_meta":
            found = entry["payload"]
    return found


rollout.session_meta = session_meta

sys.exit(wire.serve(right_hook.answer))
