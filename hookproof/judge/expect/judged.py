"""From one of the user's own sentences to what the run shows of it. Called by `judge`, after the checks."""

from __future__ import annotations

from typing import assert_never

from hookproof.catalogue.requirement import Requirement
from hookproof.judge.expect import ends, hooks, host, tools
from hookproof.judge.expect.told import TOLD, told
from hookproof.judge.run_view import NoEvidenceError, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.expect import (
    Expectation,
    Expected,
    FileLeft,
    HookRan,
    HookTook,
    HostWarned,
    ProcessesLeft,
    Told,
    ToolCalled,
)


def find(view: RunView, expectation: Expectation) -> Finding:
    """What the run shows."""
    try:
        return _find(view, expectation.expects)
    except NoEvidenceError as error:
        return Finding(None, str(error), error.at)


def requirement_of(expectation: Expectation) -> Requirement:
    """The sentence as a requirement: with the outcome that satisfies it."""
    return Requirement(
        keyword=expectation.keyword,
        sentence=expectation.sentence,
        source="the scenario",
        accepts=[accepted(expectation.expects)],
    )


def _find(view: RunView, expects: Expected) -> Finding:  # noqa: PLR0911 - one case a kind
    match expects:
        case Told():
            return told(view, expects)
        case HookRan():
            return hooks.ran(view, expects)
        case ToolCalled():
            return tools.called(view, expects)
        case FileLeft():
            return ends.file(view, expects)
        case ProcessesLeft():
            return ends.processes(view, expects)
        case HookTook():
            return hooks.within(view, expects)
        case HostWarned():
            return host.warned(view, expects)
        case _:
            assert_never(expects)


def accepted(expects: Expected) -> str:  # noqa: PLR0911 - one case a kind
    """The outcome that satisfies."""
    match expects:
        case Told():
            return TOLD.accepted(expects.times)
        case HookRan():
            return hooks.words_for(expects).accepted(expects.times)
        case ToolCalled():
            return tools.words_for(expects)
        case FileLeft():
            return ends.words_for(expects)
        case ProcessesLeft():
            return ends.LEFT.accepted(expects.times)
        case HookTook():
            return hooks.IN_TIME
        case HostWarned():
            return host.WARNED.accepted(expects.times)
        case _:
            assert_never(expects)
