"""H5, H6, H9: the list of jobs itself is at fault, and nobody has ended the job.

Pure functions of the run view and one job. Each gives what it found, or None.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hookproof.judge.causes.act import find_act
from hookproof.judge.causes.endings import vanished
from hookproof.judge.causes.evidence import Found, Sight, ends_between, sights, torn, torn_by_scenario
from hookproof.judge.checks.at_once import DIED, LOST_ROW, NOT_STARTED, OF_NO_JOB, STALE_ROW, Lack, lacks_of
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.session_end import cut_hooks
from hookproof.records.faults import HookKilled
from hookproof.records.jobs import JobsLaunched
from hookproof.records.run import ProcessDied

_LOSSES = (LOST_ROW, STALE_ROW, OF_NO_JOB)
"""What launches at the same moment lack where an update of the list was lost."""
_BESIDE = (NOT_STARTED, DIED)
"""What else may have come of it."""


def update_lost(view: RunView, job: JobView) -> Found | None:
    """H5."""
    if view.damaged:
        return None
    reasons = list(_of_launches(view, job)) or list(_of_the_row(view, job))
    return Found("H5", "inferred", tuple(reasons)) if reasons else None


def started_before_written(view: RunView, job: JobView) -> Found | None:
    """H6."""
    if view.of(JobsLaunched):
        return _waiting_rows(view, job)
    if job.started is not None or job.launched is None or find_act(view, job) is not None:
        return None
    launched = job.launched
    after = [sight for sight in sights(view, job) if sight.at.seq > launched.seq and sight.row is not None]
    row = after[-1].row if after else None
    if row is None or row.status.succeeded:
        return None
    deaths = [death for sight in after if sight.row and (death := _death_of(view, sight.row.pid)) is not None]
    if row.status.active and view.rows.waits(row.status):
        dead = [f"its process (pid {deaths[0].pid}) is dead"] if deaths else []
        return Found("H6", "inferred", (f"the row says {row.status!r} and no worker ever asked its model", *dead))
    if not deaths or deaths[0].seq > launched.seq:
        return None
    reason = f": {row.reason}" if row.reason else ""
    early = f"its worker (pid {deaths[0].pid}) was dead before the launch that wrote it down came back"
    return Found("H6", "inferred", (early, "no worker ever asked its model", f"the row says {row.status!r}{reason}"))


def _waiting_rows(view: RunView, job: JobView) -> Found | None:
    """H6 of launches at the same moment, told of the first job: rows that wait, of jobs that never began."""
    snapshot = next(reversed(view.snapshots), None)
    idle = [each.name for each in view.jobs.values() if each.started is None]
    if snapshot is None or not idle or job is not view.first_job():
        return None
    begun = {view.job_id(each) for each in view.jobs.values() if each.started is not None}
    if update_lost(view, job) is not None:
        return None  # what such a row does not say may have been lost as well
    waiting = [row for row in view.rows.stored(snapshot) if row.id not in begun and view.rows.waits(row.status)]
    if not waiting:
        return None
    reason = f"{len(waiting)} row(s) say {waiting[0].status!r} (look {snapshot.n})"
    return Found("H6", "inferred", (f"no worker of {', '.join(idle)} ever asked its model", reason))


def list_torn(view: RunView, job: JobView) -> Found | None:
    """H9, told of the first job: the list is that of all."""
    if job is not view.first_job():
        return None
    damaged = [each for each in view.snapshots if torn(each) and not torn_by_scenario(view, each)]
    census = view.census
    found = damaged[0] if damaged else census
    if found is None or not torn(found) or torn_by_scenario(view, found):
        return None
    where = f"look {damaged[0].n}" if damaged else "the census"
    reasons = [f"{where} finds a damaged list: {torn(found)}"]
    reasons += [each.sentence for each in cut_hooks(view) if each.ended.seq < found.seq]
    killed = [each for each in view.of(HookKilled) if each.happened and each.seq < found.seq]
    reasons += [f"before that the scenario had it so: {each.what}" for each in killed[:1]]
    return Found("H9", "observed", tuple(reasons))


def _of_launches(view: RunView, job: JobView) -> Iterator[str]:
    """What launches at the same moment have lost, told of the first job: a lost update is of all of them."""
    launches = view.of(JobsLaunched)
    snapshot = next(reversed(view.snapshots), None)
    if not launches or snapshot is None or job is not view.first_job():
        return
    lacks = lacks_of(view, snapshot)
    losses = [lack.cause for lack in lacks if lack.cause in _LOSSES]
    gone = list(_gone_ids(view, {job_id for launch in launches for job_id in launch.ids}))
    if not losses and not gone:
        return
    yield from gone
    for cause in (*_LOSSES, *_BESIDE):
        of_it = [lack for lack in lacks if lack.cause == cause]
        if of_it:
            yield _told(cause, of_it)


def _gone_ids(view: RunView, printed: set[str]) -> Iterator[str]:
    """The looks in which ids that launches printed have no row, and those between which rows went."""
    before: set[str] = set()
    for snapshot in view.snapshots:
        if torn(snapshot) is not None:
            continue
        rows = {row.id for row in view.rows.stored(snapshot)}
        missing = printed - rows
        if missing:
            yield f"{len(missing)} of {len(printed)} ids that launches printed have no row (look {snapshot.n})"
        if before - rows:
            yield f"{len(before - rows)} row(s) that were there before are gone (look {snapshot.n})"
        before = rows


def _told(cause: str, lacks: list[Lack]) -> str:
    jobs = ", ".join(lack.job for lack in lacks if lack.job)
    return f"{cause}{f' ({jobs})' if jobs else ''}: {lacks[0].detail}"


def _of_the_row(view: RunView, job: JobView) -> Iterator[str]:
    """How one job's row shows that an update was lost, although nobody ended the job and no hook changed the row."""
    if job.started is None or find_act(view, job) is not None or view.of(JobsLaunched):
        return
    seen = sights(view, job)
    if job.lost is None:
        yield from _gone(view, job)
    for one, two in itertools.pairwise(seen):
        if _went_back(view, one, two):
            assert one.row is not None
            assert two.row is not None
            yield f"its row said {one.row.status!r} in {one.named} and {two.row.status!r} in {two.named}"
    death = job.worker_death
    ended_well = death is not None and not death.signal and not death.code
    if job.answered is not None and death is not None and ended_well and death.seq > job.answered.seq:
        after = [sight for sight in seen if sight.at.seq > death.seq]
        if after and all(sight.row is not None and sight.row.status.active for sight in after):
            assert after[-1].row is not None
            yield "the job had its answer and its worker went on to its end"
            yield f"its row says {after[-1].row.status!r} in every look after that"


def _gone(view: RunView, job: JobView) -> Iterator[str]:
    """A row that was there and is gone, of a job that nobody ended."""
    for before, after in vanished(view, job):
        if not list(ends_between(view, before.at, after.at)):
            yield f"its row was there in {before.named} and is gone in {after.named}, and no session ended between"
            return


def _went_back(view: RunView, one: Sight, two: Sight) -> bool:
    """Whether a row is in an older state than before: it was over and is at work, or was at work and waits."""
    if one.row is None or two.row is None:
        return False
    before, after = one.row.status, two.row.status
    if before.terminal:
        return after.active
    return before.active and not view.rows.waits(before) and view.rows.waits(after)


def _death_of(view: RunView, pid: int | None) -> ProcessDied | None:
    return next((each for each in view.of(ProcessDied) if each.pid == pid), None) if pid is not None else None
