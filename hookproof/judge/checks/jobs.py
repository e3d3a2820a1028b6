"""The checks: what each requirement's sentence comes to in one run. Pure functions of the run view.

A check says what it saw in the words of the requirement's accepted outcomes (or None where the evidence is missing);
whether that conforms is not its business.
"""

from __future__ import annotations

from hookproof.judge.checks.cancel import cancelled
from hookproof.judge.checks.outcomes import Check, fate, is_stray, maybe_left, named, refused, short
from hookproof.judge.checks.state import (
    active_row_stays,
    as_many_as_launched,
    bystander_lives,
    dead_is_not_running,
    death_is_failure,
    old_row_survives,
    one_state,
    survives_damage,
    terminal_after_the_shell,
)
from hookproof.judge.checks.teardown import (
    converges_after_a_kill,
    converges_after_two_ends,
    ends_without_its_workspace,
    environment_stays_small,
    returns_in_budget,
)
from hookproof.judge.run_view import MAIN, JobView, RunView
from hookproof.judge.verdict import Seen
from hookproof.records.run import Census
from hookproof.records.told import ShellEnded, ShellStarted


def survives_subagent(view: RunView, job: JobView) -> Seen:
    """JOB-03."""
    seen = refused(job) or fate(job)
    return Seen("survives", seen.detail) if seen.outcome == "finished" else seen


def finishes(view: RunView, job: JobView) -> Seen:
    """JOB-01 and JOB-05."""
    return refused(job) or fate(job)


def delivers(view: RunView, job: JobView) -> Seen:
    """JOB-02: the answer reaches the main session's model, after the job, outside of a tool result."""
    end = refused(job) or fate(job)
    if end.outcome != "finished" or job.answered is None:
        return end
    for text in view.told(MAIN, after=job.answered):
        if job.answer in text.text:
            return Seen("delivered", f"in model request {text.n}: {text.text[:200]!r}")
    return Seen("finished, not delivered", "no later request of the main model carries the job's answer")


def listed_truly(view: RunView, job: JobView) -> Seen:
    """JOB-04: judged from the main session's shell, in the last look after whatever ended the job."""
    refusal = refused(job)
    if refusal is not None:
        return refusal
    if job.started is None:
        return Seen(None, "the job was neither started nor refused")
    snapshot = view.snapshot_after(job.ended or job.started)
    asked = snapshot.places.get(MAIN) if snapshot else None
    if snapshot is None or asked is None:
        return Seen(None, "the main session was not asked after the job's end")
    if asked.answer is None:
        return Seen("no answer", f"status exited {asked.exit}: {asked.text[:200]!r}")
    row = view.listed(snapshot, MAIN, job)
    if row is None:
        return Seen("not listed", f"status --all --json in main: {short(asked.text)}")
    status = view.status_of(row)
    wanted = view.terminal - view.succeeded if job.lost else view.succeeded if job.answered else view.active
    outcome = "listed truly" if status in wanted else "listed falsely"
    return Seen(outcome, f"main is told {status!r}; {fate(job).detail}")


def recorded_as_ended(view: RunView, job: JobView) -> Seen:
    """JOB-06."""
    end = refused(job) or fate(job)
    if end.outcome in {"finished", "survives"}:
        return Seen("survives", end.detail)
    snapshot = view.snapshot_after(job.lost)
    if end.outcome != "lost" or snapshot is None:
        return Seen(end.outcome if end.outcome != "lost" else None, end.detail)
    row = view.stored(snapshot, job)
    if row is None:
        return Seen("erased", f"its row is gone; {end.detail}")
    status, reason = view.status_of(row), row.get(view.fields["reason"])
    if status in view.terminal and reason:
        return Seen("recorded", f"{status}: {reason}")
    return Seen("not recorded", f"its row says {status!r}, reason {reason!r}; {end.detail}")


def nothing_left(view: RunView, job: JobView) -> Seen:
    """JOB-07: the census after every session's end."""
    census = next(iter(view.of(Census)), None)
    if census is None:
        return Seen(None, "the run ended without a census")
    alive = census.processes
    left = view.unaccounted(census)
    if left:
        strays = [process for process in left if is_stray(process)]
        # those without the token first: nobody would look for them
        first = named([*strays, *(process for process in left if process not in strays)])
        return Seen("left behind", f"{len(left)} of {len(alive)} alive that no listed job accounts for: {first}")
    if view.undecided:
        return Seen(None, maybe_left(view.undecided))
    if not alive:
        return Seen("nothing left", "no process of the run was alive after the last session's end")
    return Seen("only listed jobs", f"{len(alive)} processes, all of them of listed jobs: {named(alive)}")


def result_readable(view: RunView, job: JobView) -> Seen:
    """JOB-08: the result was asked for after the session's end."""
    end = refused(job) or fate(job)
    if end.outcome != "finished":
        return Seen(end.outcome if end.outcome == "refused" else None, f"the job did not finish: {end.detail}")
    if job.result is None:
        return Seen(None, "the result was never asked for")
    text = str(job.result.text)
    if job.result.exit == 0 and job.answer in text:
        return Seen("readable", short(text))
    return Seen("gone", f"exit {job.result.exit}: {short(text)}")


def survives_clear(view: RunView, job: JobView) -> Seen:
    """JOB-15: the job lives through it; or main's shell, asked after its loss, is told that it is over."""
    end = refused(job) or fate(job)
    if end.outcome != "lost":
        return Seen("survives" if end.outcome == "finished" else end.outcome, end.detail)
    snapshot = view.snapshot_after(job.lost)
    if snapshot is None or MAIN not in snapshot.places:
        return Seen(None, f"the main session was not asked after the job's end; {end.detail}")
    row = view.listed(snapshot, MAIN, job)
    if row is None:
        return Seen("not listed", f"status in main does not list it; {end.detail}")
    status = view.status_of(row)
    over = status in view.terminal - view.succeeded
    return Seen("listed terminal" if over else "listed falsely", f"main is told {status!r}; {end.detail}")


def not_a_ghost(view: RunView, job: JobView) -> Seen:
    """JOB-21: wherever one asks after its death, the job is not listed as running."""
    end = refused(job) or fate(job)
    if end.outcome != "lost":
        return Seen("survives" if end.outcome == "finished" else end.outcome, end.detail)
    snapshot = view.snapshot_after(job.ended or job.lost)
    if snapshot is None:
        return Seen(None, "nobody asked for the status after the job's end")
    rows = {place: view.listed(snapshot, place, job) for place in snapshot.places}
    ghosts = [place for place, row in rows.items() if view.status_of(row) in view.active]
    if ghosts:
        return Seen("listed as running", f"status in {', '.join(ghosts)} says so; {end.detail}")
    ends = [view.status_of(row) for row in rows.values() if row]
    if not ends:
        return Seen("not listed", f"no place lists it; {end.detail}")
    return Seen("terminal", f"{ends[0]}; {end.detail}")


def told_once(view: RunView, job: JobView) -> Seen:
    """JOB-27: how often the model of the session that started the job was told of its end."""
    refusal = refused(job)
    if refusal is not None:
        return refusal
    if job.ended is None or job.call is None:
        return Seen(None, "the job never came to an end in this run")
    over = job.answered or job.lost or job.ended
    conversation = job.call.agent if job.call.agent in view.conversations() else MAIN
    names = [name for name in (view.job_id(job), f"job={job.name}", job.answer) if name]
    texts = [t for t in view.told(conversation, after=over) if any(name in t.text for name in names)]
    if not texts and _ended_openly(view, job):
        return Seen("listed as ended", "it never finished, and main's status says so")
    if not texts:
        asked = len({t.n for t in view.told(conversation, after=over)})
        return Seen("never told", f"{asked} later model request(s) of {conversation!r}, none of them mentions the job")
    shown = f"in model request {texts[0].n} ({texts[0].role}): {short(texts[0].text)}"
    return Seen("told once" if len(texts) == 1 else f"told {len(texts)} times", shown)


def _ended_openly(view: RunView, job: JobView) -> bool:
    """Whether a job that was ended before its model had answered is listed in main as ended."""
    if job.lost is None or not view.snapshots:
        return False
    return view.status_of(view.listed(view.snapshots[-1], MAIN, job)) in view.terminal - view.succeeded


def output_file_tells(view: RunView, job: JobView) -> Seen:
    """JOB-28: the size of the output file of the shell in which the job was launched, when that shell was over."""
    refusal = refused(job)
    if refusal is not None:
        return refusal
    call = job.call.tool_use_id if job.call else None
    runs = {record.run for record in view.of(ShellStarted) if record.tool_use_id == call}
    ends = [record for record in view.of(ShellEnded) if record.run in runs and record.output_file]
    if not ends:
        return Seen(None, "the shell of the launch has not ended, or the host gave it no output file")
    size, how = ends[-1].output_bytes, ends[-1].ended_by
    name = str(ends[-1].output_file).replace("\\", "/").rpartition("/")[2]
    if view.ended_before_it_began(job) is not None:
        return Seen("never begun", f"tasks/{name}: {size} bytes; {how}, before the launch had begun anything")
    return Seen("has output" if size else "empty", f"tasks/{name}: {size} bytes when the shell was ended by {how}")


def lands_well(view: RunView, job: JobView) -> Seen:
    """JOB-26: how a model that follows the plugin's texts launches the job."""
    if job.call is None:
        return Seen(None, "the model never launched the job")
    command = str((job.call.input or {}).get("command", ""))
    background = "--background" in command.partition(f"job={job.name}")[0]
    if job.call.agent == MAIN:
        return Seen("lands in pattern A", f"main launches {command!r}")
    if not background:
        return Seen("lands in pattern B", f"a subagent waits for {command!r}")
    return Seen("lands in pattern C", f"a subagent launches {command!r}")


CHECKS: dict[str, Check] = {
    "JOB-01": finishes,
    "JOB-02": delivers,
    "JOB-03": survives_subagent,
    "JOB-04": listed_truly,
    "JOB-05": finishes,
    "JOB-06": recorded_as_ended,
    "JOB-07": nothing_left,
    "JOB-08": result_readable,
    "JOB-09": dead_is_not_running,
    "JOB-10": as_many_as_launched,
    "JOB-11": returns_in_budget,
    "JOB-12": converges_after_a_kill,
    "JOB-13": cancelled,
    "JOB-14": bystander_lives,
    "JOB-15": survives_clear,
    "JOB-16": one_state,
    "JOB-17": death_is_failure,
    "JOB-18": terminal_after_the_shell,
    "JOB-19": active_row_stays,
    "JOB-20": environment_stays_small,
    "JOB-21": not_a_ghost,
    "JOB-22": survives_damage,
    "JOB-23": converges_after_two_ends,
    "JOB-24": ends_without_its_workspace,
    "JOB-25": old_row_survives,
    "JOB-26": lands_well,
    "JOB-27": told_once,
    "JOB-28": output_file_tells,
}
