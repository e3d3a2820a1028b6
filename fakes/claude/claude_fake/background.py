"""Shells and agents in the background: who is notified of their end, what becomes of a subagent's own shells.

One per host. A shell that goes to the background becomes a task here; its end wakes whoever is to hear of it.
"""

from __future__ import annotations

from .message_queue import Notice
from .tasks import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from standin.wire import Recorder

    from .identity import Identity
    from .lifecycle import Lifecycle
    from .message_queue import MessageQueue
    from .shells import Shell, Shells
    from .tasks import Tasks

    class Owner(Protocol):
        """A subagent, as far as its background work is concerned."""

        who: Identity
        stopped: bool

        def notify(self, news: str) -> None: ...


class Background:
    """What runs in the background of one host."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        recorder: Recorder,
        tasks: Tasks,
        shells: Shells,
        queue: MessageQueue,
        *,
        is_ending: Callable[[], bool],
    ) -> None:
        self._lifecycle = lifecycle
        self._recorder = recorder
        self._tasks = tasks
        self._shells = shells
        self._queue = queue
        self._is_ending = is_ending
        self.subagents: dict[str, Owner] = {}
        """All subagents of the session, also those that have ended, by their ids."""

    # shells

    def task(self, shell: Shell, description: str, tool_use_id: str, *, backgrounded: bool = True) -> Task:
        """The task that a shell is on the stream."""
        return Task(
            "shell",
            shell.owner,
            tool_use_id=tool_use_id,
            description=description,
            output_file=shell.output_file,
            task_id=shell.task_id,
            command=shell.command,
            backgrounded=backgrounded,
        )

    def add(self, shell: Shell, description: str, tool_use_id: str) -> None:
        """A shell runs in the background from now on: a task whose owner is notified of its end."""
        task = shell.task = self.task(shell, description, tool_use_id)
        self._tasks.started(task)
        self._recorder.write("shell.task", run=shell.run, task=shell.task_id)
        self._shells.watch(shell, lambda: self._ended(shell, task))

    def _ended(self, shell: Shell, task: Task) -> None:
        lifecycle, code = self._lifecycle, shell.exit_code()
        itself = shell.ended_by == "itself"
        _append(shell.output_file, lifecycle.text("output_file_end" if itself else "output_file_killed", code=code))
        if task.status != "running":
            return  # the host ended it, and said so then
        status = "failed" if code else "completed"
        with self._queue.changed:
            self._tasks.ended(task, status)
            if not self._is_ending():
                self._announce(task, status, shell_summary(lifecycle, task.description, code))

    def _announce(self, task: Task, status: str, summary: str) -> None:
        if task.owner.agent_id is not None and not self._lifecycle["subagent_shell_end_is_told"]:
            return
        text = notification(self._lifecycle, task, status, summary)
        self.announce(task, status, text, lambda: self._tasks.notice(task, status, task.output_file, summary))

    # who hears of what

    def announce(self, task: Task, status: str, text: str, on_stream: Callable[[], None]) -> None:
        """Notify the agent that started a task of its end; main's stream line may wait until main receives it."""
        owner = self.subagents.get(task.owner.agent_id or "")
        if owner is not None:
            on_stream()
            self.note(task, status, to_model=True)
            owner.notify(text)
        elif self._lifecycle["notice_line_comes"] == "at the end":
            on_stream()
            self._queue.put(Notice(task, status, text))
        else:
            self._queue.put(Notice(task, status, text, on_stream))

    def note(self, task: Task, status: str, *, to_model: bool) -> None:
        """Record that the end of a task was notified."""
        self._recorder.write(
            "notification",
            session_id=task.owner.root_session_id,
            task_id=task.task_id,
            status=status,
            task_type=task.type_name,
            to_model=to_model,
        )

    # the end of an agent, the end of the session

    def outcome(self, task: Task) -> str:
        """What becomes of a subagent's own background shells at its end: kill, orphan or keep."""
        where = "background" if task.backgrounded else "foreground"
        return str(self._lifecycle[f"subagent_shells_of_{where}_agents"])

    def end_of_agent(self, who: Identity, task: Task) -> None:
        """A subagent has ended: its own background shells are killed, left alone for good, or kept."""
        mine = [shell for shell in self._shells.of(who) if shell.task is not None]
        outcome = self.outcome(task)
        if outcome == "kill":
            self._end(mine, "host at subagent end")
        elif outcome == "orphan":
            self._shells.leave(mine)
            for shell in mine:
                assert shell.task is not None
                self._tasks.ended(shell.task, "left")

    def end_kept(self) -> None:
        """The session waits no longer for the shells that stopped agents left running."""
        self._end(self.kept(), "host at session end")

    def kept(self) -> list[Shell]:
        """The background shells whose agent has stopped."""
        return [
            shell
            for subagent in list(self.subagents.values())
            if subagent.stopped
            for shell in self._shells.of(subagent.who)
            if shell.task is not None
        ]

    def is_awaited(self) -> bool:
        """Whether something runs that the session's end waits for."""
        kept = {shell.task_id for shell in self.kept()}
        return any(task.task_id not in kept for task in self._tasks.running())

    def _end(self, shells: list[Shell], ended_by: str) -> None:
        for shell in shells:
            assert shell.task is not None
            shell.task.status = "killed"
        self._shells.end(shells, self._lifecycle["subagent_shell_kill"], ended_by)
        for shell in shells:
            assert shell.task is not None
            self._tasks.ended(shell.task, "killed")
            if self._lifecycle["subagent_shell_kill_is_told"]:
                self._tasks.notice(shell.task, "stopped", shell.output_file, shell.task.description)
                self.note(shell.task, "stopped", to_model=False)


def _append(path: str, text: str) -> None:
    if text:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


# how a task's end is told: the text for the model, the summary for the stream


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
