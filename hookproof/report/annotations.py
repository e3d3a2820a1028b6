"""Annotations for GitHub's checks, in the workflow commands' own syntax.

One line for each thing that fails a run, and for each that a plugin declares and that was not played.
"""

from __future__ import annotations

from hookproof.report.not_played import gaps
from hookproof.report.results import Report, Result

VARIABLE = "HOOKPROOF_ANNOTATE"
"""`github` in this variable asks for them; the action sets it."""


def lines(report: Report) -> list[str]:
    """What GitHub shows beside a check: an error for what fails it, a warning for what was not played."""
    found = [_line(each) for each in report.results if not each.expected]
    found += [f"::error title=not tested::{_data(sentence)}" for sentence in report.complaints]
    return found + [f"::warning title=not played::{_data(gap.line)}" for gap in gaps(report.results)]


def _line(each: Result) -> str:
    unexpected = list(each.unexpected)
    if each.cause:
        unexpected.append(f"cause {each.cause}: {'; '.join(each.reasons)}")
    if each.culprit is not None:
        unexpected.append(f"culprit: {each.culprit.sentence}")
    title = f"{each.scenario} on {each.lifecycle}"
    return f"::error title={_property(title)}::{_data(chr(10).join(unexpected))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
