"""The user's own sentences, judged on literal journals: every kind, with every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent_records import CHILD, MAIN, POLICY, asks, journal, start
from expect_runs import ROWS, RULE, begins, census, found

from hookproof import journal as journals
from hookproof.catalogue.expect import Expect
from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import Judgement, judge
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.records import Record
from hookproof.records.expect import Expectation
from hookproof.records.parts import Patience
from hookproof.records.run import Case
from hookproof.records.sent import SessionStarted

REQUIREMENTS = read_requirements()
PATIENCE = Patience(ms=1000.0, multiple=25, bare_hook_ms=40.0)


def expectation(**row: Any) -> Expectation:
    return Expect.model_validate({"id": "ours-1", "must": "It is so.", **row}).in_journal


def expects(records: Sequence[Record], *own: Expectation, **changes: Any) -> list[Record]:
    """The journal of a case with these sentences, and no requirement but those in `changes`."""
    case, *others = records
    assert isinstance(case, Case)
    host = replace(case.host, version="fake" if any(isinstance(each, SessionStarted) for each in records) else "1.2.3")
    return [replace(case, requires=[], expect=list(own), patience=PATIENCE, host=host, **changes), *others]


def judged(kind: dict[str, Any], records: Sequence[Record], *, whole: bool = True) -> CheckResult:
    return judge(expects(journal(*records, requires="", whole=whole), expectation(**kind)), REQUIREMENTS).checks[0]


@pytest.mark.parametrize(
    ("kind", "records", "seen", "verdict"),
    ROWS,
    ids=[f"{next(iter(kind))}-{number}-{verdict}" for number, (kind, _, _, verdict) in enumerate(ROWS)],
)
def test_sentence(kind: dict[str, Any], records: list[Record], seen: str, verdict: str) -> None:
    check = judged(kind, records)
    assert (check.seen, check.verdict) == (seen, verdict), check.detail
    assert check.detail
    if verdict == "conforms":
        assert check.seen in check.accepted
    if verdict == "violates":
        assert check.seen not in check.accepted
        assert check.at is not None


def test_every_kind_can_have_every_verdict() -> None:
    seen = {(next(iter(kind)), verdict) for kind, _, _, verdict in ROWS}
    kinds = {name for name in Expect.model_fields if name not in {"id", "must", "must_not", "should"}}
    # of what a host says, all was kept, or it is a stand-in
    assert {(kind, verdict) for kind in kinds for verdict in Verdict} - seen == {("host_warned", "unknown")}


@pytest.mark.parametrize(("kind", "records", "seen", "verdict"), [row for row in ROWS if row[3] == "conforms"])
def test_of_a_journal_that_breaks_off_nothing_conforms(
    kind: dict[str, Any], records: list[Record], seen: str, verdict: str
) -> None:
    assert (seen, verdict) != (judged(kind, records, whole=False).seen, judged(kind, records, whole=False).verdict)
    assert judged(kind, records, whole=False).verdict == "unknown"


def sentences(**rows: dict[str, Any]) -> list[Expectation]:
    return [expectation(id=name, **row) for name, row in rows.items()]


def of_case(records: Sequence[Record], *own: Expectation, requires: str = "") -> Judgement:
    case, *others = expects(journal(*records, requires=""), *own)
    assert isinstance(case, Case)
    return judge([replace(case, requires=[requires] if requires else []), *others], REQUIREMENTS)


TOLD = {"told": {"text": RULE}}
NEVER_ASKED = {"told": {"text": RULE, "agent": CHILD}}


def test_a_case_is_as_bad_as_its_worst_sentence_and_is_about_them_all() -> None:
    told = [asks(MAIN, RULE)]
    one, other = sentences(one=TOLD, other=NEVER_ASKED)
    assert of_case(told, one).verdict is Verdict.CONFORMS
    assert of_case(told, other).verdict is Verdict.NOT_TESTED
    assert of_case(told, one, other).verdict is Verdict.CONFORMS
    assert of_case([asks(MAIN)], one, other).verdict is Verdict.VIOLATES
    assert of_case([asks(MAIN, RULE, POLICY)], one, requires="CTX-01").verdict is Verdict.CONFORMS
    assert of_case([asks(MAIN, RULE)], one, requires="CTX-01").verdict is Verdict.VIOLATES


def test_a_sentence_is_told_with_its_keyword_and_its_words() -> None:
    check = judged({"must": None, "must_not": "Nobody\x1b is told.", "not_told": {"text": RULE}}, [asks(MAIN, RULE)])
    assert (check.keyword, check.sentence, check.binding) == ("MUST NOT", "Nobody\\x1b is told.", True)
    assert check.said == " (MUST NOT: Nobody\\x1b is told.)"
    shipped = judge(journal(asks(MAIN, POLICY), requires="CTX-01"), REQUIREMENTS).checks[0]
    assert (shipped.keyword, shipped.sentence, shipped.said) == (None, None, "")


def test_a_violated_should_only_warns() -> None:
    assert judged({"must": None, "should": "It is so.", **TOLD}, [asks(MAIN)]).binding is False
    assert judged(TOLD, [asks(MAIN)]).binding is True


def test_the_record_and_the_agent_at_which_it_shows_are_named() -> None:
    check = judged({"not_told": {"text": RULE, "agent": CHILD}}, [asks(MAIN), asks(CHILD, "a", RULE, parent=MAIN)])
    assert (check.at, check.agent) == (3, CHILD)
    assert check.landed is not None
    assert check.landed.message == 2
    assert judged({"left": {}}, [begins(), census()]).at == 3
    assert judged({"file": {"path": "{home}/x"}}, found("{home}/x")).at == 3


def test_a_text_that_was_not_told_has_its_cause() -> None:
    """C1: the event fired, and no hook of the plugin ran."""
    lost = of_case([*start(MAIN, "", exit_=1), asks(MAIN)], *sentences(ours=TOLD))
    assert lost.signature.id == "C2"
    assert lost.signature.reasons[0] == "ours, main"
    strayed = of_case([*start(MAIN, RULE), asks(MAIN, RULE)], *sentences(ours={"not_told": {"text": RULE}}))
    assert strayed.signature.id == "C6"


def test_a_journal_is_judged_again_by_the_sentences_in_it(tmp_path: Path) -> None:
    """By nothing else: the scenario's file may be gone."""
    path = tmp_path / "journal.jsonl"
    own = [expectation(id=f"ours-{number}", **kind) for number, (kind, _, _, _) in enumerate(ROWS)]
    records = expects(journal(begins(), asks(MAIN, RULE), requires=""), *own)
    path.write_text("".join(f"{journals.encoded(record)}\n" for record in records), encoding="utf-8")
    again = journals.read(path)
    assert again == records
    assert judge(again, REQUIREMENTS) == judge(records, REQUIREMENTS)
