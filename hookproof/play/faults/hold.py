"""Holding a hook: it stands still at its start or at a change of the plugin's state, until its host ends it.

That is how a host's budget cuts a hook at a moment of the scenario's choice, whatever the speed of the machine.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import asyncio
import signal
from contextlib import suppress

from hookproof import processes
from hookproof.play.faults.hooks import RunningHook
from hookproof.play.faults.injection import Injection, Target
from hookproof.play.trees import is_stopped, stop_tree, tree_now
from hookproof.records import Record
from hookproof.records.faults import HookStopped
from hookproof.records.sent import HookEnded, HookStarted
from hookproof.sandbox.changes import StateChanges

_AGAIN_SECONDS = 0.002
"""How soon it is looked again whom the hook has started and whom the kernel has stopped; it decides nothing."""


class HoldingHook(Injection):
    """Stops the next SessionEnd hook, once the plugin's state has changed so often since this was applied.

    Who changes it nobody tells: a scenario lets everything come to rest before. The kernel stops the hook at each thing
    that it does where the state is; here it is let go on until there are enough. A process that makes a change before
    it was seen among the hook's is not stopped by that: the record says how many changes there were when all stood
    still.
    """

    def __init__(self, target: Target, job: str, records: int) -> None:
        super().__init__(target, job)
        self._after = records
        self._changes: StateChanges | None = None
        self._armed = False
        self._running: RunningHook | None = None
        self._known: set[processes.Identity] = set()
        """Of the hook's tree, those that the kernel stops."""
        self._stopped: list[processes.Identity] = []
        self._again: asyncio.TimerHandle | None = None

    async def apply(self) -> None:
        if self._after:
            self._changes = StateChanges(self.run.sandbox, self.target.descriptor.state, self._look)
        self._armed = True
        self.run.journal.observe(self._seen)

    async def undo(self) -> None:
        self._armed, self._running = False, None
        self._watch_no_more()
        for identity in self._stopped:
            processes.signal_process(identity, signal.SIGCONT)

    def _seen(self, record: Record) -> None:
        if self._armed and isinstance(record, HookStarted) and record.event == "SessionEnd":
            self._armed = False
            self._running = RunningHook(record.run, processes.identify(record.pid) if record.pid is not None else None)
            self._look()
        elif self._running is not None and isinstance(record, HookEnded) and record.run == self._running.run:
            self._write(self._running, [])

    def _look(self) -> None:
        """Whether there are enough changes; else whoever the kernel has stopped goes on."""
        if self._running is None:
            return
        root, changes = self._running.identity, self._changes
        if root is None:
            self._write(self._running, [])
        elif changes is None or changes.look() >= self._after:
            self._write(self._running, stop_tree(root))
        else:
            for identity in tree_now(root):
                self._let_go_on(identity, changes)
            # whom it starts, and when the kernel has stopped it, nothing tells
            if self._again is not None:
                self._again.cancel()
            self._again = asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._look)

    def _let_go_on(self, identity: processes.Identity, changes: StateChanges) -> None:
        if identity not in self._known:
            self._known.add(identity)
            with suppress(ProcessLookupError):  # it has ended meanwhile
                changes.stop_at_each(identity.pid)
        if is_stopped(identity):
            processes.signal_process(identity, signal.SIGCONT)

    def _write(self, hook: RunningHook, stopped: list[processes.Identity]) -> None:
        self._running, self._stopped = None, stopped
        records = self._changes.look() if self._changes is not None else 0
        self._watch_no_more()
        pids = [identity.pid for identity in stopped]
        self.run.journal.write(
            HookStopped(run=hook.run, after=self._after, records=records, pids=pids, over=not stopped)
        )

    def _watch_no_more(self) -> None:
        again, changes = self._again, self._changes
        self._again = self._changes = None
        if again is not None:
            again.cancel()
        if changes is not None:
            changes.close()
