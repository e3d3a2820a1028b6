"""What a cell of the table says of a result."""

from __future__ import annotations

from made_reports import a_check, a_result, not_tested, violated

from hookproof.report.columns import cell


def test_a_cell_names_what_is_violated_and_the_cause() -> None:
    assert [text for text, _ in cell(violated())] == ["JOB-03", "H1"]


def test_what_is_not_tested_is_calm() -> None:
    assert cell(not_tested(signature="H3")) == [("not tested", "calm")]
    half = a_result(a_check(), a_check("JOB-04", "not tested"))
    assert cell(half) == [("conforms", "good"), ("(1 not tested)", "calm")]
    assert [text for text, _ in cell(a_result(a_check("JOB-01", "violates"), a_check("JOB-04", "not tested")))] == [
        "JOB-01"
    ]


def test_a_green_cell_has_no_cause() -> None:
    lost = a_result(signature="H3", culprit=violated().culprit)
    assert (lost.cause, cell(lost)) == (None, [("conforms", "good")])
    assert cell(a_result(signature="?")) == [("conforms", "good")]
