"""The tasks of a session, agents and shells in the background, and their lines on the stream.

A task is made when it starts, is told to the stream then and at its end, and is listed as running in between. Whoever
waits for the session to become idle is woken by every change.
"""

from __future__ import annotations

import os
import threading
import time

from .identity import new_task_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .identity import Identity
    from .stream import Stream


class Task:
    """One agent or one shell that the host started."""

    def __init__(  # noqa: PLR0913
        self,
        kind: str,
        owner: Identity,
        *,
        tool_use_id: str | None,
        description: str,
        output_file: str,
        task_id: str | None = None,
        agent_type: str | None = None,
        command: str | None = None,
        prompt: str | None = None,
        backgrounded: bool = True,
        depth: int = 1,
    ) -> None:
        self.kind = kind
        self.owner = owner
        self.task_id = task_id or new_task_id(kind)
        self.run_id = new_run_id()
        self.tool_use_id = tool_use_id
        self.description = description
        self.output_file = output_file
        self.agent_type = agent_type
        self.command = command
        self.prompt = prompt
        self.backgrounded = backgrounded
        self.depth = depth
        self.status = "running"
        self.began = time.monotonic()
        self.tool_uses = 0
        self.tokens = 0

    @property
    def type_name(self) -> str:
        """The name of its kind on the stream."""
        return "local_bash" if self.kind == "shell" else "local_agent"

    def milliseconds(self) -> int:
        """How long it has been running."""
        return int((time.monotonic() - self.began) * 1000)

    def usage(self) -> dict[str, int]:
        """What it has used so far."""
        return {"total_tokens": self.tokens, "tool_uses": self.tool_uses, "duration_ms": self.milliseconds()}


def new_run_id() -> str:
    """An id of one run of a task: time in base 36, then random digits."""
    number, digits = int(time.time() * 1000), ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return f"0{digits}-{os.urandom(4).hex()}"


class Tasks:
    """All tasks of a session."""

    def __init__(self, stream: Stream, changed: Callable[[], None]) -> None:
        self._stream = stream
        self._changed = changed
        self._lock = threading.Lock()
        self._running: dict[str, Task] = {}

    def started(self, task: Task) -> None:
        """A task runs."""
        with self._lock:
            self._running[task.task_id] = task
        self.show_change(task.owner, task)
        self.show_start(task)

    def show_start(self, task: Task) -> None:
        """Its first line on the stream."""
        owner = task.owner
        more: dict[str, Any] = {"owned_by_subagent": True, "parent_task_id": owner.agent_id} if owner.agent_id else {}
        if task.kind == "agent":
            more = {"subagent_type": task.agent_type, "spawn_depth": task.depth, "prompt": task.prompt}
        self._stream.line(
            "system/task_started",
            owner,
            task_id=task.task_id,
            run_id=task.run_id,
            **({"tool_use_id": task.tool_use_id} if task.tool_use_id else {}),
            description=task.description,
            is_backgrounded=task.backgrounded,
            task_type=task.type_name,
            **more,
        )

    def progress(self, task: Task, doing: str, tool: str) -> None:
        """An agent has called a tool."""
        self._stream.line(
            "system/task_progress",
            task.owner,
            task_id=task.task_id,
            run_id=task.run_id,
            tool_use_id=task.tool_use_id,
            description=f"Running {doing}",
            subagent_type=task.agent_type,
            usage=task.usage(),
            last_tool_name=tool,
        )

    def ended(self, task: Task, status: str) -> None:
        """A task runs no more. `status` is completed, failed or killed."""
        with self._lock:
            task.status = status
            self._running.pop(task.task_id, None)
        self._stream.line(
            "system/task_updated",
            task.owner,
            task_id=task.task_id,
            run_id=task.run_id,
            patch={"status": status, "end_time": int(time.time() * 1000)},
        )
        self._changed()

    def notice(self, task: Task, status: str, output_file: str, summary: str, **more: Any) -> None:
        """Its last line on the stream."""
        self._stream.line(
            "system/task_notification",
            task.owner,
            task_id=task.task_id,
            run_id=task.run_id,
            **({"tool_use_id": task.tool_use_id} if task.tool_use_id else {}),
            status=status,
            output_file=output_file,
            summary=summary,
            **({"usage": task.usage()} if task.kind == "agent" else {}),
            **more,
        )
        self.show_change(task.owner, task)

    def show_change(self, who: Identity, task: Task) -> None:
        """The list of background tasks has changed, where the task is one of them."""
        if not task.backgrounded:
            return
        tasks = [
            {
                "task_id": running.task_id,
                "run_id": running.run_id,
                "task_type": running.type_name,
                **({"subagent_type": running.agent_type} if running.kind == "agent" else {}),
                "description": running.description,
                **({"parent_task_id": running.owner.agent_id} if running.owner.agent_id else {}),
            }
            for running in self.running()
        ]
        self._stream.line("system/background_tasks_changed", who, tasks=tasks)

    def running(self) -> list[Task]:
        """The background tasks that run, oldest first."""
        with self._lock:
            return [task for task in self._running.values() if task.backgrounded]

    def for_payload(self) -> list[dict[str, Any]]:
        """The running background tasks as hooks are told of them."""
        return [
            {
                "id": task.task_id,
                "type": "subagent" if task.kind == "agent" else "shell",
                "status": task.status,
                "description": task.description,
                **({"agent_type": task.agent_type} if task.kind == "agent" else {"command": task.command}),
            }
            for task in self.running()
        ]
