"""Runs the hooks of an event and records each run; called by `host.at` alone.

All matching hooks of an event run at the same time; the event is over when the slowest is; what they asked for is
taken in the order of their declaration. A hook that outlives its time is ended the way the lifecycle says, and every
run is in the journal with its end before the host goes on.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time

from standin.hook_record import STARTED_BY, record_end, record_start
from standin.rows import NOBODY

from .hook_output import Outcome, interpret, refusal_of_a_suspect
from .identity import new_uuid
from .payloads import hook_payload
from .system import HookProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from standin.rows import Firing
    from standin.wire import Recorder

    from .effects import Effects
    from .endings import Endings
    from .environment import Environment
    from .identity import Identity
    from .lifecycle import Lifecycle
    from .plugins import Hook, Plugin
    from .stream import Stream

WITHOUT_SUBJECT = ("UserPromptSubmit", "Stop")
ALIASES = {"Agent": ("Agent", "Task")}
"""A matcher written for the tool's old name still means it (measured: `Task` matches Agent)."""

_PLAIN_WORDS = re.compile(r"[A-Za-z0-9_|]*")


def matches(matcher: str, event: str, subject: str) -> bool:
    """Plain words compare whole, case and all; anything else is a regular expression, unanchored."""
    if matcher in ("", "*") or event in WITHOUT_SUBJECT:
        return True
    names = ALIASES.get(subject, (subject,))
    if _PLAIN_WORDS.fullmatch(matcher):
        return any(name in matcher.split("|") for name in names)
    try:
        return any(re.search(matcher, name) for name in names)
    except re.error:
        return False


class Hooks:
    """All hooks of all plugins."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        plugins: list[Plugin],
        environment: Environment,
        recorder: Recorder,
        stream: Stream,
        project: str,
        endings: Endings,
        *,
        give_up: int,
    ) -> None:
        """`give_up` is a descriptor; once it is closed at its other end, hooks are waited for no more."""
        self.endings = endings
        self.lifecycle = lifecycle
        self.environment = environment
        self.recorder = recorder
        self.stream = stream
        self.project = project
        self.give_up = give_up
        self.beside = Beside(lifecycle["async_hooks"])
        self._declared: dict[str, list[Hook]] = {}
        known = lifecycle.events.known(lifecycle["known_events"])
        drops = "drops the plugin's hooks"
        for plugin in plugins:
            unknown = [event for event in plugin.events if event not in known]
            misfit = plugin.hooks_misfit if lifecycle["misfit_hook"] == drops else None
            if misfit is not None or (unknown and lifecycle["unknown_event"] == drops):
                told = {"plugin": plugin.name, "events": unknown, "release": lifecycle.name}
                recorder.write("hooks.dropped", **told, **({"misfit": misfit} if misfit is not None else {}))
                continue
            plugin.not_played.tell(recorder, plugin.name)
            for event, hooks in plugin.hooks.items():
                self._declared.setdefault(event, []).extend(hooks)

    def matching(self, event: str, subject: str) -> list[Hook]:
        """The hooks that an event calls for; the same command of the same plugin counts once."""
        found: dict[tuple[str, str], Hook] = {}
        for hook in self._declared.get(event, []):
            if matches(hook.matcher, event, subject):
                found.setdefault((hook.plugin.root, hook.command), hook)
        return list(found.values())

    def fire(self, firing: Firing, who: Identity, values: dict[str, Any], effects: Effects) -> None:
        """Run the hooks of one event to their end; what they asked for is added to the effects of the moment."""
        event, subject = firing.event, firing.subject({"agent_type": who.agent_type, **values})
        hooks = self.matching(event, subject)
        if not hooks and firing.context != NOBODY:
            about = {"session_id": who.session_id, "agent_id": who.agent_id}
            self.recorder.write("event.unheard", event=event, subject=subject, **about)
        keys = self.lifecycle["payload_keys"]
        payload = hook_payload(keys.get(f"{event}({subject})", keys.get(event)), event, who, self.project, values)
        if event == "SessionStart":
            self.environment.make_env_directory(who)
        runs = [HookRun(self, hook, event, who, payload, index) for index, hook in enumerate(hooks)]
        for run in runs:
            run.begin()
        self.beside.take([run for run in runs if run.hook.asynchronous])
        runs = [run for run in runs if not run.hook.asynchronous]
        threads = [threading.Thread(target=run.finish, daemon=True) for run in runs[1:]]
        for thread in threads:
            thread.start()
        if runs:
            runs[0].finish()
        for thread in threads:
            thread.join()
        for run in runs:
            if run.outcome.message:
                self.stream.hook_message(who, event, run.outcome.message)
        effects.add(firing, subject, [(run.hook, run.outcome) for run in runs])


class Beside:
    """The runs that nobody waits for (`async: true`), from their start to the end that the host puts to them."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row
        self._lock = threading.Lock()
        self._running: list[tuple[HookRun, threading.Thread]] = []
        self._told: list[str] = []
        self._left = False

    def leave(self) -> None:
        """The host goes: what still runs is left to itself."""
        self._left = True

    def take(self, runs: list[HookRun]) -> None:
        """See to runs that have begun, in threads of their own: the host goes on."""
        for run in runs:
            thread = threading.Thread(target=self._see_to, args=(run,), daemon=True)
            with self._lock:
                self._running.append((run, thread))
            thread.start()

    def _see_to(self, run: HookRun) -> None:
        try:
            run.finish(self._hear)
        except (OSError, ValueError):
            if not self._left:
                raise
            # it has outlived its host, which hears of nothing any more

    def _hear(self, run: HookRun) -> None:
        if self._row["context"] == "with the next request" and run.outcome.context is not None:
            with self._lock:
                self._told.append(run.outcome.context)

    def take_told(self) -> list[str]:
        """The sentences for the model of those that have ended since; takes them."""
        with self._lock:
            told, self._told = self._told, []
        return told

    def end_all(self) -> None:
        """End what still runs, as the host does before its last hooks."""
        with self._lock:
            running, self._running = self._running, []
        for run, thread in running:
            if thread.is_alive():
                run.end(self._row["end"])
        for _, thread in running:
            thread.join()


class HookRun:
    """One command, from its start to its record."""

    def __init__(
        self, hooks: Hooks, hook: Hook, event: str, who: Identity, payload: dict[str, Any], index: int
    ) -> None:
        self.hook = hook
        self.outcome = Outcome()
        self.hooks = hooks
        self._event = event
        self._who = who
        self._payload = payload
        self._index = index
        self._lifecycle = hooks.lifecycle
        self._ended_by = "itself"
        self._too_late = False
        self._began = 0.0
        self._announced: dict[str, Any] = {}

    def begin(self) -> None:
        """Start the command with its payload, and write it into the journal."""
        event, who, lifecycle = self._event, self._who, self._lifecycle
        environment = self.hooks.environment
        env_file = environment.env_file(who, self._index) if event == "SessionStart" else None
        run = new_uuid()
        variables = {**environment.of_hook(event, who, self.hook.plugin, env_file), STARTED_BY: run}
        replaced = lifecycle["hook_plugin_root"] == "replaced in the command"
        command = self.hook.plugin.expanded(self.hook.command) if replaced else self.hook.command
        self._announced = {"run": run, "event": event, "session_id": who.session_id, "agent_id": who.agent_id}
        if self._told and event != "SessionEnd":
            self.hooks.stream.hook_started(who, self._announced, self._name)
        payload = json.dumps(self._payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        self._began = time.monotonic()
        self._process = process = HookProcess(command, variables, own_group=lifecycle["hook_group"] == "own")
        # at once, before anything that takes time: a Node hook that has touched process.stdin fails with EAGAIN
        # when it reads before its payload is there (measured on codex-plugin-cc 1.0.4)
        process.feed(payload + b"\n")
        record_start(
            self.hooks.recorder,
            self._announced,
            process=(process.pid, process.pgid),
            environment=variables,
            agent_type=who.agent_type,
            plugin=self.hook.plugin.name,
            command=self.hook.command,
            cwd=self.hooks.project,
            payload=self._payload,
            timeout=self._time()[0],
            asynchronous=self.hook.asynchronous,
        )

    def finish(self, hear: Callable[[HookRun], None] | None = None) -> None:
        """Serve the command, end it if need be, write its end. `hear` is called once it is known what it asked for."""
        event, lifecycle, process = self._event, self._lifecycle, self._process
        self._see_to_its_end(process)
        ms = round((time.monotonic() - self._began) * 1000)
        code = None if self._too_late else process.exit
        self.outcome = interpret(event, code, process.out.text(), process.err.text(), cut=process.out.cut)
        suspect = event in lifecycle["hook_holds_stdout"]["denies"] and process.held and not self._too_late
        if suspect and self.outcome.plain is None:
            self.outcome = refusal_of_a_suspect()
        if hear is not None:
            hear(self)
        record_end(
            self.hooks.recorder,
            self._announced,
            status=(process.exit, process.signal),
            printed=(process.out, process.err),
            ended_by=self._ended_by,
            ms=ms,
            limit=self._time()[0] if self._ended_by in ("timeout", "budget") else None,
            effects=self.outcome.effects(event, event in lifecycle["plain_text_is_context"]),
        )
        if event == "SessionEnd":
            self._complain(process)
        elif self._told:
            self.hooks.stream.hook_response(self._who, self._announced, self._name, process, self.outcome, self._cut)
        process.close()

    def _say_held(self) -> None:
        """Tell the journal where the hook has ended and somebody else still has its output, while that is so."""
        if self._process.held:
            self.hooks.recorder.write("hook.held", **self._announced, pid=os.getpid())

    def end(self, signals: list[tuple[str, int]]) -> None:
        """End it: the host will not have it any longer."""
        self._ended_by = "host"
        self.hooks.endings.begin(self._process, signals)

    def _complain(self, process: HookProcess) -> None:
        """What the host prints of a hook of a session's end that came to nothing (measured on 2.1.91 and 2.1.329)."""
        why = "Hook cancelled" if self._cut else process.err.text() if self.outcome.failed else self.outcome.problem
        if why and not self.outcome.not_taken:
            sys.stderr.write(f"SessionEnd hook [{self.hook.command}] failed: {why.rstrip()}\n")

    @property
    def _cut(self) -> bool:
        return self._ended_by != "itself"

    @property
    def _told(self) -> bool:
        """Whether the stream tells of the hook: of one of a session's start, or of any but its end where that is asked.

        What is printed at a session's end is not read by a stream that ends with the turns.
        """
        return self._event == "SessionStart" or self.hooks.stream.tells_all_hooks

    @property
    def _name(self) -> str:
        """What the stream calls the hook: its event, and what it is about."""
        subject = self._payload.get("source") or self._payload.get("tool_name")
        return f"{self._event}:{subject}" if subject else self._event

    def _time(self) -> tuple[float, str]:
        """How long it may run, in seconds, and what that is: its own or the usual timeout, or what SessionEnd has."""
        seconds: float = self.hook.timeout or self._lifecycle["hook_timeout_seconds"]
        if self._event != "SessionEnd":
            return seconds, "timeout"
        return min((seconds, "timeout"), (self._budget() / 1000, "budget"))

    def _budget(self) -> int:
        """What a SessionEnd hook has at most, in milliseconds: the host's own, or what its variable says instead."""
        own: int = self._lifecycle["session_end_budget_ms"]
        variable = self._lifecycle["session_end_budget_variable"]
        said = os.environ.get(variable, "") if variable else ""
        if not said.isdecimal() or not int(said):
            return own
        # measured on 2.1.150: a hook without a timeout of its own keeps what the host gives it
        spared = self._lifecycle["session_end_budget_raises"] == "declared timeouts" and not self.hook.timeout
        return min(own, int(said)) if spared else int(said)

    def _see_to_its_end(self, process: HookProcess) -> None:
        lifecycle = self._lifecycle
        seconds, reached = self._time()
        leave_at: float | None = None
        if self._event == "SessionEnd":
            leave_at = self._began + lifecycle["session_end_leaves_after_ms"] / 1000
        held = lifecycle["hook_holds_stdout"]
        give_up = None if self._event == "SessionEnd" else self.hooks.give_up
        if process.finish(self._began + seconds - time.monotonic(), streams=held["is_awaited"], give_up=give_up):
            if not held["is_awaited"] and process.held:
                process.finish(held["grace_ms"] / 1000, streams=True, give_up=give_up)
                self._say_held()
            return
        self._too_late = True
        if not process.finish(0, streams=False):
            self._ended_by = reached if time.monotonic() - self._began >= seconds else "host"
            self.hooks.endings.begin(process, lifecycle["hook_kill"])
            process.finish(None, streams=False)
        else:
            self._say_held()
        if held["is_awaited"]:
            left = None if leave_at is None else leave_at - time.monotonic()
            process.finish(left, streams=True, give_up=give_up)
