"""SessionEnd hooks that their host ended: at which limit, and what can still be judged. By literal journals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from job_runs import DONE, LOST, NEXT, RAN, RESULT
from run_records import OTHER, ROOT, SUB, census, hook_started, journal, look, session_end, started

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.judge.run_view import RunView
from hookproof.judge.session_end import cut_hooks, cut_unasked
from hookproof.judge.verdict import Verdict
from hookproof.records import Record
from hookproof.records.faults import HookKilled, HookStopped
from hookproof.records.parts import Patience, SessionEndBudget
from hookproof.records.run import Case
from hookproof.records.sent import HookEnded, HookEndedBy

REQUIREMENTS = read_requirements()
OWN = SessionEndBudget(ms=1500, undeclared_ms=1500)
RAISED = SessionEndBudget(ms=30_000, undeclared_ms=30_000, raised_by="THE_VARIABLE")
SPARED = SessionEndBudget(ms=30_000, undeclared_ms=1500, raised_by="THE_VARIABLE")
CODEX = SessionEndBudget(ms=3000, undeclared_ms=1000)


def cut(session: str, by: HookEndedBy = "budget") -> list[Record]:
    return session_end(session, ended_by=by)


def ended(session: str, *, by: HookEndedBy, timeout: float | None) -> list[Record]:
    """A hook that declares a timeout, or of which a stand-in tells its limit; and how it ended."""
    begun = hook_started("run", session, timeout=timeout, source="host")
    (_, over) = session_end(session, ended_by=by)
    assert isinstance(over, HookEnded)
    return [begun, replace(over, run="run", source="host")]


def with_budget(records: list[Record], budget: SessionEndBudget | None) -> list[Record]:
    told = {} if budget is None else {"host": budget}
    return [replace(each, session_end=told) if isinstance(each, Case) else each for each in records]


@pytest.mark.parametrize(
    ("budget", "by", "timeout", "limit", "ms"),
    [
        (OWN, "budget", 1.5, "host's budget", 1500),
        (OWN, "timeout", 0.5, "declared timeout", 500),
        (OWN, "host", None, "host's budget", 1500),
        (OWN, "host", 5.0, "host's budget", 1500),
        (OWN, "host", 1.0, "declared timeout", 1000),
        (RAISED, "budget", 30.0, "raised budget", 30_000),
        (RAISED, "timeout", 5.0, "declared timeout", 5000),
        (RAISED, "host", 5.0, "declared timeout", 5000),
        (RAISED, "host", 60.0, "raised budget", 30_000),
        (RAISED, "host", None, "raised budget", 30_000),
        (SPARED, "host", None, "host's budget", 1500),
        (SPARED, "budget", 1.5, "host's budget", 1500),
        (SPARED, "host", 60.0, "raised budget", 30_000),
        (CODEX, "timeout", 1.0, "host's budget", 1000),
        (CODEX, "timeout", 2.0, "declared timeout", 2000),
        (CODEX, "timeout", 3.0, "host's budget", 3000),
        (CODEX, "host", None, "host's budget", 1000),
        (CODEX, "host", 10.0, "host's budget", 3000),
        (None, "timeout", 2.0, "declared timeout", 2000),
        (None, "host", None, "unknown", None),
    ],
)
def test_at_which_limit(
    budget: SessionEndBudget | None, by: HookEndedBy, timeout: float | None, limit: str, ms: int | None
) -> None:
    records = with_budget(journal(ended(ROOT, by=by, timeout=timeout)), budget)
    (found,) = cut_hooks(RunView(records))
    assert (found.limit, found.limit_ms) == (limit, ms)


def test_a_hook_that_ends_by_itself_or_has_not_ended_is_not_cut() -> None:
    view = RunView(journal(session_end(ROOT), session_end(OTHER, exit_code=1), hook_started("open", SUB)))
    assert cut_hooks(view) == []


@pytest.mark.parametrize(
    "fault",
    [
        HookStopped(run=f"end-{ROOT}", after=0, records=0, pids=[5000], over=False),
        HookKilled(run=f"end-{ROOT}", moment="at its start", pids=[5000], over=False),
    ],
    ids=["held", "killed"],
)
def test_one_at_which_a_fault_was_aimed_was_to_be_cut(fault: Record) -> None:
    view = RunView(journal(cut(ROOT), fault, cut(OTHER)))
    assert [each.run.session_id for each in cut_hooks(view)] == [ROOT, OTHER]
    assert [each.run.session_id for each in cut_unasked(view)] == [OTHER]


HELD = HookStopped(run=f"end-{ROOT}", after=1, records=1, pids=[5000], over=False)
LOOKED = [*RAN, look(DONE)]
REASON = "was ended by the host after"


@pytest.mark.parametrize(
    ("requirement", "parts", "tested"),
    [
        ("JOB-03", [*RAN, *cut(SUB), look(DONE)], False),
        ("JOB-03", [*LOOKED, *cut(ROOT)], True),
        ("JOB-04", [*RAN, *cut(ROOT), look(DONE)], False),
        ("JOB-04", [*LOOKED, *cut(ROOT)], True),
        ("JOB-05", [*RAN, *cut(OTHER), look(DONE)], False),
        ("JOB-05", [*RAN, *cut(ROOT)], True),
        ("JOB-06", [*LOST, *cut(ROOT), look()], False),
        ("JOB-06", [*LOST, look(), *cut(ROOT)], True),
        ("JOB-07", [*LOOKED, *cut(ROOT), census()], False),
        ("JOB-07", [*LOOKED, *session_end(ROOT), census()], True),
        ("JOB-08", [*RAN, *cut(ROOT), *NEXT, RESULT], False),
        ("JOB-08", [*RAN, *session_end(ROOT), *NEXT, RESULT], True),
        ("JOB-08", [*RAN, *NEXT, RESULT, *cut(ROOT)], True),
        ("JOB-09", [*RAN, *cut(ROOT), look(DONE)], False),
        ("JOB-12", [*RAN, *cut(ROOT), HELD, *session_end(OTHER), look(DONE), census()], True),
        ("JOB-12", [*RAN, *cut(ROOT), HELD, *cut(OTHER), look(DONE), census()], False),
        ("JOB-15", [*RAN, *cut(ROOT, "host"), look(DONE)], False),
        ("JOB-16", [*RAN, look(DONE), *cut(ROOT), census()], False),
        ("JOB-21", [*RAN, *cut(SUB, "timeout"), look(DONE)], False),
        ("JOB-27", [*RAN, *cut(ROOT), look(DONE)], False),
    ],
)
def test_what_leans_on_a_hook_that_was_cut_is_not_tested(requirement: str, parts: list[Any], tested: bool) -> None:
    (check, *_) = judge(journal(*parts, requires=[requirement]), REQUIREMENTS).checks
    assert (check.verdict is not Verdict.NOT_TESTED) == tested, check
    assert (REASON in check.detail) or tested
    assert check.verdict is not Verdict.UNKNOWN, check


def test_a_cut_stands_in_the_detail_of_what_it_does_not_touch() -> None:
    (check,) = judge(journal(*RAN, cut(ROOT), requires=["JOB-01"]), REQUIREMENTS).checks[:1]
    assert check.verdict is Verdict.CONFORMS
    assert REASON in check.detail


def test_a_cut_that_the_scenario_wants_is_not_held_against_it_and_is_told_all_the_same() -> None:
    judged = judge(journal(*started(), cut(ROOT), HELD, requires=["JOB-12"]), REQUIREMENTS)
    assert [each.asked for each in judged.cut_hooks] == [True]


BUSY = SessionEndBudget(ms=6000, undeclared_ms=6000, raised_by="THE_VARIABLE", slowdown=4.0, own_ms=1500)
QUIET = SessionEndBudget(ms=1500, undeclared_ms=1500, slowdown=1.2, own_ms=1500)
FIXED = replace(QUIET, slowdown=4.0)


@pytest.mark.parametrize(
    ("budget", "by", "timeout", "ms", "verdict"),
    [
        (QUIET, "itself", 1.5, 900, Verdict.CONFORMS),
        (QUIET, "itself", 1.5, 1501, Verdict.CONFORMS),
        (QUIET, "budget", 1.5, 1500, Verdict.VIOLATES),
        (QUIET, "timeout", 0.5, 500, Verdict.VIOLATES),
        (BUSY, "itself", 60.0, 1400, Verdict.CONFORMS),
        (BUSY, "itself", 60.0, 1600, Verdict.NOT_TESTED),
        (BUSY, "budget", 6.0, 6000, Verdict.VIOLATES),
        (BUSY, "timeout", 5.0, 5000, Verdict.NOT_TESTED),
        (FIXED, "budget", 1.5, 1500, Verdict.NOT_TESTED),
        (FIXED, "itself", 1.5, 1400, Verdict.CONFORMS),
        (None, "budget", 1.5, 1500, Verdict.VIOLATES),
    ],
)
def test_a_hook_is_judged_by_the_hosts_budget_in_proportion_to_what_the_machine_does(
    budget: SessionEndBudget | None, by: HookEndedBy, timeout: float, ms: int, verdict: Verdict
) -> None:
    began, over = ended(ROOT, by=by, timeout=timeout)
    assert isinstance(over, HookEnded)
    records = with_budget(journal(began, replace(over, ms=ms), requires=["JOB-11"]), budget)
    (check,) = judge(records, REQUIREMENTS).checks[:1]
    assert check.verdict is verdict, check.detail
    assert ("cannot be told" in check.detail) == (verdict is Verdict.NOT_TESTED)


@pytest.mark.parametrize(
    ("budget", "patience", "tested"),
    [(QUIET, 1400.0, True), (QUIET, 1600.0, False), (BUSY, 1600.0, True), (BUSY, 6100.0, False)],
)
def test_on_a_machine_on_which_a_bare_hook_needs_what_it_was_given_nothing_is_told_of_one_that_was_cut(
    budget: SessionEndBudget, patience: float, tested: bool
) -> None:
    hook = ended(ROOT, by="budget", timeout=budget.ms / 1000)
    records = with_budget(journal(hook, requires=["JOB-11"]), budget)
    told = Patience(ms=patience, multiple=25, bare_hook_ms=patience / 25)
    records = [replace(each, patience=told) if isinstance(each, Case) else each for each in records]
    (check,) = judge(records, REQUIREMENTS).checks[:1]
    assert check.verdict is (Verdict.VIOLATES if tested else Verdict.NOT_TESTED), check.detail
