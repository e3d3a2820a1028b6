"""Annotations for GitHub's checks: one line for each thing that fails a run, in the workflow commands' own syntax."""

from __future__ import annotations

from hookproof.report.results import Report, Result

VARIABLE = "HOOKPROOF_ANNOTATE"
"""`github` in this variable asks for them; the action sets it."""


def lines(report: Report) -> list[str]:
    """What GitHub shows beside a failed check."""
    found = [_line(each) for each in report.results if not each.expected]
    return found + [f"::error title=not tested::{_data(sentence)}" for sentence in report.complaints]


def _line(each: Result) -> str:
    unexpected = list(each.unexpected)
    if each.cause:
        unexpected.append(f"cause {each.cause}: {'; '.join(each.reasons)}")
    if each.culprit is not None:
        unexpected.append(f"ended by {each.culprit.sentence}")
    title = f"{each.scenario} on {each.lifecycle}"
    return f"::error title={_property(title)}::{_data(chr(10).join(unexpected))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
