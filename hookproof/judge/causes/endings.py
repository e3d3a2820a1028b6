"""H1, H2, H3, H8: somebody ended the job, or was to clear up after it and was kept from that.

Pure functions of the run view and one job. Each gives what it found, or None.
"""

from __future__ import annotations

import itertools
import json

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.causes.act import ByHook, ByHost, find_act, sessions
from hookproof.judge.causes.evidence import (
    Found,
    Sight,
    ends_between,
    first_sight,
    left_behind,
    sights,
    torn_by_scenario,
    whose,
)
from hookproof.judge.causes.table import CauseId
from hookproof.judge.run_view import HookRun, JobView, NoEvidenceError, RunView
from hookproof.judge.session_end import Cut, cut_hooks
from hookproof.records import Record
from hookproof.records.faults import HookKilled


def own_sessions_hook(view: RunView, job: JobView) -> Found | None:
    """H1."""
    return _by_hook(view, job, "H1")


def another_sessions_hook(view: RunView, job: JobView) -> Found | None:
    """H2."""
    return _by_hook(view, job, "H2")


def host_ended_the_shell(view: RunView, job: JobView) -> Found | None:
    """H3."""
    act = find_act(view, job)
    if not isinstance(act, ByHost):
        return None
    shell = act.shell
    if job.started is not None:
        reasons = [f"the host ended the shell in which the worker ran, {shell.by_host}", *_aftermath(view, job)]
    else:
        reasons = ["the host ended the shell in which the job was launched", *_of_the_unborn(view, job)]
        if shell.output_file:
            reasons.append(f"its output file holds {shell.output_bytes} bytes")
    return Found("H3", "inferred" if shell.inferred else "observed", tuple(reasons))


def cut_short(view: RunView, job: JobView) -> Found | None:
    """H8."""
    act = find_act(view, job)
    by = act.run if isinstance(act, ByHook) else None
    for cut in cut_hooks(view):
        undone = _half_done(view, job, cut, is_act=by is not None and by.started.run == cut.run.started.run)
        if undone:
            asked = ["that it was not done by then is the scenario's doing"] if cut.asked else []
            return Found("H8", "inferred", (cut.sentence, *asked, *undone))
    return None


def _half_done(view: RunView, job: JobView, cut: Cut, *, is_act: bool) -> list[str]:
    """What a hook that was cut has not come to: nothing, where nothing shows that there was more for it to do."""
    found: list[str] = []
    after = [sight for sight in sights(view, job, census=True) if sight.at.seq > cut.ended.seq]
    if whose(view, job, cut.run) == "H1" and (is_act or _over(job, cut)):
        false = next((sight for sight in after if sight.row is not None and sight.row.status.active), None)
        if false is not None and false.row is not None:
            found.append(f"the job is over, and its row still says {false.row.status!r} ({false.named})")
        torn = next((each for each in after if each.torn and not torn_by_scenario(view, each.at)), None)
        if torn is not None:
            found.append(f"the list is torn ({torn.named}: {torn.torn})")
    left = left_behind(view)
    if left:
        found.append(f"{left} process(es) are left that no job accounts for")
    return found


def _over(job: JobView, cut: Cut) -> bool:
    """Whether the job was lost before its hook was cut: that hook could have recorded it."""
    return job.lost is not None and job.lost.seq < cut.ended.seq


def _by_hook(view: RunView, job: JobView, wanted: CauseId) -> Found | None:
    act = find_act(view, job)
    if isinstance(act, ByHook):
        if whose(view, job, act.run) != wanted:
            # of two hooks at once, the other may have done it as well
            return None
        return Found(wanted, "observed" if act.observed else "inferred", (*_said(view, act), *_aftermath(view, job)))
    return _erased(view, job, wanted) if act is None else None


def _said(view: RunView, act: ByHook) -> list[str]:
    if act.signal is not None:
        sent = act.signal
        who = f"pid {sent.sender_pid}, of the hook of session {act.run.session_id}"
        said = [f"the kernel named {who}, as the sender of {sent.name} to the job's Codex"]
    else:
        said = [f"{act.what} {_when(act.run, act.trace)}"]
    if act.others:
        said.append(f"a SessionEnd hook of {sessions(act.others)} ran as well, and which was first nobody saw")
    killed = next((each for each in view.of(HookKilled) if each.run == act.run.started.run and not each.over), None)
    return [*said, f"the hook was ended as the scenario has it: {killed.what}"] if killed is not None else said


def _when(run: HookRun, trace: Record) -> str:
    hook = f"the SessionEnd hook of session {run.session_id}"
    if run.started.seq > trace.seq:
        return f"died before the host told that it had started {hook}, and nothing was at rest between"
    if run.ended is not None and run.ended.seq < trace.seq:
        return f"died after {hook} had run, and nothing was at rest between"
    return f"died while {hook} ran"


def _erased(view: RunView, job: JobView, wanted: CauseId) -> Found | None:
    """The row of a job that nobody ended was there before a SessionEnd hook, and is gone after it."""
    if job.lost is not None or job.started is None or view.damaged:
        return None
    for before, after in vanished(view, job):
        runs = list(ends_between(view, before.at, after.at))
        own = [run for run in runs if whose(view, job, run) == "H1"]
        by: HookRun | None = next(iter(own or runs), None)
        if by is not None and whose(view, job, by) == wanted:
            where = f"its row was there in {before.named} and is gone in {after.named}"
            between = f"between them the SessionEnd hook of session {by.session_id} ran"
            return Found(wanted, "inferred", (where, between, f"the job itself {_how_it_was(job)}"))
    return None


def vanished(view: RunView, job: JobView) -> list[tuple[Sight, Sight]]:
    """The looks between which the job's row went: where it was last, and where it is not, in no damaged list either.

    The census counts where the result was asked for after the last look, when a session had ended, and did not come:
    else nobody has missed a row that is gone when all is over.
    """
    result = job.result
    missed = result is not None and (result.exit != 0 or job.answer not in result.text)
    ended = any(result is not None and run.started.seq < result.seq for run in view.session_end_hooks())
    first = first_sight(view, job)
    seen = [*([first] if first is not None else []), *sights(view, job, census=missed and ended)]
    seen.sort(key=lambda sight: sight.at.seq)
    pairs = itertools.pairwise(seen)
    return [(one, two) for one, two in pairs if one.row is not None and two.row is None and two.torn is None]


def _how_it_was(job: JobView) -> str:
    return "had finished" if job.answered is not None else "was at work"


def _aftermath(view: RunView, job: JobView) -> list[str]:
    """What the loss has left: facts for people, none of which decides."""
    death = job.worker_death
    if death is None:
        facts = ["nobody saw the worker end"]
    elif death.signal is not None:
        facts = [f"the worker was killed by signal {death.signal}"]
    else:
        facts = [f"the worker exited with code {death.code}" if death.observed else "the worker is dead"]
    lost = job.lost
    after = [sight for sight in sights(view, job) if lost is not None and sight.at.seq > lost.seq]
    if not after:
        return [*facts, "nobody could look at its row after the loss"]
    last = after[-1]
    snapshot = view.snapshot_after(lost)
    if snapshot is not None:
        pids = {process.pid for process in snapshot.processes}
        alive = any(view.server_of(entry) in pids for entry in snapshot.state)
        facts.append("its server is alive" if alive else "no server of it is alive")
    if last.row is None:
        facts.append("its row is gone" if last.torn is None else f"the list of its row is torn ({last.torn})")
    else:
        reason = f": {last.row.reason}" if last.row.reason else ""
        facts.append(f"its row says {last.row.status!r}{reason}")
    return facts


def _of_the_unborn(view: RunView, job: JobView) -> list[str]:
    """What a launch has left that came to nothing."""
    shell = view.shell_ended_by_host(job)
    snapshot = view.snapshot_after(shell)
    if snapshot is None:
        return ["nobody looked after that"]
    own = view.job_id(job)
    others = {view.job_id(each) for each in view.jobs.values() if each is not job}
    rows = [row for row in view.rows.stored(snapshot) if row.id == own or (own is None and row.id not in others)]
    facts = ["before the row was written: no row of it is anywhere"]
    if rows:
        facts = [f"the row says {rows[0].status!r}, and no worker ever asked its model"]
    try:
        listed = [row.told for row in view.rows.answered(snapshot, MAIN)]
    except NoEvidenceError:
        return facts
    answer = snapshot.places.get(MAIN)
    if answer is not None and answer.answer is not None:
        facts.append(f"status in main lists {json.dumps(listed)[:240] if listed else 'no job'}")
    return facts
