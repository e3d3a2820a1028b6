"""Whether a hook does its work within the host's own budget, told in proportion to what the machine can do.

Called by the checks of JOB-11 and HOOK-04.
"""

from __future__ import annotations

from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.session_end import cut_hooks
from hookproof.judge.verdict import Finding
from hookproof.records.parts import BUSY
from hookproof.records.sent import HookEnded, HookStarted

CUT = "ended by the host"


def out_of_budget(view: RunView, run: HookRun, ended: HookEnded, took: float) -> Finding | None:
    """What there is to say of a hook that the host ended, or that needed more than the host's own budget.

    How much a hook gets done in a second is the machine's affair: on one that is busy with something else it is judged
    by what it was given, in proportion. What that leaves open is not tested.
    """
    by_itself = ended.ended_by == "itself" and ended.signal is None
    budget, patience = view.case.session_end.get(run.started.source or ""), view.case.patience
    own = budget.own_ms if budget is not None else None
    if budget is None or own is None:
        return None if by_itself else Finding(CUT, _cut_after(took, ended), ended)
    slowdown = budget.slowdown or 1.0
    raised = budget.raised_by is not None
    if by_itself and (not raised or took <= own):
        return None
    cut = next((each for each in cut_hooks(view) if each.run.started.run == run.started.run), None)
    given = cut.limit_ms if cut is not None and cut.limit_ms is not None else budget.ms
    busy = f"this machine was busy, a bare hook took {slowdown:.1f} times as long as it works"
    if by_itself:
        why = busy
    elif patience is not None and given < patience.ms:
        why = f"the hook was given {given} ms, and {patience.multiple} times a bare hook is {patience.ms:.0f} ms here"
    elif slowdown >= BUSY and given < own * slowdown:
        why = f"{busy}, and the hook was given {given} ms"
    else:
        return Finding(CUT, _cut_after(took, ended), ended)
    what = f"it took {took:.0f} ms" if by_itself else _cut_after(took, ended)
    why = f"whether the hook does its work within the host's budget of {own} ms cannot be told: {why}"
    return Finding.not_tested(f"{why}; {what}", ended)


def took_ms(started: HookStarted, ended: HookEnded) -> float:
    """By the clock of whoever ran it, where that was told: how late a record came is no part of it."""
    return ended.at - started.at if ended.ms is None else ended.ms


def _cut_after(took: float, ended: HookEnded) -> str:
    return f"after {took:.0f} ms, by {ended.ended_by}"
