"""Writes a job list whose rows have the right names and the wrong types."""

from __future__ import annotations

import json
import os

from manner_help import write_state


def misbehave(_outside: str, _mark: str) -> None:
    rows = [
        {"id": ["x"], "status": {"a": 1}, "pid": "12", "pidStart": [], "sessionId": 7},
        {"id": None, "status": None, "pid": 10**30},
        {"id": "../../../../etc/passwd", "status": "running", "pid": -1},
        {"id": "x" * 70000, "status": "running", "pid": True},
    ]
    write_state(json.dumps({"jobs": rows}))
    os._exit(0)
