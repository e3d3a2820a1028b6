"""A verdict says no more than its evidence: what is missing is unknown, what did not come about is not tested."""

from __future__ import annotations

from dataclasses import replace

import pytest
from job_runs import LOST, RAN
from run_records import (
    OTHER,
    ROOT,
    census,
    error,
    finished,
    journal,
    killed,
    launch,
    look,
    refused,
    row,
    session_end,
    started,
)

from hookproof.catalogue.requirement import Need, read_requirements
from hookproof.judge.judge import Judgement, judge
from hookproof.judge.needs import NEEDS
from hookproof.judge.verdict import Verdict, of_case
from hookproof.records import Record
from hookproof.records.jobs import JobRefused, JobStarted, SnapshotTaken
from hookproof.records.run import MainLaunch

REQUIREMENTS = read_requirements()
C, V, U, N = Verdict.CONFORMS, Verdict.VIOLATES, Verdict.UNKNOWN, Verdict.NOT_TESTED


def judged(*parts: Record | list[Record], requires: str, **more: bool | MainLaunch | None) -> Judgement:
    return judge(journal(*parts, requires=requires.split(), **more), REQUIREMENTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "standing", "verdict"),
    [
        ([C], [], C),
        ([C, N], [], C),
        ([N], [], N),
        ([N, N], [C], N),
        ([N], [V], V),
        ([C], [U], U),
        ([C, U], [V], V),
        ([U, V, N], [], V),
        ([], [], U),
    ],
)
def test_a_case_is_as_bad_as_its_worst_check_and_no_better_than_what_it_is_about(
    own: list[Verdict], standing: list[Verdict], verdict: Verdict
) -> None:
    assert of_case(own, standing) is verdict


def test_a_journal_that_breaks_off_is_unknown_and_says_where() -> None:
    whole = judged(*RAN, census(), requires="JOB-01 JOB-07")
    broken = judged(*RAN, census(), requires="JOB-01 JOB-07", whole=False)
    assert (whole.verdict, broken.verdict) == (C, U)
    last = len(journal(*RAN, census(), whole=False))
    assert broken.errors == (f"the journal breaks off after record {last} (census): its run was not played to the end",)


def test_a_loss_in_a_journal_that_breaks_off_stays_a_loss() -> None:
    assert judged(*LOST, requires="JOB-01", whole=False).verdict is V


def test_every_word_for_a_need_has_its_function() -> None:
    assert set(NEEDS) == set(Need.__args__)  # type: ignore[attr-defined]
    used = {need for each in REQUIREMENTS.values() for need in each.needs}
    assert used <= set(NEEDS)


def test_a_refused_launch_satisfies_one_requirement_alone() -> None:
    accepting = [name for name, each in REQUIREMENTS.items() if "refused" in each.accepts]
    assert accepting == ["JOB-03"]


@pytest.mark.parametrize(
    ("main_launch", "verdict"), [("started", C), ("refused", N), (None, U)], ids=["main may", "main may not", "untried"]
)
def test_a_refusal_in_a_subagent_conforms_where_main_may_launch(
    main_launch: MainLaunch | None, verdict: Verdict
) -> None:
    assert judged(launch(), refused(), requires="JOB-03", main_launch=main_launch).verdict is verdict


def test_a_launch_that_came_back_without_an_error_refused_nothing() -> None:
    back = JobRefused(job="review", agent="main", text="Usage: task --wait", error=False)
    judgement = judged(launch(), back, requires="JOB-01 JOB-03 JOB-04")
    assert [check.verdict for check in judgement.checks] == [U, U, U]
    assert "without an id, without an error and without a job" in judgement.checks[0].detail


def test_another_sessions_hook_that_was_cut_leaves_nothing_to_judge() -> None:
    cut = session_end(OTHER, ended_by="timeout")
    assert judged(launch(), *started(), *cut, *finished(), look(row("completed")), requires="JOB-05").verdict is N
    lost = judged(launch(), *started(), *cut, *killed(), look(row("running")), requires="JOB-05")
    assert lost.verdict is N


def blind(record: SnapshotTaken, answer: object) -> SnapshotTaken:
    for place in record.places.values():
        object.__setattr__(place, "answer", answer)
    return record


@pytest.mark.parametrize("answer", [[{"id": "task-1", "status": "done"}], {"jobs": []}, "done"])
def test_a_status_answer_of_another_form_is_unknown(answer: object) -> None:
    judgement = judged(*RAN, blind(look(row("completed")), answer), requires="JOB-04")
    assert judgement.verdict is U
    assert "in a form in which hookproof finds no jobs" in judgement.checks[0].detail


def test_state_that_was_never_found_is_unknown_and_not_erased() -> None:
    nowhere = replace(look(), state=[])
    run = [
        JobStarted(job="review", row=None, worker=4000, processes=[]) if isinstance(each, JobStarted) else each
        for each in [launch(), *started(ROOT), *killed()]
    ]
    judgement = judged(*run, nowhere, requires="JOB-06")
    assert judgement.verdict is U
    assert "no state was ever found" in judgement.checks[0].detail
    assert judged(launch(), *started(ROOT), *killed(), look(), requires="JOB-06").checks[0].seen == "erased"


def test_with_an_error_nothing_is_said_to_be_untested() -> None:
    assert judged(launch(), refused(), error(), requires="JOB-04").verdict is U
