"""Checks of where a plugin runs: the path that it lies at, and the profile of who runs it. Pure functions of the view.

The same hook in two places of one run is compared with itself: what it does in neither is no fault of the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import emitted
from hookproof.judge.checks.registry import run_check
from hookproof.judge.hook_runs import failure, hook_runs, named, untold
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.model import ModelRequest
from hookproof.records.run import Placed

AS_ELSEWHERE, FAILS, SAYS_OTHERWISE, NOISE = "as elsewhere", "fails there", "says something else there", "noise"
_MOST = 3
_WORDS = 300


@dataclass(frozen=True, slots=True)
class _Same:
    """One declared hook, as it ran in the place that is asked about and in the other."""

    here: list[HookRun]
    there: list[HookRun]


@run_check("HOOK-05")
def works_in_another_place(view: RunView) -> Finding:
    """What hooks do in the place of a further session, held against what the same hooks have done in main's."""
    places = {each.session: each for each in view.of(Placed)}
    usual, asked = places.get(MAIN), next((each for name, each in places.items() if name != MAIN), None)
    if usual is None or asked is None:
        return Finding(None, "the run had one place only, and nothing to compare it with")
    pairs = list(_pairs(view, asked, usual))
    whole = [each for each in pairs if each.there and all(_is_whole(view, run) for run in each.there)]
    if not whole:
        return Finding.not_tested(f"no hook ran whole in {_place(usual)}, so that nothing can be held against it")
    compared = [each for each in whole if each.here]
    return _failed(view, compared, asked, usual) or _unlike(compared, asked, usual) or _alike(compared, asked, usual)


def _failed(view: RunView, compared: list[_Same], asked: Placed, usual: Placed) -> Finding | None:
    """That hooks fail in the one place and not in the other."""
    failed = [run for each in compared for run in each.here if failure(view, run) is not None]
    if not failed:
        return None
    sentences = list(dict.fromkeys(_failure(view, run) for run in failed))
    more = f"; {len(sentences) - _MOST} more" if len(sentences) > _MOST else ""
    detail = f"{'; '.join(sentences[:_MOST])}{more}: in {_place(asked)}; in {_place(usual)} it ran whole"
    return Finding(FAILS, detail, failed[0].ended)


def _unlike(compared: list[_Same], asked: Placed, usual: Placed) -> Finding | None:
    """That a hook does something else in the one place than it does in the other."""
    for each in compared:
        here, there = ({_outcome(run) for run in runs} for runs in (each.here, each.there))
        if not here & there:
            run = each.here[0]
            detail = f"{named(run)} {min(here)} in {_place(asked)}; in {_place(usual)} it {min(there)}"
            return Finding(SAYS_OTHERWISE, detail, run.ended)
    return None


def _alike(compared: list[_Same], asked: Placed, usual: Placed) -> Finding:
    if not compared:
        return Finding.not_tested(f"no hook that ran in {_place(usual)} ran in {_place(asked)}")
    detail = f"{len(compared)} hook(s) did in {_place(asked)} what they had done in {_place(usual)}"
    return Finding(AS_ELSEWHERE, detail, compared[-1].here[-1].ended)


@run_check("HOOK-18")
def hears_no_profile(view: RunView) -> Finding:
    """Whether the line that the user's login profile prints stands in what a hook said, or reached a model."""
    line = view.case.profile_prints
    if line is None:
        return Finding.not_tested("no login profile of the run prints anything")
    runs = hook_runs(view)
    if not runs:
        return Finding.not_tested("no hook ran")
    for run in runs:
        if run.ended is not None and line in run.ended.stdout:
            detail = f"{named(run)} printed {line!r}, which is the profile's: it starts a login shell"
            return Finding(NOISE, detail, run.ended)
    for request in view.of(ModelRequest):
        if any(line in text.text for text in request.texts):
            return Finding(NOISE, f"{line!r}, which the profile prints, reached the model", request, request.agent)
    return Finding(AS_ELSEWHERE, f"none of {len(runs)} hook run(s) said what the profile prints", runs[-1].ended)


def _pairs(view: RunView, asked: Placed, usual: Placed) -> Iterator[_Same]:
    """Each hook by event and command, with its runs in both places."""
    found: dict[tuple[str, str], _Same] = {}
    for run in hook_runs(view):
        same = found.setdefault((run.event, run.started.command), _Same([], []))
        if _is_in(run, asked):
            same.here.append(run)
        elif _is_in(run, usual):
            same.there.append(run)
    yield from found.values()


def _is_in(run: HookRun, place: Placed) -> bool:
    return PurePath(run.started.cwd).is_relative_to(place.folder)


def _is_whole(view: RunView, run: HookRun) -> bool:
    return run.ended is not None and failure(view, run) is None and untold(view, run) is None


def _failure(view: RunView, run: HookRun) -> str:
    """What became of a hook, with all that its shell or program said of it."""
    found = failure(view, run)
    said = " ".join(run.ended.stderr.split())[:_WORDS] if run.ended is not None else ""
    sentence = found.sentence if found is not None else named(run)
    return f"{sentence} ({said})" if said and said not in sentence else sentence


def _outcome(run: HookRun) -> str:
    """What a run comes to, without its words: these may hold paths and times."""
    ended = run.ended
    if ended is None:
        return "does not end"
    effects = ended.effects
    if effects is not None and effects.decision is not None:
        return "refuses"
    if emitted(run) or (effects is not None and effects.context is not None):
        return "tells something"
    if effects is not None and effects.message is not None:
        return "complains to the user"
    return "prints something" if ended.stdout.strip() else "is silent"


def _place(place: Placed) -> str:
    name = "cache/NAME/VERSION" if place.installed else repr(PurePath(place.folder).name)
    return f"{name}, {'a plain path' if place.plain else 'a path with a space'}"
