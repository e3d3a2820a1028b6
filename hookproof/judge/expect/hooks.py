"""Runs of the plugin's hooks: how often one ran and what it came to, and how long one held its host up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hookproof.judge.expect.counts import Counted, often
from hookproof.judge.expect.runs import chosen, decision, occasion
from hookproof.judge.hook_runs import named, untold
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.expect import Held, HookRan, HookRuns, HookTook, Wording
from hookproof.records.sent import HookEnded, HookHeld

IN_TIME, TOO_LONG = "in time", "too long"
_MOST = 3
_SHOWN = 120


def ran(view: RunView, expected: HookRan) -> Finding:
    """How often a hook ran as the sentence says. Raises NoEvidenceError."""
    runs, counted = chosen(view, expected.runs), words_for(expected)
    if not runs:
        return _none(view, expected, counted)
    fits = [(run, _fits(view, expected, run)) for run in runs]
    sure = [run for run, fit in fits if fit.holds]
    open_ = [(run, fit) for run, fit in fits if fit.holds is None]
    number, times = len(sure), expected.times
    detail = _detail(expected, fits, number)
    if times.fit(number) != times.fit(number + len(open_)) or (open_ and not times.fit(number) and times.least > 0):
        run, fit = open_[0]
        return _open(view, run, f"{named(run)} {fit.why}; {detail}")
    most = times.most
    at = sure[most] if most is not None and number > most else (sure or runs)[0]
    certain = most is not None and number > most
    return Finding(counted.outcome(times, number), detail, at.ended or at.started, certain=certain)


def words_for(expected: HookRan) -> Counted:
    """What the outcomes are called."""
    said = [
        *([f"exit status {expected.exit}"] if expected.exit is not None else []),
        *([f"decision {expected.decision}"] if expected.decision is not None else []),
        *(["that output"] if expected.output is not None else []),
        *(["that payload"] if expected.payload else []),
    ]
    with_ = f" with {' and '.join(said)}" if said else ""
    return Counted(f"ran{with_}", f"did not run{with_}")


def _none(view: RunView, expected: HookRan, counted: Counted) -> Finding:
    """No run at all: of what the plugin should have done something at, or of what never came about."""
    cause = occasion(view, expected.runs)
    about = _about(expected.runs)
    if cause is None:
        return Finding.not_tested(f"no {about} ran, and nothing tells that one had a reason to", view.end)
    detail = f"no {about} ran, and the event came about (record {cause.seq}: {cause.kind})"
    return Finding(counted.outcome(expected.times, 0), detail, cause)


def _about(runs: HookRuns) -> str:
    tool = f" of {runs.tool}" if runs.tool is not None else ""
    agent = f" for {runs.agent}" if runs.agent is not None else ""
    command = f" {runs.command}" if runs.command is not None else ""
    return f"{runs.event} hook{command}{tool}{agent}"


@dataclass(frozen=True, slots=True)
class _Fit:
    """Whether a run is as the sentence says; None where nobody can tell. And why it is not."""

    holds: bool | None
    why: str = ""


def _fits(view: RunView, expected: HookRan, run: HookRun) -> _Fit:
    wrong = next((why for held in expected.payload if (why := _not_held(run.started.payload, held))), None)
    if wrong is not None:
        return _Fit(False, wrong)
    if expected.exit is None and expected.decision is None and expected.output is None:
        return _Fit(True)
    if untold(view, run) is not None or run.ended is None:
        return _Fit(None, "had not come to its own end")
    wrong = _ended_otherwise(expected, run.ended)
    decided = decision(view, run)
    if wrong is None and expected.decision is not None and decided != expected.decision:
        wrong = f"decided {decided}"
    return _Fit(wrong is None, wrong or "")


def _ended_otherwise(expected: HookRan, ended: HookEnded) -> str | None:
    """What is wrong with the end of a run; None where it ended as it should."""
    if expected.exit is not None and ended.exit != expected.exit:
        return f"exited {ended.exit}" if ended.exit is not None else f"was ended by signal {ended.signal}"
    if expected.output is not None and not expected.output.stand_in(ended.stdout):
        return f"printed {' '.join(ended.stdout.split())[:_SHOWN]!r}"
    return None


def _not_held(payload: dict[str, Any], held: Held) -> str | None:
    """What is wrong with a place of the payload; None where it holds what it should."""
    value, there = _at(payload, held.path)
    shown = f"had {held.path} = {str(value)[:_SHOWN]!r}" if there else f"had no {held.path}"
    if there != held.there:
        return shown
    if not there:
        return None
    if held.equals is not None:
        return None if type(value) is type(held.equals) and value == held.equals else shown
    if held.pattern is None:
        return None
    found = isinstance(value, str) and Wording(pattern=held.pattern).stand_in(value)
    return None if found else shown


def _at(payload: dict[str, Any], path: str) -> tuple[Any, bool]:
    """What stands at a path, and whether anything does."""
    value: Any = payload
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None, False
        value = value[name]
    return value, True


def _open(view: RunView, run: HookRun, why: str) -> Finding:
    """A run of which nobody can tell: what its host or the harness cut short is not tested."""
    cut = untold(view, run)
    if cut is not None:
        return Finding.not_tested(f"{cut.sentence}; {why}", cut.at)
    return Finding(None, why, run.started)


def _detail(expected: HookRan, fits: list[tuple[HookRun, _Fit]], number: int) -> str:
    others = [f"{named(run)} {fit.why}" for run, fit in fits if not fit.holds]
    shown = [*dict.fromkeys(others)][:_MOST]
    of = f"{_about(expected.runs)} ran {often(len(fits))}"
    return "; ".join([f"{of}, {number} as expected" if shown else of, *shown])


def within(view: RunView, expected: HookTook) -> Finding:
    """How long a hook held its host up, at the longest. Raises NoEvidenceError.

    What is over the limit only because this machine is slow is not tested: for as long as a bare hook may take on it.
    """
    runs = [run for run in chosen(view, expected.runs) if not run.started.asynchronous]
    if not runs:
        return Finding.not_tested(f"no {_about(expected.runs)} ran for which its host waits", view.end)
    longest = max(runs, key=lambda run: _took(view, run))
    took, at = _took(view, longest), longest.ended or longest.started
    detail = f"{named(longest)} took {took:.0f} ms of at most {expected.ms} ms{_multiple(view, took)}"
    if took > expected.ms:
        patience = view.case.patience
        if patience is not None and took <= patience.ms:
            why = f"on this machine a hook that does nothing may take {patience.ms:.0f} ms"
            return Finding.not_tested(f"{detail}: {why}", at)
        return Finding(TOO_LONG, detail, at)
    open_ = next((run for run in runs if run.ended is None or _held(view, run) is not None), None)
    if open_ is not None:
        held = "another process held its output" if open_.ended is not None else "it had not ended"
        return Finding(None, f"{named(open_)}: {held}, and nothing tells when its host went on; {detail}", at)
    return Finding(IN_TIME, f"{detail}; {often(len(runs))} in all", at)


def _took(view: RunView, run: HookRun) -> float:
    """How long the host waited for a run at least."""
    held = _held(view, run)
    end = view.end
    if run.ended is None:
        return (held.at if held is not None else end.at if end is not None else run.started.at) - run.started.at
    told = run.ended.ms if run.ended.ms is not None else run.ended.at - run.started.at
    return float(told)


def _held(view: RunView, run: HookRun) -> HookHeld | None:
    """Another process held the output of the hook after its end, and its host may have waited for that."""
    return next((each for each in view.of(HookHeld) if each.run == run.started.run), None)


def _multiple(view: RunView, took: float) -> str:
    patience = view.case.patience
    if patience is None or not patience.bare_hook_ms:
        return ""
    return f", {took / patience.bare_hook_ms:.1f} times a bare hook, which takes {patience.bare_hook_ms:.0f} ms here"
