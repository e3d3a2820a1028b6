"""HOOK-06 and HOOK-19 on literal journals: what a session's start tells, through clears, compactions and resumes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agent_records import (
    MAIN,
    POLICY,
    asks,
    cleared,
    emits,
    journal,
    nameless,
    resumed,
    start,
)

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.records import Record
from hookproof.records.model import ModelRequest
from hookproof.records.run import Case

REQUIREMENTS = {name: row for name, row in read_requirements().items() if name in {"HOOK-06", "HOOK-19"}}
RULE = "House rule: every answer names its source."
SUMMARY = ModelRequest(n=1, agent=MAIN, aside=True, texts=[], results=[], thread=asks(MAIN).thread, compacts=True)
TITLE = replace(SUMMARY, compacts=False)
TOLD = [*start(MAIN, emits(POLICY)), asks(MAIN, POLICY, "hello")]
DATED = [*start(MAIN, emits(f"{RULE}\nMonday")), asks(MAIN, f"{RULE}\nMonday", "hello")]

RUNS: list[tuple[str, list[Record], str, str]] = [
    ("HOOK-06", TOLD, "once", "conforms"),
    ("HOOK-06", [*TOLD, asks(MAIN, "again")], "once", "conforms"),
    ("HOOK-06", [*TOLD, asks(MAIN, POLICY, "again")], "twice", "violates"),
    ("HOOK-06", [*start(MAIN, emits(POLICY)), asks(MAIN, f"{POLICY}\n{POLICY}")], "twice", "violates"),
    ("HOOK-06", [*TOLD, cleared(asks(MAIN, POLICY, "anew"))], "once", "conforms"),
    ("HOOK-06", [*TOLD, SUMMARY, asks(MAIN, POLICY, "again")], "once", "conforms"),
    ("HOOK-06", [*TOLD, TITLE, asks(MAIN, POLICY, "again")], "twice", "violates"),
    ("HOOK-06", [*TOLD, SUMMARY, asks(MAIN, POLICY, POLICY)], "twice", "violates"),
    ("HOOK-06", [*TOLD, SUMMARY, asks(MAIN, POLICY), asks(MAIN, POLICY)], "twice", "violates"),
    ("HOOK-06", [*TOLD, resumed(asks(MAIN, POLICY), [POLICY])], "once", "conforms"),
    ("HOOK-06", [*TOLD, resumed(asks(MAIN, POLICY), ["something"])], "twice", "violates"),
    ("HOOK-06", [*DATED, resumed(asks(MAIN, f"{RULE}\nTuesday"), [])], "twice", "violates"),
    ("HOOK-06", [*DATED, resumed(asks(MAIN, f"{RULE}\nTuesday"), [f"{RULE}\nMonday"])], "once", "conforms"),
    # the same line twice in one text is one text, and a short line is no sign of anything
    ("HOOK-06", [*start(MAIN, emits(f"{RULE}\n{RULE}")), asks(MAIN, f"{RULE}\n{RULE}")], "once", "conforms"),
    ("HOOK-06", [*start(MAIN, emits("---\none")), asks(MAIN, f"{POLICY}\n---\none\n---")], "once", "conforms"),
    ("HOOK-06", [*start(MAIN), asks(MAIN, "hello")], "not tested", "not tested"),
    ("HOOK-06", [], "no evidence", "unknown"),
    ("HOOK-06", [nameless(each) for each in TOLD], "no evidence", "unknown"),
    ("HOOK-19", [*TOLD, cleared(asks(MAIN, POLICY))], "there", "conforms"),
    ("HOOK-19", [*TOLD, cleared(asks(MAIN, "anew"))], "gone", "violates"),
    ("HOOK-19", [*TOLD, SUMMARY, asks(MAIN, POLICY)], "there", "conforms"),
    ("HOOK-19", [*TOLD, SUMMARY, asks(MAIN, "again")], "gone", "violates"),
    ("HOOK-19", [*TOLD, SUMMARY, asks(MAIN, "again"), asks(MAIN, POLICY)], "there", "conforms"),
    ("HOOK-19", [*TOLD, SUMMARY, asks(MAIN, POLICY), SUMMARY, asks(MAIN, "x")], "gone", "violates"),
    ("HOOK-19", [*TOLD, resumed(asks(MAIN, "again"), [])], "there", "conforms"),
    ("HOOK-19", [*TOLD, resumed(asks(MAIN, "again"), [POLICY])], "gone", "violates"),
    ("HOOK-19", [*TOLD, resumed(asks(MAIN, POLICY), [POLICY])], "there", "conforms"),
    ("HOOK-19", [*DATED, SUMMARY, *start(MAIN, emits("Tue")), asks(MAIN, "Tue")], "there", "conforms"),
    ("HOOK-19", TOLD, "not tested", "not tested"),
    ("HOOK-19", [*TOLD, SUMMARY], "not tested", "not tested"),
    ("HOOK-19", [asks(MAIN, "hello"), SUMMARY, asks(MAIN, "again")], "not tested", "not tested"),
    ("HOOK-19", [], "no evidence", "unknown"),
    ("HOOK-19", [nameless(each) for each in TOLD], "no evidence", "unknown"),
]


@pytest.mark.parametrize(("name", "run", "seen", "verdict"), RUNS)
def test_what_a_start_tells(name: str, run: list[Record], seen: str, verdict: str) -> None:
    (check,) = judge(journal(*run, requires=name), REQUIREMENTS).checks
    assert (check.seen, check.verdict) == (seen, verdict), check.detail


def test_each_row_is_satisfied_and_violated_here() -> None:
    for name in REQUIREMENTS:
        assert {"conforms", "violates"} <= {verdict for each, _, _, verdict in RUNS if each == name}


def test_plain_text_of_a_start_hook_counts_too_and_no_descriptor_is_needed() -> None:
    case, *rest = journal(*start(MAIN, RULE), asks(MAIN, RULE), SUMMARY, asks(MAIN, "again"), requires="HOOK-19")
    assert isinstance(case, Case)
    (check,) = judge([replace(case, says=None), *rest], REQUIREMENTS).checks
    assert (check.seen, check.at) == ("gone", 6)
    assert RULE in check.detail
