"""Every check on literal journals: what satisfies it, and a broken run that pins what it sees.

A check that nothing can fail is no check: `test_every_check_can_fail` holds the table of runs to that.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from job_runs import LOST, OF_SEVERAL, RAN, RUNS
from run_records import census, error, journal, killed, launch, listing, look, started, strays, told, without_token

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.checks import CHECKS
from hookproof.judge.expected import unexpected
from hookproof.judge.judge import judge
from hookproof.judge.run_view import undecided
from hookproof.records import Record
from hookproof.records.jobs import JobLaunched
from hookproof.records.parts import Answer, Program
from hookproof.records.run import Case

REQUIREMENTS = {name: row for name, row in read_requirements().items() if name.startswith("JOB-")}
JOB_CHECKS = {name for name in CHECKS if name.startswith("JOB-")}


@pytest.mark.parametrize(
    ("name", "run", "seen", "verdict"), RUNS, ids=[f"{n}-{s}-{i}" for i, (n, _, s, _) in enumerate(RUNS)]
)
def test_check(name: str, run: list[Record], seen: str, verdict: str) -> None:
    (check,) = judge(journal(*run, requires=[name]), REQUIREMENTS).checks
    assert (check.seen, check.verdict) == (seen, verdict), check.detail


@pytest.mark.parametrize(
    ("name", "jobs", "run", "seen", "verdict"),
    OF_SEVERAL,
    ids=[f"{n}-{s}-{i}" for i, (n, _, _, s, _) in enumerate(OF_SEVERAL)],
)
def test_check_of_several_jobs(name: str, jobs: tuple[str, ...], run: list[Record], seen: str, verdict: str) -> None:
    (check,) = judge(journal(*run, requires=[name], jobs=jobs), REQUIREMENTS).checks
    assert (check.seen, check.verdict) == (seen, verdict), check.detail


def test_what_lost_its_token_is_told_by_name() -> None:
    def detail(*parts: Record) -> str:
        (check,) = judge(journal(*RAN, *parts, requires=["JOB-07"]), REQUIREMENTS).checks
        return check.detail

    left = without_token(census(11), "session")
    left.processes.insert(0, census(10).processes[0])
    stray = "pid 11: left over (without the run's token; it is in a session of the run's), nobody saw what started it"
    assert detail(left).endswith(f"{stray}; pid 10: left over, nobody saw what started it")
    doubtful = detail(strays(12), census())
    assert "pid 12: stray 12 (without the run's token)" in doubtful
    assert "play this case alone" in doubtful


def test_a_journal_says_whether_its_case_is_to_be_played_alone() -> None:
    assert undecided(journal(*RAN, strays(11), census(), requires=["JOB-01"]))
    assert not undecided(journal(*RAN, strays(11, of="this case"), census(), requires=["JOB-07"]))
    assert not undecided(journal(*RAN, census()))


ALL = [*RUNS, *((name, run, seen, verdict) for name, _, run, seen, verdict in OF_SEVERAL)]


def test_every_check_can_fail() -> None:
    assert {name for name, _, _, verdict in ALL if verdict == "violates"} == JOB_CHECKS
    assert {name for name, _, _, verdict in ALL if verdict == "conforms"} == JOB_CHECKS


def test_every_requirement_has_a_check_and_every_accepted_outcome_can_be_seen() -> None:
    assert set(REQUIREMENTS) == JOB_CHECKS
    for name, requirement in REQUIREMENTS.items():
        seen = {outcome for check, _, outcome, _ in ALL if check == name} | {"refused"}
        assert set(requirement.accepts) <= seen


def test_an_error_turns_conformance_into_doubt_and_leaves_a_violation() -> None:
    (fine,) = judge(journal(*RAN, error(), requires=["JOB-01"]), REQUIREMENTS).checks
    (lost,) = judge(journal(*LOST, error(), requires=["JOB-01"]), REQUIREMENTS).checks
    assert fine.verdict == "unknown"
    assert "a script ran out" in fine.detail
    assert lost.verdict == "violates"


def test_a_loss_after_an_error_is_doubt() -> None:
    run = journal(launch(), *started(), error(), *killed(9), requires=["JOB-01"])
    assert judge(run, REQUIREMENTS).checks[0].verdict == "unknown"


def test_the_worst_check_is_the_verdict() -> None:
    run = journal(*RAN, look(), requires=["JOB-01", "JOB-04"])
    assert judge(run, REQUIREMENTS).verdict == "violates"
    assert judge(journal(*RAN, requires=["JOB-01", "JOB-04"]), REQUIREMENTS).verdict == "unknown"
    assert judge(journal(*RAN, requires=[]), REQUIREMENTS).verdict == "unknown"


def test_names_do_not_influence_a_verdict() -> None:
    run = journal(*LOST, look(), requires=["JOB-03", "JOB-04"])
    case = run[0]
    assert isinstance(case, Case)
    other = Program(name="another", version="another")
    named = replace(case, scenario="another", title="another", plugin="another", policy="another")
    renamed = replace(named, lifecycle="another", host=other, worker=other)
    assert judge(run, REQUIREMENTS) == judge([renamed, *run[1:]], REQUIREMENTS)


def test_a_status_answer_that_is_no_object_lists_nothing() -> None:
    broken = look()
    broken.places["main"] = Answer(exit=1, text="boom")
    (check,) = judge(journal(*LOST, broken, requires=["JOB-04"]), REQUIREMENTS).checks
    assert check.seen == "no answer"


def test_listing_has_the_shape_of_the_issue() -> None:
    assert listing() == {"running": [], "latestFinished": None, "recent": [], "needsReview": False}


@pytest.mark.parametrize(
    ("name", "promises", "denied", "binding"),
    [
        ("JOB-27", ["notice"], [], True),
        ("JOB-27", ["notice"], ["notice"], False),
        ("JOB-27", [], [], False),
        ("JOB-08", ["notice"], [], False),
        ("JOB-01", [], [], True),
        ("JOB-01", ["notice"], ["notice"], True),
    ],
)
def test_a_promise_makes_a_should_a_must(name: str, promises: list[str], denied: list[str], binding: bool) -> None:
    case, *rest = journal(*RAN, told("Anything new?"), requires=[name])
    assert isinstance(case, Case)
    rest = [replace(each, denied=denied) if isinstance(each, JobLaunched) else each for each in rest]
    judgement = judge([replace(case, promises=promises), *rest], REQUIREMENTS)
    assert [each.binding for each in judgement.checks] == [binding]
    violated = judgement.checks[0].verdict == "violates"
    assert [each.check for each in unexpected(judgement, "jobs/toy", None) if each.violated] == (
        [name] if violated and binding else []
    )
