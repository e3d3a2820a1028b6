"""Records about a host: its processes, what was typed, what it printed."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from hookproof.records.base import Record, kind
from hookproof.records.parts import DeclaredHook, Hook, HookOutput


@kind("hooks.declared")
class HooksDeclared(Record):
    """What a plugin's files declare for a host. Written by the harness before the host reads them."""

    host: str
    hooks: list[DeclaredHook]
    unread: str | None = None
    """Why nobody knows what they declare."""
    child_starts: list[str] | None = None
    """The events that fire when an agent starts another, as measured of the release that the host is nearest to."""
    known_events: list[str] | None = None
    """The events that a hooks file may name, as measured of the release that the host is nearest to."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Events that this release does not know and passes over, and a measured release that knows each."""
    measured: bool = False
    """Whether it is that very release."""


@kind("host.prepared")
class HostPrepared(Record):
    """A Codex has the plugin installed and its hooks trusted. Written by the harness."""

    plugin: str
    hooks: list[Hook]
    host: str = ""
    """Empty in older journals."""


@kind("host.started")
class HostStarted(Record):
    """A process of a host has started for a session. Written by the harness."""

    session: str
    """The scenario's name for the session."""
    session_id: str | None
    """The host's own id of it, where it is known by then."""
    pid: int
    argv: list[str]
    terminal: list[int] | None = None
    """The columns and rows of its terminal, where it has one."""


@kind("host.exited")
class HostExited(Record):
    """A process of a host is gone. Written by the harness."""

    session: str
    asked: bool
    """Whether it was to go."""
    pid: int
    code: int | None
    signal: int | None


@kind("host.thread")
class HostThread(Record):
    """A client of Codex has opened a thread for a session. Written by the harness."""

    session: str
    thread: str
    how: str
    """`startup`, `clear`, `compact` or `fork`."""


@kind("user")
class User(Record):
    """The user types something. Written by the harness."""

    session: str
    text: str


@kind("terminal.closed")
class TerminalClosed(Record):
    """The terminal of a session is closed under it. Written by the harness."""

    session: str


@kind("host.line")
class HostLine(Record):
    """A host has printed a line of its stream, or sent its client a message. Written by the harness.

    Of Codex `text` is the line; of Claude Code the fields that count are kept, as `line_*`, whatever stands in them.
    """

    session: str
    line_type: Any = None
    text: str | None = None
    child: bool = False
    """Whether it is about a thread that a session's thread has started."""
    line_subtype: Any = None
    line_session_id: Any = None
    line_task_id: Any = None
    line_task_type: Any = None
    line_tool_use_id: Any = None
    line_status: Any = None
    line_summary: Any = None
    line_is_error: Any = None
    line_result: Any = None
    line_item: Any = None
    """Of `codex exec`: the type of the item that the line is about."""


@kind("hook.judged")
class HookJudged(Record):
    """What a real host has said of a hook's run, in its stream or to its client. Written by the harness.

    Written once it is known which run that is.
    """

    session: str
    run: str
    event: str
    output: HookOutput
    cut: bool = False
    """Whether the host has cut the hook short."""
    words: str | None = None
    """What it said of it."""
    inferred: str | None = None
    """From what the harness concluded it."""


@kind("host.noise")
class HostNoise(Record):
    """A host has printed a line that is none of its stream. Written by the harness."""

    session: str
    text: str


@kind("host.stderr")
class HostStderr(Record):
    """A host has printed a line to its stderr. Written by the harness."""

    session: str
    text: str


@kind("host.screen")
class HostScreen(Record):
    """The text on the terminal of a session, when it has changed. Written by the harness."""

    session: str
    text: str
