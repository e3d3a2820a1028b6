"""Where a violation shows: every check that finds one names the record of the journal, and the agent it is about."""

from __future__ import annotations

from typing import Any

import agent_records as agents
import pytest
import run_records as jobs
import test_any_hooks_checks
import test_context_checks
import test_hook_checks
import test_start_checks
from job_runs import FAILED, GHOST, HOOK_KILLED, LOST, OF_SEVERAL, RAN, RUNS, TORN, WORKER_KILLED
from run_records import journal, launch, look, started, told

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.checks import CHECKS, registry
from hookproof.judge.judge import judge
from hookproof.judge.run_view import JobView, RunView
from hookproof.judge.verdict import CheckResult, Finding, Landed
from hookproof.records import Record
from hookproof.records.faults import SessionRestarted, WorkspaceDeleted
from hookproof.records.hosts import HooksDeclared
from hookproof.records.jobs import AgentRecords, Cancel, JobEnded, JobRefused, Result, SnapshotTaken
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, ModelAnswer, ModelLoop, ModelRequest
from hookproof.records.run import Census, ProcessDied
from hookproof.records.sent import HookEnded, HooksDropped, HookStarted, ShellEnded

REQUIREMENTS = read_requirements()
LOSSES = (GateAbandoned, ProcessDied)
Kinds = tuple[type[Record], ...]
SHOWS: dict[tuple[str, str], Kinds] = {
    ("JOB-01", "lost"): LOSSES,
    ("JOB-01", "survives"): (JobEnded,),  # the last record of that run
    ("JOB-01", "refused"): (JobRefused,),
    ("JOB-02", "lost"): LOSSES,
    ("JOB-02", "finished, not delivered"): (ModelRequest,),
    ("JOB-03", "lost"): LOSSES,
    ("JOB-03", "refused without naming --wait"): (JobRefused,),
    ("JOB-05", "lost"): LOSSES,
    ("JOB-07", "left behind"): (Census,),
    ("JOB-08", "gone"): (Result,),
    ("JOB-11", "ended by the host"): (HookEnded,),
    ("JOB-11", "failed"): (HookEnded,),
    ("JOB-11", "never returned"): (HookStarted,),
    ("JOB-12", "left behind"): (Census,),
    ("JOB-10", "no result"): (Result, SnapshotTaken),  # the look where nobody has asked for it
    ("JOB-10", "worker died"): (GateAbandoned, ProcessDied),
    ("JOB-10", "worker died, lost row"): (GateAbandoned, ProcessDied),
    ("JOB-10", "worker died, lost row, stale row"): (GateAbandoned, ProcessDied),
    ("JOB-10", "worker died, stale row"): (GateAbandoned, ProcessDied),
    ("JOB-13", "not cancelled"): (Cancel,),
    ("JOB-13", "tree lives on"): (Cancel,),
    ("JOB-13", "went on"): (GateAnswered,),
    ("JOB-13", "started after all"): (GateReached,),
    ("JOB-14", "killed"): (ProcessDied,),
    ("JOB-16", "teardown looks elsewhere"): (Census,),
    ("JOB-20", "grows"): (SessionRestarted,),
    ("JOB-22", "job lost"): LOSSES,
    ("JOB-23", "left behind"): (Census,),
    ("JOB-24", "survives"): (WorkspaceDeleted,),  # the last record of that run
    ("JOB-25", "lost"): LOSSES,
    ("JOB-26", "lands in pattern C"): (ModelAnswer,),
    ("JOB-27", "never told"): (ModelRequest,),
    ("JOB-27", "told 2 times"): (ModelRequest,),
    ("JOB-28", "empty"): (ShellEnded,),
    ("JOB-30", "blocks the next launch"): (JobRefused,),
    ("JOB-31", "blocks the next launch"): (JobRefused,),
    ("HOOK-01", "failed"): (HookEnded,),
    ("HOOK-01", "not found"): (HookEnded,),
    ("HOOK-01", "killed"): (HookEnded,),
    ("HOOK-01", "ended by the host"): (HookEnded, HookStarted),  # its start where nobody saw its end
    ("HOOK-02", "refused"): (HookEnded,),
    ("HOOK-03", "left behind"): (Census,),
    ("HOOK-04", "ended by the host"): (HookEnded,),
    ("HOOK-05", "fails there"): (HookEnded,),
    ("HOOK-05", "says something else there"): (HookEnded,),
    ("HOOK-07", "does not let go"): (HookEnded, ModelLoop),
    ("HOOK-08", "cut to size"): (HookEnded,),
    ("HOOK-16", "matches nothing"): (HooksDeclared,),
    ("HOOK-16", "unknown event"): (HooksDeclared, HooksDropped),
    ("HOOK-18", "noise"): (HookEnded, ModelRequest),
    ("CTX-03", "emitted"): (HookEnded,),
    ("CTX-03", "not recorded"): (AgentRecords, ModelRequest),  # the request where nobody has read the plugin's files
    ("CTX-04", "emitted"): (HookEnded,),
    ("CTX-04", "recorded"): (AgentRecords,),
    ("CTX-05", "emitted"): (HookEnded,),
    ("CTX-05", "recorded"): (AgentRecords,),
    ("CTX-06", "something else"): (HookEnded,),
    ("CTX-08", "parent's identity"): (HookEnded,),
    ("CTX-08", "not recorded"): (AgentRecords, ModelRequest),
    ("CTX-10", "emitted"): (HookEnded,),
    ("CTX-10", "failed"): (HookEnded,),
    ("CTX-11", "not recorded under its parent"): (AgentRecords,),
    ("CTX-16", "emitted"): (HookEnded,),
    ("CTX-16", "failed"): (HookEnded,),
    ("CTX-16", "timed out"): (HookEnded,),
    ("CTX-17", "cut"): (HookEnded,),
    ("CTX-19", "emitted"): (HookEnded,),
    ("CTX-19", "failed"): (HookEnded,),
    ("CTX-18", "no block on claude"): (ModelRequest,),  # no hook ran there: the last record of that run
    ("CTX-18", "no block on codex"): (HookEnded,),
    ("CTX-18", "different"): (HookEnded,),
}
"""Where each way of violating a requirement shows. All others: of jobs at a snapshot, of context at a model request."""
_ABOUT_NO_AGENT = {"CTX-18"}


def _runs() -> list[tuple[str, list[Record], str]]:
    found = [(name, journal(*run, requires=[name]), seen) for name, run, seen, how in RUNS if how == "violates"]
    found += [
        (name, journal(*run, requires=[name], jobs=jobs), seen)
        for name, jobs, run, seen, how in OF_SEVERAL
        if how == "violates"
    ]
    found += [
        (name, test_hook_checks.hook_journal(*run, requires=name), seen)
        for name, run, seen, how in test_hook_checks.RUNS
        if how == "violates"
    ]
    found += [
        (name, test_any_hooks_checks.hooks_journal(name, run), seen)
        for name, run, seen, how in test_any_hooks_checks.RUNS
        if how == "violates"
    ]
    found += [
        (name, agents.journal(*run, requires=name), seen)
        for name, run, seen, how in test_start_checks.RUNS
        if how == "violates"
    ]
    return found + [
        (name, agents.journal(*run, requires=name, **named), seen)
        for name, named, run, seen, how in test_context_checks.RUNS
        if how == "violates"
    ]


VIOLATIONS = _runs()


def judged(records: list[Record]) -> CheckResult:
    (check, *_) = judge(records, REQUIREMENTS).checks
    return check


def at(records: list[Record]) -> Record:
    """The record at which the violation shows, found by its number."""
    number = judged(records).at
    return next(record for record in records if record.seq == number)


@pytest.mark.parametrize(("name", "records", "seen"), VIOLATIONS, ids=[f"{n}-{s}" for n, _, s in VIOLATIONS])
def test_a_violation_names_the_record_at_which_it_shows(name: str, records: list[Record], seen: str) -> None:
    default: Kinds = (SnapshotTaken,) if name.startswith("JOB-") else (ModelRequest,)
    assert isinstance(at(records), SHOWS.get((name, seen), default))
    about = judged(records).agent
    if name.startswith("CTX-") and name not in _ABOUT_NO_AGENT and seen != "something else":
        assert about in {record.agent for record in records if isinstance(record, ModelRequest)}


def test_every_check_is_among_them_and_the_table_has_no_row_too_many() -> None:
    assert {name for name, _, _ in VIOLATIONS} == set(CHECKS) == set(REQUIREMENTS)
    assert set(SHOWS) <= {(name, seen) for name, _, seen in VIOLATIONS}


SUBAGENTS = agents.asks("child", "rules", agents.POLICY, "go", parent="main")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        # of several records of a kind the one by which it was judged
        (journal(*WORKER_KILLED, look(GHOST), look(FAILED), requires=["JOB-09"]), "the 1st look"),
        (journal(*LOST, look(FAILED), look(), requires=["JOB-04"]), "the 2nd look"),
        (journal(*LOST, look(), look(), requires=["JOB-06"]), "the 2nd look"),
        (journal(*LOST, HOOK_KILLED, look(FAILED), look(), jobs.census(), requires=["JOB-12"]), "the 2nd look"),
        (
            journal(
                jobs.planted(1), jobs.planted(2), jobs.died(1, signal=9), jobs.died(2, signal=9), requires=["JOB-14"]
            ),
            "the 1st process.died",
        ),
        (journal(*RAN, look(), look(GHOST, main=[]), requires=["JOB-16"]), "the 2nd look"),
        (journal(launch(), *started(), TORN, look(GHOST), look(GHOST, main=[]), requires=["JOB-22"]), "the 2nd look"),
        (
            journal(*RAN, told(f"{jobs.TASK} ended"), told(f"{jobs.TASK} ended"), requires=["JOB-27"]),
            "the 2nd model.request",
        ),
        (journal(*RAN, told("a"), told("b"), requires=["JOB-02"]), "the 2nd model.request"),
        (
            journal(*jobs.session_end(jobs.SUB), *jobs.session_end(jobs.ROOT, exit_code=1), requires=["JOB-11"]),
            "the 2nd hook.ended",
        ),
        (agents.journal(agents.asks("main"), SUBAGENTS, requires="CTX-07", child="known"), "the 2nd model.request"),
        (
            agents.journal(
                *agents.start("child"),
                *agents.start("child", "{", event="SubagentStart"),
                agents.asks("child"),
                requires="CTX-10",
                child="review",
            ),
            "the 2nd hook.ended",
        ),
        (
            agents.journal(
                agents.asks("child", agents.PLANNER),
                agents.asks("child"),
                agents.asks("child", agents.PLANNER),
                requires="CTX-12",
                child="known",
            ),
            "the 3rd model.request",
        ),
    ],
)
def test_it_is_the_very_record(records: list[Record], expected: str) -> None:
    found = at(records)
    number = sum(record.kind == found.kind and record.seq <= found.seq for record in records)
    assert f"the {number}{ {1: 'st', 2: 'nd', 3: 'rd'}[number] } {found.kind}" == expected


def test_where_a_text_landed_is_data() -> None:
    texts: dict[str, Any] = {"child": "known"}
    check = judged(agents.journal(agents.asks("child", "rules", agents.PLANNER), requires="CTX-02", **texts))
    size = len(agents.PLANNER.encode())
    assert check.landed == Landed(request=1, role="developer", message=2, bytes=size)
    assert str(check.landed) == f"developer message 2, {size} bytes"
    assert check.detail == f"model request 1, developer message 2, {size} bytes: 'PLANNER one'"
    assert (check.agent, check.verdict) == ("child", "conforms")


def test_a_requirement_has_one_check() -> None:
    def another(_view: RunView, _job: JobView) -> Finding:
        return Finding(None, "")

    before = dict(registry.CHECKS)
    with pytest.raises(ValueError, match="JOB-03 has two checks"):
        registry.check("JOB-03")(another)
    assert before == registry.CHECKS


def test_a_check_is_entered_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CHECKS", found := dict[str, Any]())

    @registry.check("JOB-98", "JOB-99")
    def lives(_view: RunView, job: JobView) -> Finding:
        return Finding("lives", "as it should", job.started)

    view = RunView(journal(launch(), *started()))
    assert [(name, evaluate(view).outcome) for name, evaluate in found.items()] == [
        ("JOB-98", "lives"),
        ("JOB-99", "lives"),
    ]
    assert found["JOB-98"](RunView(journal(jobs=()))) is None, "a run without a job has nothing that it is about"
    assert lives(view, view.jobs["review"]).at is view.jobs["review"].started
