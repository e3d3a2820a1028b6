"""How a task's end is told: the text for the model, the summary for the stream. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lifecycle import Lifecycle
    from .tasks import Task


def shell_summary(lifecycle: Lifecycle, description: str, exit_code: int) -> str:
    """One sentence about a shell that ended."""
    row = "shell_failed" if exit_code else "shell_completed"
    return lifecycle.text(row, description=description, code=exit_code)


def agent_summary(lifecycle: Lifecycle, description: str, *, waiting: bool) -> str:
    """One sentence about an agent that stopped; `waiting`: its own background shells live on."""
    return lifecycle.text("agent_waiting" if waiting else "agent_completed", description=description)


def notification(
    lifecycle: Lifecycle, task: Task, status: str, summary: str, *, result: str | None = None, waiting: bool = False
) -> str:
    """The `<task-notification>` that the model gets."""
    lines = ["<task-notification>", f"<task-id>{task.task_id}</task-id>"]
    if task.tool_use_id:
        lines.append(f"<tool-use-id>{task.tool_use_id}</tool-use-id>")
    lines += [
        f"<output-file>{task.output_file}</output-file>",
        f"<status>{status}</status>",
        f"<summary>{summary}</summary>",
    ]
    if result is not None:
        note = lifecycle.text("agent_note_waiting" if waiting else "agent_note")
        usage = {"tokens": task.tokens, "tool_uses": task.tool_uses, "duration_ms": task.milliseconds()}
        lines += [f"<note>{note}</note>"] if note else []
        lines += [f"<result>{result}</result>", lifecycle.text("agent_usage", **usage)]
    return "\n".join([*lines, "</task-notification>"])
