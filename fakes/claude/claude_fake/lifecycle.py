"""The behaviour of Claude Code as data: the rows and the table of events of a lifecycle, which every module asks.

`HOOKPROOF_LIFECYCLE` names the JSON file that the harness writes of it, with what it extends and its switches resolved.
"""

from __future__ import annotations

from standin.rows import VARIABLE, Events, LifecycleError, fill, missing, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["CHOICES", "MOMENTS", "WHOSE", "Lifecycle", "LifecycleError", "read"]

CHOICES: dict[str, tuple[str, ...]] = {
    "agent_notice_summary": ("one sentence", "the report"),
    "bash_timeout": ("moves to the background", "kills"),
    "compact_instructions": ("an empty text", "null"),
    "compaction_keeps": ("nothing", "the last answer"),
    "context_place": ("reminder", "system message"),
    "env_file_exports": ("reach shells", "reach no shell"),
    "hook_group": ("host", "own"),
    "hook_plugin_root": ("replaced in the command", "left to the shell"),
    "manifest_event_misfit": ("drops the plugin", "is ignored"),
    "notice_in_midturn": ("waits for the next turn", "after the tool results"),
    "notice_line_comes": ("when it is delivered", "at the end"),
    "objection_place": ("in the result", "after the result"),
    "quoted_command": ("as written", "expanded"),
    "result_line": ("waits for background agents", "comes at once"),
    "resume_env_file": ("of the session", "of another session"),
    "resumed_history": ("without hook context", "whole"),
    "session_end_budget_raises": ("every hook", "declared timeouts"),
    "shells_at_signal": ("are left alone", "are ended"),
    "slash_clear": ("clears", "is unknown"),
    "slash_compact": ("compacts", "is unknown"),
    "slash_exit": ("exits", "is unknown"),
    "subagent_session": ("root", "own"),
    "subagent_shells_of_background_agents": ("kill", "orphan", "keep"),
    "subagent_shells_of_foreground_agents": ("kill", "orphan", "keep"),
    "text_output": ("last result", "every result"),
    "typed_at_start_hooks": ("is kept", "is lost"),
    "misfit_hook": ("drops the plugin's hooks", "is ignored"),
    "unknown_command": ("refused", "asked"),
    "unknown_event": ("drops the plugin's hooks", "is ignored"),
    "unread_file": ("is refused", "is changed"),
    "user_line_in_midturn": ("in the tool result", "after the tool results", "waits for the next turn"),
}
"""What the rows that name a behaviour can say. A row that says anything else is refused, never misread."""

NEXT_PROMPT, FIRST_PROMPT, PROMPT, RESULTS = "next prompt", "first prompt", "prompt", "tool results"
UNLESS_KNOWN = "next prompt unless known"
"""With the next prompt, but for what the history of a resumed session holds already."""
UNLESS_FAILED = "tool results unless it fails"
"""After the results, and lost where the tool fails."""
GOES_ON = "goes on"
"""The agent does not stop: it goes on with the context as its next message."""
MOMENTS: dict[str, tuple[str, ...]] = {
    "session starts": (NEXT_PROMPT,),
    "session starts after /clear": (NEXT_PROMPT,),
    "session resumes": (NEXT_PROMPT, UNLESS_KNOWN),
    "compaction begins": (),
    "summary is written": (),
    "session is compacted": (NEXT_PROMPT,),
    "compaction ends": (),
    "session ends": (),
    "session ends by /exit": (),
    "session ends by /clear": (),
    "subagent starts": (FIRST_PROMPT,),
    "subagent is woken": (FIRST_PROMPT,),
    "subagent's session starts": (FIRST_PROMPT,),
    "subagent's session ends": (),
    "prompt": (PROMPT,),
    "notice in mid-turn": (RESULTS,),
    "line in mid-turn": (RESULTS,),
    "tool is called": (RESULTS, UNLESS_FAILED),
    "tool has worked": (RESULTS,),
    "tool has failed": (RESULTS,),
    "turn ends": (GOES_ON,),
    "subagent's turn ends": (GOES_ON,),
    "turn fails": (),
}
"""The moments at which a lifecycle's `events` can fire hooks, each with where their context can land (or `nobody`)."""
WHOSE = ("main", "agent")
"""Whose session hooks can be told: main's, or the one of the agent at hand (of a subagent: `subagent_session`)."""


class Lifecycle:
    """The rows of one behaviour, and its table of events."""

    def __init__(self, name: str, rows: dict[str, Any], events: Events) -> None:
        self.name = name
        self.events = events
        self._rows = rows
        for row, choices in CHOICES.items():
            if row in rows and rows[row] not in choices:
                raise LifecycleError(f"lifecycle {name!r}: {row} says {rows[row]!r}, expected one of {choices}")

    def __getitem__(self, row: str) -> Any:
        try:
            return self._rows[row]
        except KeyError:
            raise missing(self.name, row) from None

    def at_terminal(self) -> Lifecycle:
        """The same host at a terminal: what `at_terminal` says stands instead of the rows, in tables key by key."""
        rows = dict(self._rows)
        for row, value in self["at_terminal"].items():
            rows[row] = {**self[row], **value} if isinstance(value, dict) else value
        return Lifecycle(self.name, rows, self.events)

    def text(self, row: str, **values: object) -> str:
        """A row of `texts`, its `{placeholders}` filled."""
        return fill(self["texts"][row], values)


def read(path: str | None) -> Lifecycle:
    """The lifecycle in a file. Raises LifecycleError; also without a path, for no behaviour is the usual one."""
    if not path:
        raise LifecycleError(f"{VARIABLE} is not set: expected the file of a lifecycle, as hookproof writes it")
    document = resolved(path)
    name = str(document.get("name"))
    return Lifecycle(name, document["rows"], Events(name, document.get("events", {}), moments=MOMENTS, whose=WHOSE))
