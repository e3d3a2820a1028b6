"""Checks of jobs: what becomes of them and who is notified. Pure functions of the run view."""

from __future__ import annotations

from dataclasses import replace

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.checks.outcomes import (
    LISTED_AS_RUNNING,
    NOT_LISTED,
    REFUSED,
    SURVIVES,
    TERMINAL,
    job_outcome,
    missing_row,
    refused,
    short,
)
from hookproof.judge.checks.registry import check
from hookproof.judge.run_view import JobView, Received, RunView
from hookproof.judge.verdict import Finding
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostStarted


@check("JOB-01", "JOB-05")
def finishes(view: RunView, job: JobView) -> Finding:
    """Whether it comes to its end. One that is refused does not."""
    refusal = refused(view, job)
    return replace(refusal, outcome=REFUSED) if refusal is not None else job_outcome(view, job)


@check("JOB-02")
def delivers(view: RunView, job: JobView) -> Finding:
    """Whether the answer reaches the main session's model, after the job, outside of a tool result."""
    end = job_outcome(view, job)
    if end.outcome != "finished" or job.answered is None:
        return end
    for each in view.received(MAIN, after=job.answered):
        if job.answer in each.text:
            detail = f"in model request {each.request.n}: {each.text[:200]!r}"
            return Finding("delivered", detail, each.request, MAIN, each.landed)
    later = view.requests(MAIN, after=job.answered)
    detail = "no later request of the main model carries the job's answer"
    return Finding("finished, not delivered", detail, later[-1] if later else view.end, MAIN)


@check("JOB-03")
def survives_subagent(view: RunView, job: JobView) -> Finding:
    """Whether it outlives the subagent that started it."""
    refusal = refused(view, job)
    if refusal is None:
        return _survives(job_outcome(view, job))
    if view.case.main_launch == "refused":
        return Finding.not_tested(f"a launch from the main session is refused as well; {refusal.detail}", refusal.at)
    if view.case.main_launch is None and refusal.outcome == REFUSED:
        return Finding(None, f"nobody has tried whether the main session may launch; {refusal.detail}", refusal.at)
    return refusal


def _survives(end: Finding) -> Finding:
    """The outcome of a job of which nothing more is asked than that nobody ends it."""
    return replace(end, outcome=SURVIVES) if end.outcome == "finished" else end


@check("JOB-04")
def listed_truly(view: RunView, job: JobView) -> Finding:
    """Judged from the main session's shell, in the last snapshot after whatever ended the job."""
    if job.started is None:
        return Finding(None, "the job was neither started nor refused")
    snapshot = view.snapshot_after(job.ended or job.started)
    answer = snapshot.places.get(MAIN) if snapshot else None
    if snapshot is None or answer is None:
        return Finding(None, "the main session was not asked after the job's end")
    if answer.answer is None:
        return Finding("no answer", f"status exited {answer.exit}: {answer.text[:200]!r}", snapshot)
    row = view.listed(snapshot, MAIN, job)
    if row is None:
        return Finding(NOT_LISTED, f"status --all --json in main: {short(answer.text)}", snapshot)
    status = view.status_of(row)
    true = status.ended if job.lost else status.succeeded if job.answered else status.active
    outcome = "listed truly" if true else "listed falsely"
    return Finding(outcome, f"main is told {status!r}; {job_outcome(view, job).detail}", snapshot)


@check("JOB-06")
def recorded_as_ended(view: RunView, job: JobView) -> Finding:
    """Whether a job that a teardown ended has a row that says so, with the reason."""
    end = _survives(job_outcome(view, job))
    snapshot = view.snapshot_after(job.lost)
    if end.outcome != "lost" or snapshot is None:
        return replace(end, outcome=None if end.outcome == "lost" else end.outcome)
    row = view.stored(snapshot, job)
    if row is None:
        outcome, clause = missing_row(snapshot, "erased")
        return Finding(outcome, f"{clause}; {end.detail}", snapshot)
    status, reason = row.status, row.reason
    if status.terminal and reason:
        return Finding("recorded", f"{status}: {reason}", snapshot)
    return Finding("not recorded", f"its row says {status!r}, reason {reason!r}; {end.detail}", snapshot)


@check("JOB-08")
def result_readable(view: RunView, job: JobView) -> Finding:
    """What the plugin gave for the result in a shell of a session that began after the job's own had ended."""
    end = job_outcome(view, job)
    if end.outcome != "finished":
        return replace(end, outcome=None, detail=f"the job did not finish: {end.detail}")
    result = job.result
    if result is None:
        return Finding(None, "the result was never asked for")
    if result.session is None or not _began_after(view, result.session, view.conversation_of(job)):
        where = "of no session" if result.session is None else f"of {result.session}"
        why = f"the result was asked for in a shell {where}, and in none of a session that began after the job's own"
        return Finding.not_tested(why, result)
    text = str(result.text)
    if result.exit == 0 and job.answer in text:
        return Finding("readable", f"in a shell of {result.session}: {short(text)}", result)
    return Finding("gone", f"in a shell of {result.session}: exit {result.exit}: {short(text)}", result)


def _began_after(view: RunView, session: str, other: str) -> bool:
    """Whether a session began when another had ended."""
    began = next((each.seq for each in view.of(HostStarted) if each.session == session), None)
    ended = next((each.seq for each in view.of(HostExited) if each.session == other), None)
    return session != other and began is not None and ended is not None and ended < began


@check("JOB-15")
def survives_clear(view: RunView, job: JobView) -> Finding:
    """Whether the job lives through it; or main's shell, asked after its loss, is told that it is over."""
    end = job_outcome(view, job)
    if end.outcome != "lost":
        return _survives(end)
    snapshot = view.snapshot_after(job.lost)
    if snapshot is None or MAIN not in snapshot.places:
        return Finding(None, f"the main session was not asked after the job's end; {end.detail}")
    row = view.listed(snapshot, MAIN, job)
    if row is None:
        return Finding(NOT_LISTED, f"status in main does not list it; {end.detail}", snapshot)
    status = view.status_of(row)
    detail = f"main is told {status!r}; {end.detail}"
    return Finding("listed terminal" if status.ended else "listed falsely", detail, snapshot)


@check("JOB-21")
def not_a_ghost(view: RunView, job: JobView) -> Finding:
    """Whether, wherever one asks after its death, the job is not listed as running."""
    end = job_outcome(view, job)
    if end.outcome != "lost":
        return _survives(end)
    snapshot = view.snapshot_after(job.ended or job.lost)
    if snapshot is None:
        return Finding(None, "nobody asked for the status after the job's end")
    rows = {place: view.listed(snapshot, place, job) for place in snapshot.places}
    ghosts = [place for place, row in rows.items() if view.status_of(row).active]
    if ghosts:
        said = view.status_of(rows[ghosts[0]])
        return Finding(LISTED_AS_RUNNING, f"status in {', '.join(ghosts)} says {said!r}; {end.detail}", snapshot)
    ends = [row.status for row in rows.values() if row is not None]
    if not ends:
        return Finding(NOT_LISTED, f"no place lists it, so none as running; {end.detail}", snapshot)
    return Finding(TERMINAL, f"{ends[0]}; {end.detail}", snapshot)


@check("JOB-27")
def notified_once(view: RunView, job: JobView) -> Finding:
    """How often the model of the session that started the job was told of its end, by the plugin and by the host."""
    if job.ended is None or job.call is None:
        return Finding(None, "the job never came to an end in this run")
    ended = job.answered or job.lost or job.ended
    agent = view.conversation_of(job)
    received = view.received(agent, after=ended)
    by_host = [each for each in received if _is_of_host(view, job, each, ended)]
    names = [name for name in (view.job_id(job), f"job={job.name}", job.answer) if name]
    texts = [each for each in received if each not in by_host and any(name in each.text for name in names)]
    if not texts and not by_host:
        return _told_nobody(view, job, agent, received, ended)
    first = (texts or by_host)[0]
    whose = "" if texts else "the host tells of the shell that ran it, "
    shown = f"{whose}in model request {first.request.n} ({first.part.role}): {short(first.text)}"
    if len(texts) <= 1:
        return Finding("told once", shown, first.request, agent, first.landed)
    # the second is the one too many
    return Finding(f"told {len(texts)} times", shown, texts[1].request, agent, texts[1].landed)


def _told_nobody(view: RunView, job: JobView, agent: str, received: list[Received], ended: Record) -> Finding:
    if _ended_openly(view, job):
        return Finding("listed as ended", "it never finished, and main's status says so", view.snapshots[-1], agent)
    answer = len({each.request.n for each in received})
    detail = f"{answer} later model request(s) of {agent!r}, none of them mentions the job"
    later = view.requests(agent, after=ended)
    return Finding("never told", detail, later[-1] if later else view.end, agent)


def _is_of_host(view: RunView, job: JobView, received: Received, ended: Record) -> bool:
    """Whether a text is the host's own notice that the shell has ended in which the job was done.

    The notice names the call or the output file of that shell. Of a shell that had ended before the job it tells
    nothing of the job's end: it was the launch alone.
    """
    shells = [shell for shell in view.launch_shell_ends(job) if shell.seq > ended.seq]
    if not shells or job.call is None or "<task-notification>" not in received.text:
        return False
    marks = [job.call.tool_use_id, *(shell.output_file for shell in shells)]
    return any(mark in received.text for mark in marks if mark)


def _ended_openly(view: RunView, job: JobView) -> bool:
    """Whether a job that was ended before its model had answered is listed in main as ended."""
    if job.lost is None or not view.snapshots:
        return False
    return view.status_of(view.listed(view.snapshots[-1], MAIN, job)).ended


@check("JOB-28")
def output_file_tells(view: RunView, job: JobView) -> Finding:
    """The size of the output file of the shell in which the job was launched, when that shell was over."""
    ends = [record for record in view.launch_shell_ends(job) if record.output_file]
    if not ends:
        return Finding(None, "the shell of the launch has not ended, or the host gave it no output file")
    shell = ends[-1]
    name = str(shell.output_file).replace("\\", "/").rpartition("/")[2]
    detail = f"tasks/{name}: {shell.output_bytes} bytes"
    if view.ended_before_it_began(job) is not None:
        return Finding("never begun", f"{detail}; {shell.ended_by}, before the launch had begun anything", shell)
    outcome = "has output" if shell.output_bytes else "empty"
    return Finding(outcome, f"{detail} when the shell was ended by {shell.ended_by}", shell)


@check("JOB-26")
def lands_well(view: RunView, job: JobView) -> Finding:
    """How a model that follows the plugin's texts launches the job."""
    if job.call is None:
        return Finding(None, "the model never launched the job")
    command, agent = str((job.call.input or {}).get("command", "")), job.call.agent
    background = "--background" in command.partition(f"job={job.name}")[0]
    if agent == MAIN:
        return Finding("lands in pattern A", f"main launches {command!r}", job.call, agent)
    if not background:
        return Finding("lands in pattern B", f"a subagent waits for {command!r}", job.call, agent)
    return Finding("lands in pattern C", f"a subagent launches {command!r}", job.call, agent)
