"""The behaviour of a host, read as data: which row says what, and where a row is missing.

`HOOKPROOF_LIFECYCLE` names a resolved JSON file (`{"name": …, "rows": {…}}`) or a lifecycle's own TOML file, there
optionally with switches (`as-reported-345.toml+parent-id`). Without it the host is the one of `DEFAULT`.
"""

from __future__ import annotations

import os

from standin.rows import LifecycleError, fill, missing, resolved

from . import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["CHOICES", "Lifecycle", "LifecycleError", "read", "resolve"]

CHOICES: dict[str, tuple[str, ...]] = {
    "agent_notice_summary": ("one sentence", "the report"),
    "bash_timeout": ("moves to the background", "kills"),
    "context_before_failure": ("lost", "kept"),
    "context_place": ("reminder", "system message"),
    "env_file_exports": ("reach shells", "reach no shell"),
    "hook_group": ("host", "own"),
    "hook_plugin_root": ("replaced in the command", "left to the shell"),
    "notice_in_midturn": ("waits for the next turn", "after the tool results"),
    "notice_line_comes": ("when it is delivered", "at the end"),
    "objection_place": ("in the result", "after the result"),
    "quoted_command": ("as written", "expanded"),
    "result_line": ("waits for background agents", "comes at once"),
    "resume_env_file": ("of the session", "of another session"),
    "resume_start_context": ("is told", "is told unless known"),
    "resumed_history": ("without hook context", "whole"),
    "shells_at_signal": ("are left alone", "are ended"),
    "slash_clear": ("clears", "is unknown"),
    "slash_exit": ("exits", "is unknown"),
    "stop_context": ("is dropped", "makes the agent go on"),
    "subagent_session": ("root", "own"),
    "subagent_shells_of_background_agents": ("kill", "orphan", "keep"),
    "subagent_shells_of_foreground_agents": ("kill", "orphan", "keep"),
    "text_output": ("last result", "every result"),
    "unknown_command": ("refused", "asked"),
    "unknown_event": ("drops the plugin's hooks", "is ignored"),
    "user_line_in_midturn": ("in the tool result", "after the tool results", "waits for the next turn"),
}
"""What the rows that name a behaviour can say. A row that says anything else is refused, never misread."""


class Lifecycle:
    """The rows of one behaviour."""

    def __init__(self, name: str, rows: dict[str, Any]) -> None:
        self.name = name
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
        return Lifecycle(self.name, rows)

    def text(self, row: str, **values: object) -> str:
        """A row of `texts`, its `{placeholders}` filled."""
        return fill(self["texts"][row], values)


def read(source: str | None) -> Lifecycle:
    """The lifecycle at a path, or the default one."""
    path, dot, switches = (source or DEFAULT).partition(".toml")
    try:
        if not dot:
            document = resolved(path)
            return Lifecycle(str(document.get("name")), document["rows"])
        return resolve(read_file(path + dot), [name for name in switches.split("+") if name])
    except OSError as error:
        raise LifecycleError(f"{source or DEFAULT}: cannot read the lifecycle: {error.strerror}") from None
    except ValueError as error:
        raise LifecycleError(f"{source or DEFAULT}: not a lifecycle: {error}") from None


def read_file(path: str, extending: tuple[str, ...] = ()) -> dict[str, Any]:
    """A lifecycle's own file, with the rows of the one beside it that it `extends`.

    `extending` are the files that led here, so that a circle is an error.
    """
    import tomllib  # noqa: PLC0415 - only where a TOML file is given

    if path in extending:
        raise ValueError(f"extends goes in a circle: {' -> '.join((*extending, path))}")
    with open(path, "rb") as file:
        found = tomllib.load(file)
    if "extends" in found:
        base = os.path.join(os.path.dirname(path), f"{found['extends']}.toml")
        rows: dict[str, Any] = read_file(base, (*extending, path))["rows"]
        found["rows"] = {**rows, **{name: {**rows.get(name, {}), **row} for name, row in found["rows"].items()}}
    return found


def resolve(document: dict[str, Any], switches: list[str]) -> Lifecycle:
    """The rows of a lifecycle file with some of its switches on."""
    rows = dict(document["rows"])
    for switch in switches:
        if switch not in document.get("switches", {}):
            known = ", ".join(document.get("switches", {})) or "none"
            raise ValueError(f"no switch {switch!r} (it has: {known})")
        rows.update(document["switches"][switch]["rows"])
    name = "+".join([document["name"], *switches])
    return Lifecycle(name, {row: value["is"] for row, value in rows.items()})
