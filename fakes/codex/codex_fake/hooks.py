"""Runs the hooks of an event and takes together what they ask of the host; called by `Host.at`.

All trusted hooks of an event run at the same time; the event is over when the slowest is; what they asked for is taken
in the order of their declaration. Every run is in the journal with its end before the host goes on.
"""

from __future__ import annotations

import json
import os
import sys
from _thread import allocate_lock

from standin.hook_record import STARTED_BY, Output, record_end, record_start
from standin.rows import fill

from . import clock, lifecycle
from .config import Config, load
from .hook_files import Listing
from .hook_output import STDIN_REFUSED, STOPS, cut, failed, interpret, too_long
from .wire import RequestError

if sys.platform == "win32":
    from .hook_process_windows import HookProcess, serve
else:
    from .hook_process_posix import HookProcess, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from standin.wire import Recorder

    from .hook_files import Hook
    from .hook_output import Outcome
    from .lifecycle import Lifecycle

    Json = dict[str, Any]
    OnRun = Callable[[str, Json], None]
    """Hears of one run: `started` or `completed`, and the run."""


class Effects:
    """What the hooks of one event or one moment, taken together, ask of the host."""

    def __init__(self) -> None:
        self.contexts: list[str] = []
        """Each becomes a `developer` message of its own, in this order."""
        self.stop: str | None = None
        """`continue: false`: the turn ends here. The reason, often empty: ask whether it is None."""
        self.block: str | None = None
        """`decision: block` or exit 2. UserPromptSubmit: the reason, and no request is made; Stop and SubagentStop: the
        agent goes on, unless `stop` is there too."""
        self.prompts: list[str] = []
        """Stop and SubagentStop: the parts of the one user message with which the agent goes on, as they are."""

    def take(self, others: Effects, *, contexts: bool) -> None:
        """Take in what the hooks of another event of the same moment asked for, with or without their contexts."""
        self.contexts += others.contexts if contexts else []
        self.stop = others.stop if self.stop is None else self.stop
        self.block = others.block if self.block is None else self.block
        self.prompts += others.prompts

    def add(self, event: str, hook: Hook, outcome: Outcome, context: str | None) -> None:
        """Take in what one hook asked for."""
        if context is not None:
            self.contexts.append(context)
        if outcome.stop is not None and self.stop is None:
            self.stop = outcome.stop
        if outcome.block is None:
            return
        if self.block is None:
            self.block = outcome.block
        if event in STOPS:
            self.prompts.append(_hook_prompt(hook, outcome.block))


class Hooks:
    """All hooks that there are for one working directory. Safe to use from several threads."""

    def __init__(self, rows: Lifecycle | None, config: Config, recorder: Recorder, cwd: str) -> None:
        """Without a lifecycle there are no hooks, and `fire` returns at once."""
        self.lifecycle = rows
        self.config = config
        self.recorder = recorder
        self.cwd = cwd
        self._lock = allocate_lock()
        self._found: tuple[int, list[Hook], list[str]] | None = None

    def matching(self, event: str, subject: str) -> list[Hook]:
        """The hooks that an event calls for, in the order of their declaration."""
        return [hook for hook in self._listed()[0] if hook.event == event and hook.matches(subject)]

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the files that declare hooks."""
        return self._listed()[1]

    def _listed(self) -> tuple[list[Hook], list[str]]:
        """The hooks that may run, and the warnings."""
        if self.lifecycle is None:
            return [], []
        with self._lock:
            if self._found is None or self._found[0] != self.config.revision:
                revision, listing = self.config.revision, Listing(self.lifecycle, self.config, self.cwd)
                for plugin, missing in listing.not_played.items():
                    missing.tell(self.recorder, plugin)
                self._found = (revision, [hook for hook in listing.hooks if hook.runs], listing.warnings)
            return self._found[1:]

    def fire(
        self,
        event: str,
        subject: str,
        payload: dict[str, Any],
        *,
        thread_id: str,
        session_id: str,
        agent_id: str | None = None,
        agent_type: str | None = None,
        on_run: OnRun | None = None,
    ) -> Effects:
        """Run the hooks of one event to their end, each with its records, and say what they asked for.

        `subject` is what a matcher is held against: the source of SessionStart, the reason of SessionEnd, the agent
        type of SubagentStart and SubagentStop, the tool's name, "" for the rest. `payload` comes from
        `lifecycle.payload(event, values)`.
        """
        effects, hooks = Effects(), self.matching(event, subject)
        if self.lifecycle is None or not hooks:
            return effects
        who = {"thread_id": thread_id, "session_id": session_id, "agent_id": agent_id}
        runs = [_Run(self, self.lifecycle, hook, {"event": event, **who}, on_run) for hook in hooks]
        data = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        for run in runs:
            run.begin(data, payload, agent_type)
        started = {id(run.process): run for run in runs if run.process is not None}
        serve(
            [run.process for run in runs if run.process is not None],
            lambda process: started[id(process)].end(),
            lambda process: started[id(process)].say_held(),
            kill_group=self.lifecycle["hook_kill"] == "its group",
        )
        for run in runs:
            context = self._fitting(run.outcome.context, thread_id)
            effects.add(event, run.hook, run.outcome, context)
        return effects

    def _fitting(self, context: str | None, thread_id: str) -> str | None:
        """A context as it reaches the model: one that is too long is cut, and the whole of it is in a file."""
        if context is None or self.lifecycle is None or not too_long(context, self.lifecycle):
            return context
        folder = os.path.join(_temporary_directory(), "hook_outputs", thread_id)
        path = os.path.join(folder, f"{clock.new_id(clock.now_ms())}.txt")
        os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(context)
        return cut(context, self.lifecycle, path)


class _Run:
    """One command, from its start to its record."""

    def __init__(self, hooks: Hooks, rows: Lifecycle, hook: Hook, who: Json, on_run: OnRun | None) -> None:
        self.hook = hook
        self._on_run = on_run
        self._began = clock.now_ms()
        self.process: HookProcess | None = None
        self.outcome = failed("hook has not run")
        self._hooks = hooks
        self._lifecycle = rows
        self._announced = {"run": clock.new_id(clock.now_ms()), **who}

    def begin(self, data: bytes, payload: Json, agent_type: str | None) -> None:
        """Start the command with its payload, and write it into the journal."""
        rows, hook, variables = self._lifecycle, self.hook, self._variables()
        self._began, problem = clock.now_ms(), ""
        if self._on_run is not None:
            self._on_run("started", _shown_run(hook, hook.event, self._began))
        try:
            self.process = HookProcess(
                hook.command,
                rows["hook_shell"],
                variables,
                self._hooks.cwd,
                own_session=rows["hook_group"] == "own session",
                watches_stdin=rows["hook_ignores_stdin"] == "fails",
            )
            self.process.feed(data, hook.timeout)
        except OSError as error:
            problem = f"failed to spawn hook: {error}"
        record_start(
            self._hooks.recorder,
            self._announced,
            process=(self.process.pid, self.process.pgid) if self.process else (None, None),
            environment=variables,
            agent_type=agent_type,
            plugin=hook.plugin.name if hook.plugin else None,
            command=hook.written,
            cwd=self._hooks.cwd,
            payload=payload,
            timeout=hook.timeout,
            asynchronous=False,  # one that says so does not run at all, or is waited for like any other
        )
        if self.process is None:
            self.outcome = failed(problem)
            nothing, told = Output(), Output()
            told.add(problem.encode())
            self._ended((None, None), (nothing, told), "host")

    def say_held(self) -> None:
        """The process has ended, and its time is up because somebody else still has its output."""
        announced = {name: value for name, value in self._announced.items() if name != "thread_id"}
        self._hooks.recorder.write("hook.held", **announced, pid=os.getpid())

    def end(self) -> None:
        """The process has ended: see what it said, and write it into the journal."""
        process = self.process
        assert process is not None
        event = self.hook.event
        if process.timed_out:
            self.outcome = failed(f"hook timed out after {self.hook.timeout}s")
        elif process.ignored_stdin:
            self.outcome = failed(STDIN_REFUSED)
        else:
            stdout, stderr = process.out.text(), process.err.text()
            self.outcome = interpret(event, process.exit, stdout, stderr, self._lifecycle, cut=process.out.cut)
        ended_by = "timeout" if process.killed else "itself"
        self._ended((process.exit, process.signal), (process.out, process.err), ended_by)

    def _ended(self, status: tuple[int | None, int | None], printed: tuple[Output, Output], ended_by: str) -> None:
        record_end(
            self._hooks.recorder,
            self._announced,
            status=status,
            printed=printed,
            ended_by=ended_by,
            ms=max(0, clock.now_ms() - self._began),
            limit=self.hook.timeout if ended_by == "timeout" else None,
            effects=self.outcome.effects(),
        )
        if self._on_run is not None:
            self._on_run("completed", _shown_run(self.hook, self.hook.event, self._began, self.outcome))

    def _variables(self) -> dict[str, str]:
        variables = {**os.environ, STARTED_BY: str(self._announced["run"])}
        plugin = self.hook.plugin
        if plugin is not None:
            places = {"plugin_root": plugin.root, "plugin_data": plugin.data}
            for name, value in self._lifecycle["hook_variables"].items():
                variables[name] = fill(value, places)
        return variables


def _hook_prompt(hook: Hook, reason: str) -> str:
    """How a hook tells an agent that would stop to go on."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        reason = reason.replace(sign, entity)
    return f'<hook_prompt hook_run_id="{hook.run_id}">{reason}</hook_prompt>'


def _temporary_directory() -> str:
    names = ("TMPDIR", "TEMP", "TMP")
    return next((os.environ[name] for name in names if os.environ.get(name)), "/tmp")  # noqa: S108 - the last resort


def _shown_run(hook: Hook, event: str, began_ms: int, outcome: Outcome | None = None) -> Json:
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
        "entries": [] if outcome is None else _entries_of(outcome),
    }


def _entries_of(outcome: Outcome) -> list[Json]:
    said = (
        ("warning", outcome.message),
        ("context", outcome.context),
        ("feedback", outcome.block),
        ("stop", outcome.stop),
        ("error", outcome.problem),
    )
    return [{"kind": kind, "text": text} for kind, text in said if text is not None]


# -- asked for by a client


def listing(params: Json, app: Any) -> Json:
    """`hooks/list`."""
    cwds = params.get("cwds") or [os.getcwd()]
    if not isinstance(cwds, list) or not all(isinstance(cwd, str) for cwd in cwds):
        raise RequestError(f"Invalid request: `cwds`: expected a sequence of strings, not {cwds!r}")
    given = getattr(app, "config", None)
    config = given if isinstance(given, Config) else load()
    rows = lifecycle.load()
    return {"data": [_listed(rows, config, cwd) for cwd in cwds]}


def _listed(rows: Lifecycle | None, config: Config, cwd: str) -> Json:
    if rows is None:
        return {"cwd": cwd, "hooks": [], "warnings": [], "errors": []}
    found = Listing(rows, config, cwd)
    shown = [_shown(hook, rows) for hook in found.hooks]
    return {"cwd": cwd, "hooks": shown, "warnings": found.warnings, "errors": found.errors}


def _shown(hook: Hook, rows: Lifecycle) -> Json:
    values = {
        "key": hook.key,
        "eventName": hook.event[0].lower() + hook.event[1:],
        "handlerType": "command",
        "matcher": hook.matcher,
        "command": hook.command,
        "async": hook.asynchronous,
        "timeoutSec": hook.timeout,
        "statusMessage": hook.message,
        "sourcePath": hook.source.path,
        "source": hook.source.kind,
        "pluginId": hook.plugin.id if hook.plugin else None,
        "displayOrder": hook.order,
        "enabled": hook.enabled,
        "isManaged": False,
        "currentHash": hook.current_hash,
        "trustStatus": hook.trust,
        "additionalContextLimit": None,
        "environmentId": None,
    }
    return {name: values[name] for name in rows["hook_listing_keys"]}


METHODS: dict[str, Callable[[Json, Any], Json]] = {"hooks/list": listing}
"""handler(params, app) -> result; raises RequestError. Of `app` only `app.config`, where it has one, is used."""
