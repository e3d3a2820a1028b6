"""A run of a hook, as a host shows it to its client."""

from __future__ import annotations

from . import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .hook_files import Hook
    from .hook_output import Outcome

    Json = dict[str, Any]
    Hear = Callable[[str, Json], None]
    """Hears of one run: `started` or `completed`, and the run."""


def run_of(hook: Hook, event: str, began_ms: int, outcome: Outcome | None = None) -> Json:
    """One run of a hook as clients are shown it; without an outcome it is under way."""
    now = clock.now_ms()
    return {
        "id": hook.run_id,
        "eventName": event[0].lower() + event[1:],
        "handlerType": "command",
        "executionMode": "sync",
        "scope": "thread" if event in ("SessionStart", "SubagentStart") else "turn",
        "sourcePath": hook.source.path,
        "source": hook.source.kind,
        "displayOrder": hook.order,
        "status": "running" if outcome is None else outcome.status,
        "statusMessage": hook.message,
        "startedAt": began_ms // 1000,
        "completedAt": None if outcome is None else now // 1000,
        "durationMs": None if outcome is None else now - began_ms,
        "entries": [] if outcome is None else _entries(outcome),
    }


def _entries(outcome: Outcome) -> list[Json]:
    said = (
        ("warning", outcome.message),
        ("context", outcome.context),
        ("feedback", outcome.block),
        ("stop", outcome.stop),
        ("error", outcome.problem),
    )
    return [{"kind": kind, "text": text} for kind, text in said if text is not None]
