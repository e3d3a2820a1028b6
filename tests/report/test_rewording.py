"""Sentences are for people: whatever they say, each report decides, marks and plays again the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_reports import a_check, a_result, violated
from timelines import PATTERN_C

from hookproof.catalogue.requirement import read_requirements
from hookproof.issues import issue_146, issue_345
from hookproof.judge.causes.culprit import Culprit, Fact
from hookproof.judge.expected import unexpected
from hookproof.judge.judge import Judgement, judge
from hookproof.judge.verdict import Landed, Surprise
from hookproof.records.run import Case
from hookproof.report.columns import violated_unexpectedly
from hookproof.report.html.case import section
from hookproof.report.results import Result
from hookproof.report.timeline.build import build

SENTENCES = {"detail", "sentence", "unexpected", "reasons", "errors", "why", "value"}
"""Fields that hold sentences."""


def reworded(whole: Any) -> Any:
    """The same data, with other words in each sentence: what one was cut out of it is not there any more."""
    if isinstance(whole, list):
        return [reworded(each) for each in whole]
    if not isinstance(whole, dict):
        return whole
    return {name: _other(value) if name in SENTENCES else reworded(value) for name, value in whole.items()}


def _other(value: Any) -> Any:
    if isinstance(value, list):
        return [_other(each) for each in value]
    return "Ganz andere Worte" if isinstance(value, str) else value


def other(each: Result) -> Result:
    found = Result.model_validate(reworded(each.model_dump(mode="json")))
    assert found != each
    return found


def judgement(*requires: str) -> Judgement:
    case = PATTERN_C[0]
    assert isinstance(case, Case)
    return judge([replace(case, requires=list(requires)), *PATTERN_C[1:]], read_requirements())


def test_the_picture_marks_the_same_moments() -> None:
    each = a_result(*judgement("JOB-03", "JOB-04", "JOB-16", "JOB-21").checks)
    moments = [[(row.seq, row.anchor) for row in build(PATTERN_C, one.checks).rows] for one in (each, other(each))]
    assert moments[0] == moments[1]
    assert sum(bool(anchor) for _, anchor in moments[0]) == 4


def test_the_same_is_played_again() -> None:
    table = frozenset({"jobs/pattern-c:JOB-21"})
    found = judgement("JOB-03", "JOB-21")
    surprises = unexpected(found, "jobs/pattern-c", table)
    each = a_result(*found.checks, surprises=surprises, unexpected=[one.sentence for one in surprises])
    assert violated_unexpectedly(each) == violated_unexpectedly(other(each)) == ["JOB-03"]
    assert [one.against_the_table for one in other(each).surprises] == [True]


WHERE = Landed(request=2, role="developer", message=3, bytes=700)


def known_agent(**fields: Any) -> Result:
    check = a_check("CTX-02", seen="block reaches the child", detail="child: model request 2, ...", **fields)
    return a_result(check, scenario="context/known-agent", like=issue_146.REPORTED)


def test_issue_146_says_where_a_text_landed() -> None:
    each = known_agent(landed=WHERE)
    assert issue_146.cell(each) == issue_146.cell(other(each))
    assert issue_146.cell(each) == ("block reaches the child\ndeveloper message 3, 700 bytes", True)
    assert issue_146.cell(known_agent()) == ("block reaches the child", True)


def held(each: Result) -> list[tuple[str, bool]]:
    return [(claim.text, claim.holds) for claim in issue_345.claims([each])]


@pytest.mark.parametrize(("whose", "killed"), [("subagent", True), ("main", False), ("another", False), (None, False)])
def test_issue_345_knows_whose_hook_it_was(whose: Any, killed: bool) -> None:
    fact = Fact(value="the subagent's own session (the job's own)", how="observed", why="the payload")
    culprit = Culprit(sentence="...", who=fact, session=fact, signal=None, after_subagent_ms=None, whose=whose)
    each = violated(culprit=culprit)
    assert held(each) == held(other(each))
    assert ("the subagent's own SessionEnd hook kills it", killed) in held(each)


def test_a_cause_beside_another_is_told_in_other_words() -> None:
    each = violated(also=["H7"])
    causes = section(1, each, {}, {}).causes
    assert causes[1] == ("H7", "status shows the asking session only its own jobs")
    assert section(1, other(each), {}, {}).causes == causes


def test_a_surprise_says_by_itself_what_it_is() -> None:
    check = a_check("JOB-03", "violates")
    violation, doubt = Surprise.violation("jobs/x", check), Surprise.unknown("jobs/x", check)
    assert (violation.violated, doubt.violated) == (True, False)
    assert violation.sentence == "jobs/x:JOB-03 is violated: seen 'lost', accepted survives, refused"
    assert doubt.sentence == "jobs/x:JOB-03 is unknown: as the journal tells"
