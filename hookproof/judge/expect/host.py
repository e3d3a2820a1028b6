"""What a host has said in its own words: on its stderr, beside its stream, in it, on its screen, or of a hook."""

from __future__ import annotations

from collections.abc import Iterator

from hookproof.judge.expect.counts import Counted
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import Finding
from hookproof.records import Record
from hookproof.records.expect import HostWarned
from hookproof.records.hosts import HookJudged, HostLine, HostNoise, HostScreen, HostStarted, HostStderr
from hookproof.records.sent import HookEnded

WARNED = Counted("warned", "did not warn")
_WARNS = ("warn", "error", "notice")
"""A line of a stream whose type has one of these in it is the host's own word; others hand on what agents say."""
_OF_A_HOOK = "hook"
"""What such a line quotes is the hook's; the host's words for it are told apart (`hook.judged`)."""
_STAND_IN = "fake"
"""The version of a host that is none."""
_SHOWN = 300


def warned(view: RunView, expected: HostWarned) -> Finding:
    """Whether the host has said it. A stand-in says of its host's words only those about the output of hooks."""
    if not view.of(HostStarted):
        return Finding.not_tested("no host was started", view.end)
    said = [(record, text) for record, text in _said(view) if expected.wording.stand_in(text)]
    if said:
        record, text = said[0]
        line = next((each for each in text.splitlines() if expected.wording.stand_in(each)), text)
        shown = " ".join(line.split())[:_SHOWN]
        return Finding(WARNED.outcome(expected.times, 1), f"the host said: {shown!r}", record)
    if view.case.host.version == _STAND_IN:
        why = f"a stand-in was played, which does not say all that {view.case.host.name} says; play it on the real one"
        return Finding.not_tested(f"nothing said {expected.wording}: {why}", view.end)
    outcome = WARNED.outcome(expected.times, 0)
    return Finding(outcome, f"nothing that the host said has {expected.wording}", view.end)


def _said(view: RunView) -> Iterator[tuple[Record, str]]:
    for record in view.records:
        match record:
            case HostStderr() | HostNoise() | HostScreen():
                yield record, record.text
            case HostLine() if record.text is not None and _is_own(record):
                yield record, record.text
            case HookJudged() if record.words is not None:
                yield record, record.words
            case HookEnded() if record.effects is not None and record.effects.words is not None:
                yield record, record.effects.words


def _is_own(line: HostLine) -> bool:
    kinds = [kind.lower() for kind in (line.line_type, line.line_subtype, line.line_item) if isinstance(kind, str)]
    if any(kind.startswith(_OF_A_HOOK) for kind in kinds):
        return False
    return line.line_type == "system" or any(word in kind for word in _WARNS for kind in kinds)
