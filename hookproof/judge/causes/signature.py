"""The causes that the evidence of a run fits, the first of them (the JSON's `signature`), and the culprit.

Issue #345 names one cause for its symptom; measuring found more that look alike from outside. Each has one function,
which asks who did what to whom, over all looks: a plugin that records its loss properly has lost the job by the same
cause as one that notices nothing. The judge calls `find_signature`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hookproof.judge.causes.act import ByHook, find_act
from hookproof.judge.causes.culprit import Culprit, find_culprit
from hookproof.judge.causes.endings import another_sessions_hook, cut_short, host_ended_the_shell, own_sessions_hook
from hookproof.judge.causes.evidence import Found, whose
from hookproof.judge.causes.lists import list_torn, started_before_written, update_lost
from hookproof.judge.causes.sight import filtered, hidden_unexplained, two_roots
from hookproof.judge.causes.table import UNEXPLAINED, CauseId
from hookproof.judge.run_view import JobView, NoEvidenceError, RunView

CAUSE_OF: dict[CauseId, Callable[[RunView, JobView], Found | None]] = {
    # in falling order of weight: what ended the job, what became of its row, what others see of it
    "H1": own_sessions_hook,
    "H2": another_sessions_hook,
    "H3": host_ended_the_shell,
    "H8": cut_short,
    "H9": list_torn,
    "H5": update_lost,
    "H6": started_before_written,
    "H4": two_roots,
    "H7": filtered,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What fits. `id` is None when nothing is wrong with the job, or '?' when something is and no cause fits."""

    id: str | None
    reasons: tuple[str, ...]
    also: tuple[str, ...]
    """Other causes that the same run shows beside the first, for example a filter before a kill."""
    culprit: Culprit | None
    causes: tuple[Found, ...] = ()
    """Every cause that fits, the first one first, each with its own reasons."""


def find_signature(view: RunView) -> Signature:
    """The signature of the run: of its first job with a cause, with the causes of the others beside it."""
    found: list[Found] = []
    unexplained: list[tuple[str, ...]] = []
    provoked: list[str] = []
    untold: list[str] = []
    culprit: Culprit | None = None
    for job in view.jobs.values():
        why = view.provoked(job)
        if why is not None:
            provoked.append(why)
            continue
        causes, unseen = _causes_of(view, job)
        if causes and culprit is None and (job.lost is not None or job.started is None):
            culprit = find_culprit(view, job)
        named = len(view.jobs) > 1
        found += [_of(job, each) if named else each for each in causes if each.id not in {old.id for old in found}]
        untold += unseen
        if not causes and not unseen:
            unexplained += [_unexplained(view, job)]
    if found:
        first, *others = found
        return Signature(first.id, first.reasons, tuple(each.id for each in others), culprit, tuple(found))
    facts = next((each for each in unexplained if each), ())
    if facts:
        return Signature(UNEXPLAINED, facts, (), None)
    return Signature(None, tuple(dict.fromkeys([*provoked, *untold])), (), None)


def _of(job: JobView, found: Found) -> Found:
    """A cause, its reasons with the name of the job that they are about."""
    return Found(found.id, found.how, tuple(f"{job.name}: {reason}" for reason in found.reasons))


def _causes_of(view: RunView, job: JobView) -> tuple[list[Found], list[str]]:
    """The causes that one job's evidence fits, and what could not be seen."""
    found: list[Found] = []
    untold: list[str] = []
    for cause in CAUSE_OF.values():
        try:
            each = cause(view, job)
        except NoEvidenceError as error:
            untold.append(str(error))
            continue
        if each is not None:
            found.append(each)
    return list(_ranked(view, job, found)), untold


def _ranked(view: RunView, job: JobView, found: list[Found]) -> Iterator[Found]:
    """A hook of the job's own session that was cut with its work half done comes before that it ended the job.

    Whole, it would have left what it leaves after every end; what is wrong is that it was kept from that.
    """
    act = find_act(view, job)
    own = isinstance(act, ByHook) and whose(view, job, act.run) == "H1"
    yield from (each for each in found if own and each.id == "H8")
    yield from (each for each in found if not (own and each.id == "H8"))


def _unexplained(view: RunView, job: JobView) -> tuple[str, ...]:
    """What is wrong with a job that fits no cause; nothing where nothing is."""
    if job.lost is not None:
        death = job.worker_death
        how = "its Codex went away" if death is None else "its worker died"
        return (f"{how}, and nobody is seen to have done it", *_row(view, job))
    if job.started is None and job.launched is not None:
        if view.refused(job) is None:
            return ("the launch printed a job id, but no worker ever asked its model", *_row(view, job))
        return ()
    try:
        return hidden_unexplained(view, job)
    except NoEvidenceError:
        return ()


def _row(view: RunView, job: JobView) -> tuple[str, ...]:
    """What its row says in the last look."""
    snapshot = next(reversed(view.snapshots), None)
    try:
        row = view.stored(snapshot, job) if snapshot is not None else None
    except NoEvidenceError as error:
        return (str(error),)
    if snapshot is None:
        return ("nobody looked after that",)
    if row is None:
        return ("no row of it is anywhere",)
    return (f"its row says {row.status!r}" + (f": {row.reason}" if row.reason else ""),)
