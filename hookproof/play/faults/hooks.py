"""Faults of hooks: one is killed at its work, one is held for its host to end it, one is run again and again."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hookproof import files, processes
from hookproof.play.faults.injection import Injection, Target
from hookproof.play.trees import kill_tree, stop_tree
from hookproof.records import Record
from hookproof.records.faults import HookKilled, HookStopped, SessionRestarted
from hookproof.records.run import ProcessDied
from hookproof.records.sent import HookEnded, HookStarted
from hookproof.sandbox.changes import StateChanges
from hookproof.sandbox.sandbox import shell_argv

_STARTS = 100


@dataclass(frozen=True, slots=True)
class _Running:
    """A hook that is to be killed, known by who it is and not by a pid that another may have by then."""

    run: str
    identity: processes.Identity | None


class KillingHook(Injection):
    """Kills the next SessionEnd hook: `at its start`, or midway, once `a process dies`."""

    def __init__(self, target: Target, job: str, moment: Literal["at its start", "a process dies"]) -> None:
        super().__init__(target, job)
        self._moment = moment
        self._armed = False
        self._running: _Running | None = None

    async def apply(self) -> None:
        self._armed = True
        self.run.journal.observe(self._seen)

    async def undo(self) -> None:
        self._armed, self._running = False, None

    def _seen(self, record: Record) -> None:
        if self._armed and isinstance(record, HookStarted) and record.event == "SessionEnd":
            self._armed = False
            # a tapped hook waits for this very record before it begins: whoever has its pid now is the hook
            identity = processes.identify(record.pid) if record.pid is not None else None
            running = _Running(record.run, identity)
            if self._moment == "at its start":
                self._kill(running)
            else:
                self._running = running
        elif self._running is not None and isinstance(record, ProcessDied):
            running, self._running = self._running, None
            self._kill(running)
        elif self._running is not None and isinstance(record, HookEnded) and record.run == self._running.run:
            running, self._running = self._running, None
            self._write_killed(running, [])

    def _kill(self, hook: _Running) -> None:
        self._write_killed(hook, kill_tree(hook.identity) if hook.identity is not None else [])

    def _write_killed(self, hook: _Running, pids: list[int]) -> None:
        self.run.journal.write(HookKilled(run=hook.run, moment=self._moment, pids=pids, over=not pids))


class HoldingHook(Injection):
    """Stops the next SessionEnd hook, once the plugin's state has changed so often since this was applied.

    Who changes it nobody tells: a scenario lets everything come to rest before. The hook goes on for as long as it
    takes to stop it, so that the record says how many changes there were when it stood still.
    """

    def __init__(self, target: Target, job: str, records: int) -> None:
        super().__init__(target, job)
        self._after = records
        self._changes: StateChanges | None = None
        self._armed = False
        self._running: _Running | None = None
        self._stopped: list[processes.Identity] = []

    async def apply(self) -> None:
        if self._after:
            self._changes = StateChanges(self.run.sandbox, self.target.descriptor.state, self._changed)
        self._armed = True
        self.run.journal.observe(self._seen)

    async def undo(self) -> None:
        self._armed, self._running = False, None
        self._watch_no_more()
        if sys.platform != "win32":
            for identity in self._stopped:
                processes.signal_process(identity, signal.SIGCONT)

    def _seen(self, record: Record) -> None:
        if self._armed and isinstance(record, HookStarted) and record.event == "SessionEnd":
            self._armed = False
            self._running = _Running(record.run, processes.identify(record.pid) if record.pid is not None else None)
            self._changed()
        elif self._running is not None and isinstance(record, HookEnded) and record.run == self._running.run:
            self._write(self._running, [])

    def _changed(self) -> None:
        seen = self._changes.seen if self._changes is not None else 0
        if self._running is not None and seen >= self._after:
            identity = self._running.identity
            self._write(self._running, stop_tree(identity) if identity is not None else [])

    def _write(self, hook: _Running, stopped: list[processes.Identity]) -> None:
        self._running, self._stopped = None, stopped
        records = self._changes.look() if self._changes is not None else 0
        self._watch_no_more()
        pids = [identity.pid for identity in stopped]
        self.run.journal.write(
            HookStopped(run=hook.run, after=self._after, records=records, pids=pids, over=not stopped)
        )

    def _watch_no_more(self) -> None:
        changes, self._changes = self._changes, None
        if changes is not None:
            changes.close()


class RepeatingSessionStart(Injection):
    """Runs main's SessionStart hooks again, as the host ran them, until that is a hundred starts of the session."""

    async def apply(self) -> None:
        runs = [each for each in self.run.journal.of(HookStarted) if each.event == "SessionStart"]
        for hook in runs:
            given = hook.env.get("CLAUDE_ENV_FILE")
            file = Path(given) if given else None
            before = _lines(file)
            worked = [await self._run_again(hook) for _ in range(_STARTS - 1)]
            self.run.journal.write(
                SessionRestarted(
                    starts=_STARTS,
                    failed=worked.count(False),
                    file=file.name if file is not None else None,
                    there=file is not None and file.is_file(),
                    first=before,
                    lines=_lines(file),
                )
            )

    async def _run_again(self, hook: HookStarted) -> bool:
        """Whether it ended well."""
        env = {**self.run.env, **hook.env}
        command = hook.command
        for name in ("CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA"):
            command = command.replace("${" + name + "}", env.get(name, ""))
        finished = await processes.run(
            shell_argv(command, [], self.run.sandbox.root),
            env=env,
            cwd=hook.cwd,
            input=json.dumps({**hook.payload, "source": "compact"}).encode() + b"\n",
            seconds=self.run.options.seconds,
            waiting_for="a SessionStart hook that is run again",
            case=self.run.processes,
        )
        return finished.exit.code == 0


def _lines(file: Path | None) -> int:
    if file is None:
        return 0
    try:
        return len(files.read_text(file, limit=files.STATE, lossy=True).splitlines())
    except files.FileError:
        return 0
