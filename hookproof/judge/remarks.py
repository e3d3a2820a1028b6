"""What a reader of a verdict should know of the hooks, whatever was judged: who hung, and whom the host has cut off."""

from __future__ import annotations

from hookproof.judge.run_view import RunView
from hookproof.records.jobs import HookOverdue
from hookproof.records.told import HookStarted

_SHOWN = 200


def remarks(view: RunView) -> list[str]:
    """A sentence for each hook run that outlived half of a step's patience or the time that its host gives it.

    A hook that had not ended when a wait was given up is named by that error already.
    """
    started = {run.started.run: run for run in view.hooks}
    said = []
    for overdue in view.of(HookOverdue):
        run = started.get(overdue.run)
        if view.errors and (run is None or run.ended is None):
            continue
        if overdue.held_by is None:
            said.append(f"{_named(overdue)} was still running after {overdue.ms / 1000:.1f} s")
        else:
            holders = ", ".join(overdue.held_by) or "a process that it started"
            said.append(f"after {overdue.ms / 1000:.1f} s {holders} still held the output of {_named(overdue)}")
    for run in view.hooks:
        if run.ended is not None and run.ended.ended_by == "timeout":
            timeout = run.started.timeout
            of = f" of {timeout:g} s" if timeout is not None else ""
            said.append(f"{_named(run.started)} was ended by the host at its timeout{of}")
    return said


def _named(record: HookOverdue | HookStarted) -> str:
    command = record.command
    return f"the {record.event} hook `{command if len(command) <= _SHOWN else f'{command[:_SHOWN]}…'}`"
