"""Records that other programs send to the recorder: the stand-ins, the tap, the observer, the probe and `hold`.

Whoever has the run's token can tell these, a plugin too. More fields than declared may come; they are kept.
"""

from __future__ import annotations

from typing import Literal

from hookproof.records.base import Json, Pid, Sent, kind
from hookproof.records.parts import Effects

HookEndedBy = Literal["itself", "timeout", "budget", "host"]
"""Who ended a hook: nobody but itself; its host at the hook's timeout, or at the time that all hooks of a session's end
have; or its host, and nobody has told at which limit."""

NotPlayedWhat = Literal["hook type", "hook key", "event", "MCP server"]
"""What a stand-in may not play of a plugin: hooks of a type, a key of hooks, the hooks of an event that it never fires,
or a server."""

AT_TIMEOUT = "at its timeout"
"""When a host ended a shell that had used up its time."""


@kind("hook.started")
class HookStarted(Sent):
    """A host runs a hook. Sent by a stand-in, or by the tap around the hook of a real host."""

    run: str
    """The id of this run of the hook."""
    event: str
    session_id: str | None
    agent_id: str | None
    agent_type: str | None
    plugin: str | None
    command: str
    pid: Pid | None
    """Null where it could not be started."""
    pgid: Pid | None
    cwd: str
    payload: Json
    """What it was given on stdin."""
    env: dict[str, str]
    """Its variables of Claude Code, Codex and the plugin."""
    timeout: float | None = None
    """In seconds, as far as the teller knows it."""
    asynchronous: bool | None = None
    """Whether its host goes on beside it, as `async: true` in a hooks file asks; null where nobody has told."""
    thread_id: str | None = None
    """Of Codex: the thread that it ran for."""


@kind("hook.held")
class HookHeld(Sent):
    """A hook has ended, and another process still holds its output open.

    Sent by the tap, which leaves a relay, and by a stand-in that waits for it no longer.
    """

    run: str
    event: str
    session_id: str | None
    agent_id: str | None
    pid: Pid
    """Who reads the output: the relay, or the stand-in."""


@kind("hook.ended")
class HookEnded(Sent):
    """A hook has ended. Sent by the sender of its start; written by the harness if a tap died before it could."""

    run: str
    event: str
    session_id: str | None
    agent_id: str | None
    exit: int | None
    signal: int | None
    stdout: str
    stderr: str
    ended_by: HookEndedBy
    effects: Effects | None = None
    """What the host made of its output, as a stand-in tells it. A real host's is told by `hook.judged`."""
    ms: int | None = None
    """How long it ran, by the clock of whoever ran it: what a tap needs for itself is not in it."""
    limit: float | None = None
    """The time in seconds at which it was cut, where the teller knows it."""
    inferred: str | None = None
    """From what the harness concluded it."""
    thread_id: str | None = None
    stdout_bytes: int | None = None
    """How much it had printed, where only the beginning is kept."""
    stderr_bytes: int | None = None


@kind("hooks.dropped")
class HooksDropped(Sent):
    """A host runs no hook of a plugin. Sent by a stand-in; written by the harness where a real host is seen to."""

    plugin: str | None
    events: list[str]
    """The events that the plugin declares and this release does not know; of a real host those that it declares."""
    release: str
    """The lifecycle, or the version of the real host."""
    misfit: str | None = None
    """What of the plugin's hooks this release does not understand, and where it stands."""
    inferred: str | None = None
    """From what the harness concluded it."""


@kind("plugin.not_loaded")
class PluginNotLoaded(Sent):
    """A host does not load a plugin: it has none of its hooks, agents and commands. Sent by Claude Code's stand-in."""

    plugin: str
    release: str
    """The lifecycle."""
    unfit: str
    """What stands in the plugin's manifest that this release does not take."""


@kind("plugin.not_played")
class PluginNotPlayed(Sent):
    """A plugin declares something that a stand-in does not play, and a real host may. Sent once a process of it."""

    plugin: str
    what: NotPlayedWhat
    name: str
    """The type, the key, the event or the server."""
    event: str | None
    """Of a type and a key: the event of the hooks."""
    file: str
    """Where it is declared: a path in the plugin."""
    times: int = 1
    """How often it is declared there."""


@kind("event.unheard")
class EventUnheard(Sent):
    """An event whose hooks could tell an agent something, and for which a host runs none. Sent by a stand-in."""

    event: str
    subject: str
    """What a matcher is held against; empty where there is nothing of the kind."""
    session_id: str | None
    agent_id: str | None
    thread_id: str | None = None
    """Of Codex: the thread that it is about."""


@kind("session.started")
class SessionStarted(Sent):
    """A session of Claude Code has begun. Sent by the stand-in, or by the observer in the real one."""

    session_id: str | None
    agent_id: str | None
    """The subagent whose own session it is."""
    transcript_path: str | None
    how: str | None = None
    """What began it: `startup`, `resume`, `clear`, `compact`."""


@kind("session.ended")
class SessionEnded(Sent):
    """A session of Claude Code has ended. Sent by the stand-in, or by the observer in the real one."""

    session_id: str | None
    agent_id: str | None
    reason: str | None


@kind("turn.ended")
class TurnEnded(Sent):
    """An agent of Claude Code has given its last text of a turn. Sent by the stand-in or the observer."""

    session_id: str | None
    agent_id: str | None
    text: str | None


@kind("notification")
class Notification(Sent):
    """Claude Code notifies a session that a task has ended. Sent by the stand-in."""

    session_id: str
    task_id: str
    status: str
    task_type: str
    to_model: bool
    """Whether the model is told too."""


@kind("subagent.started")
class SubagentStarted(Sent):
    """A subagent of Claude Code begins. Sent by the stand-in or the observer."""

    session_id: str | None
    agent_id: str | None
    agent_type: str | None
    root_session_id: str | None = None
    tool_use_id: str | None = None
    """The call that started it."""
    background: bool = False


@kind("subagent.ended")
class SubagentEnded(Sent):
    """A subagent has returned. Sent by the stand-ins, and by the observer."""

    agent_id: str | None
    agent_type: str | None
    session_id: str | None = None
    how: str | None = None
    agent: str | None = None
    """Of Codex: the scenario's name for it."""


@kind("shell.environment")
class ShellEnvironment(Sent):
    """What an agent's shells will see. Sent by Claude Code's stand-in or the observer after the start hooks."""

    session_id: str | None
    agent_id: str | None
    env: dict[str, str]
    env_files: list[str]
    """What a shell sources before its command."""


@kind("shell.started")
class ShellStarted(Sent):
    """A shell of Claude Code begins its command. Sent by the stand-in or the observer."""

    session_id: str | None
    agent_id: str | None
    run: str | None
    tool_use_id: str | None
    background: bool
    command: str | None
    pid: int | None = None
    pgid: int | None = None
    output_file: str | None = None


@kind("shell.task")
class ShellTask(Sent):
    """A shell goes on in the background, as a task of its own. Sent by Claude Code's stand-in or the observer.

    Of a shell that began in the foreground it says that the host moved it, its timeout being over.
    """

    run: str | None
    task: str


@kind("shell.ended")
class ShellEnded(Sent):
    """A shell has ended. Sent by the stand-in or the observer; written by the harness if it follows a real host's."""

    run: str | None
    ended_by: str
    """`itself`, `host at ...`, or `timeout`: the host ends a shell whose time is over."""
    exit: int | None
    signal: int | None
    output_file: str | None
    output_bytes: int | None = None
    stdout_bytes: int | None = None
    inferred: bool = False
    """Whether the harness concluded who ended it."""

    @property
    def by_host(self) -> str | None:
        """When the host ended it, as `at subagent end`; None where it ended otherwise. The one reader of `ended_by`."""
        if self.ended_by == "timeout":
            return AT_TIMEOUT
        return self.ended_by.removeprefix("host ") if self.ended_by.startswith("host") else None


@kind("shell.held")
class ShellHeld(Sent):
    """A launch waits before it does anything. Sent by `fakes/hold`."""

    job: str


@kind("codex.started")
class CodexStarted(Sent):
    """A stand-in Codex runs."""

    argv: list[str]
    pid: Pid
    ppid: int
    pgid: int | None = None


@kind("codex.exit")
class CodexExit(Sent):
    """A stand-in Codex exits by itself."""

    why: str


@kind("codex.signal")
class CodexSignal(Sent):
    """A stand-in Codex was sent a signal, and the kernel named the sender."""

    signal: int
    name: str
    sender_pid: int
    sender_uid: int | None = None
    sender_ppid: int | None = None


@kind("codex.turn")
class CodexTurn(Sent):
    """A turn of a thread of a stand-in Codex has another state."""

    thread_id: str
    turn_id: str
    state: str


@kind("codex.grandchild")
class CodexGrandchild(Sent):
    """A tool call of a stand-in Codex has left a process running."""

    pid: Pid
    mode: str


@kind("thread.started")
class ThreadStarted(Sent):
    """A thread of a stand-in Codex begins."""

    thread_id: str
    parent_thread_id: str | None
    marker: str | None
    """The scenario's name for its agent."""
    agent_role: str | None = None
    agent_nickname: str | None = None
    ephemeral: bool = False
    rollout: str | None = None
    """Its transcript."""


@kind("probe.waits")
class ProbeWaits(Sent):
    """The job of a calibration run is at work. Sent by `fakes/probe`."""

    job: str
    pid: Pid


@kind("probe.signalled")
class ProbeSignalled(Sent):
    """The job of a calibration run was sent a signal. Sent by `fakes/probe`."""

    job: str
    signal: str
    sender: int
