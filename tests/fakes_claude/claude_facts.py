"""Which lifecycles a test is played on, and what of the real hosts no calibration looks at.

What calibration has a facet for (events, payload keys, environment names) is measured there, against the real hosts.
A lifecycle that differs from another in a few rows is played where these rows are read: `test_claude_lifecycles.py`
holds that there are no more of them.
"""

from __future__ import annotations

MEASURED = ("claude-2.1.91", "claude-2.1.329")
SESSIONS = ("as-reported-345", *MEASURED)
"""For what depends on whether a subagent has a session of its own."""
LIFECYCLES = (*SESSIONS, "claude-2.1.91-windows")
"""All of them: for what depends on the files of SessionStart hooks, too."""

TASK_STARTED_91 = [
    "type",
    "subtype",
    "task_id",
    "tool_use_id",
    "description",
    "task_type",
    "prompt",
    "uuid",
    "session_id",
]
TASK_STARTED_329 = [
    "type",
    "subtype",
    "task_id",
    "run_id",
    "tool_use_id",
    "description",
    "subagent_type",
    "is_backgrounded",
    "spawn_depth",
    "task_type",
    "prompt",
    "uuid",
    "session_id",
]
