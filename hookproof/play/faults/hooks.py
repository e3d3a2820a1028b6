"""Faults of hooks: one is killed at its work, another is run again and again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hookproof import files, processes
from hookproof.play.faults.injection import Injection, Target
from hookproof.play.trees import kill_tree
from hookproof.records import Record
from hookproof.records.faults import HookKilled, SessionRestarted
from hookproof.records.run import ProcessDied
from hookproof.records.sent import HookEnded, HookStarted
from hookproof.sandbox.sandbox import shell_argv

_STARTS = 100


@dataclass(frozen=True, slots=True)
class RunningHook:
    """A hook that is to be killed or held, known by who it is and not by a pid that another may have by then."""

    run: str
    identity: processes.Identity | None


class KillingHook(Injection):
    """Kills the next SessionEnd hook: `at its start`, or midway, once `a process dies`."""

    def __init__(self, target: Target, job: str, moment: Literal["at its start", "a process dies"]) -> None:
        super().__init__(target, job)
        self._moment = moment
        self._armed = False
        self._running: RunningHook | None = None

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
            running = RunningHook(record.run, identity)
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

    def _kill(self, hook: RunningHook) -> None:
        self._write_killed(hook, kill_tree(hook.identity) if hook.identity is not None else [])

    def _write_killed(self, hook: RunningHook, pids: list[int]) -> None:
        self.run.journal.write(HookKilled(run=hook.run, moment=self._moment, pids=pids, over=not pids))


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
