"""Checks of any plugin's hooks: whether they run, and whether the host takes what they print. Asked in every case."""

from __future__ import annotations

from collections import Counter

from hookproof.judge.agent_view import speaks
from hookproof.judge.checks.registry import run_check
from hookproof.judge.hook_runs import dropped, dropped_sentence, failure, hook_runs, named, output, untold
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.verdict import Finding

RAN_WHOLE, TAKEN, REFUSED, NOTHING = "ran whole", "taken", "refused", "nothing printed"
_MOST = 5
_WORDS = 300


@run_check("HOOK-01")
def hooks_run_whole(view: RunView) -> Finding:
    """Whether every hook ran to an end that its event gives a meaning to.

    A SessionEnd hook that was cut at its host's budget is not tested here: how long a session's end may take is the
    host's doing, how long a hook takes is this machine's, and what comes of it is what JOB-11 is about.
    """
    runs = hook_runs(view)
    if not runs:
        return _none_ran(view)
    failures = [found for run in runs if (found := failure(view, run)) is not None]
    if failures:
        return Finding(failures[0].outcome, _counted([each.sentence for each in failures]), failures[0].at)
    others = [each for run in runs if (each := untold(view, run)) is not None]
    if others:
        return Finding.not_tested(_counted([each.sentence for each in others]), others[0].at)
    return Finding(RAN_WHOLE, f"{len(runs)} hook run(s)", runs[-1].ended)


@run_check("HOOK-02")
def output_is_taken(view: RunView) -> Finding:
    """Whether the host took what each hook printed that ran whole."""
    runs = hook_runs(view)
    if not runs:
        return _none_ran(view)
    printed = [run for run in runs if speaks(run) and _ended_well(view, run)]
    found = [(run, *output(view, run)) for run in printed]
    refused = [(run, words) for run, made, words in found if made == "refused"]
    if refused:
        sentences = [f"{named(run)} printed {_start(run)!r}: {_said(words)}" for run, words in refused]
        return Finding(REFUSED, _counted(sentences), refused[0][0].ended)
    unknown = [(run, words) for run, made, words in found if made == "unknown"]
    if unknown:
        why = "its host says nothing of what it made of that, and nothing else shows it"
        sentences = [f"{named(run)} printed {_start(run)!r}: {words or why}" for run, words in unknown]
        return Finding(None, _counted(sentences), unknown[0][0].ended)
    last = (printed or runs)[-1].ended
    return Finding(TAKEN if printed else NOTHING, f"{len(printed)} of {len(runs)} hook run(s) printed something", last)


def _none_ran(view: RunView) -> Finding:
    none = dropped(view)
    return Finding.not_tested("no hook ran" if none is None else dropped_sentence(none), none)


def _ended_well(view: RunView, run: HookRun) -> bool:
    return run.ended is not None and run.ended.exit == 0 and untold(view, run) is None and failure(view, run) is None


def _start(run: HookRun) -> str:
    text = " ".join(run.ended.stdout.split()) if run.ended is not None else ""
    return text if len(text) <= _MOST * 20 else f"{text[: _MOST * 20]}…"


def _said(words: str | None) -> str:
    text = " ".join((words or "").split())
    return f"the host says: {text[:_WORDS]}" if text else "the host refused it"


def _counted(sentences: list[str]) -> str:
    """The sentences, each once, with how often; of many the first few."""
    often = Counter(sentences)
    shown = [text if number == 1 else f"{text} ({number} times)" for text, number in often.items()]
    more = len(shown) - _MOST
    return "; ".join([*shown[:_MOST], *([f"{more} more"] if more > 0 else [])])
