"""What an agent's model is told, and what it is not: by the texts that are new in its requests."""

from __future__ import annotations

from dataclasses import replace

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView
from hookproof.judge.expect.counts import Counted, often
from hookproof.judge.leans import LEANS
from hookproof.judge.run_view import Received, RunView
from hookproof.judge.verdict import Finding, Missed, Strayed
from hookproof.records import Record
from hookproof.records.expect import Told
from hookproof.records.hosts import User
from hookproof.records.model import ModelRequest

TOLD = Counted("told", "not told")
_TYPED_BY_US = frozenset({"/clear", "/compact", "/exit"})
"""What hookproof types for a step of its own: no turn of a conversation begins with it."""
_SHOWN = 160


def told(view: RunView, expected: Told) -> Finding:
    """How often the words stand in what the agent's model was told. Raises NoEvidenceError."""
    agents = AgentView(view)
    first = agents.first_request(expected.agent)
    if first is None:
        return Finding.not_tested(f"the model of {expected.agent} was never asked", view.end)
    requests = _span(agents, expected)
    if isinstance(requests, Finding):
        return requests
    asked = {request.seq for request in requests}
    heard = [each for each in agents.received(expected.agent) if each.request.seq in asked]
    found = [(each, expected.wording.count(each.text)) for each in heard]
    finding = _counted(expected, requests, [(each, number) for each, number in found if number], len(heard))
    if finding.context is None and finding.landed is None and not expected.times.fit(0):
        finding = replace(finding, context=_missed(agents, expected, requests))
    return LEANS["the hooks that tell agents"](view, finding, [TOLD.accepted(expected.times)])


def _counted(expected: Told, requests: list[ModelRequest], found: list[tuple[Received, int]], texts: int) -> Finding:
    number = sum(times for _, times in found)
    outcome = TOLD.outcome(expected.times, number)
    if not found:
        detail = f"none of {texts} texts told to {expected.agent}{_where(expected)} has {expected.wording}"
        return Finding(outcome, detail, requests[0], expected.agent)
    at = _first_too_many(expected, found) or found[0][0]
    listed = "; ".join(_shown(each, expected) for each, _ in found[:3])
    detail = f"{often(number)} in {texts} texts told to {expected.agent}{_where(expected)}: {listed}"
    strayed = Strayed(expected.agent, _lines(expected)) if expected.times.most == 0 else None
    certain = expected.times.most is not None and number > expected.times.most
    return Finding(
        outcome, detail, at.request, expected.agent, at.landed, context=strayed if certain else None, certain=certain
    )


def _first_too_many(expected: Told, found: list[tuple[Received, int]]) -> Received | None:
    """Where it was told once more than it may be."""
    sum_ = 0
    for each, number in found:
        sum_ += number
        if expected.times.most is not None and sum_ > expected.times.most:
            return each
    return None


def _missed(agents: AgentView, expected: Told, requests: list[ModelRequest]) -> Missed | None:
    """The text that the agent was not told in these requests: it was to be after the last request before them."""
    if not _lines(expected):
        return None
    thread = requests[0].thread if expected.session is not None else None
    before = [each.seq for each in agents.requests(expected.agent) if each.seq < requests[0].seq]
    return Missed(expected.agent, _lines(expected), thread, before[-1] if before else 0)


def _lines(expected: Told) -> tuple[str, ...]:
    """By what the text is known to whoever looks for what became of it; a pattern is no text."""
    return (expected.wording.text,) if expected.wording.text is not None else ()


def _span(agents: AgentView, expected: Told) -> list[ModelRequest] | Finding:
    """The requests among which it is to be told; a finding where there was no such session or turn."""
    requests = agents.requests(expected.agent)
    if expected.session is not None:
        threads = agents.threads(expected.agent)
        if len(threads) < expected.session:
            had = f"{expected.agent} had {len(threads)} session(s), and the sentence is about number {expected.session}"
            return Finding.not_tested(had, requests[-1])
        return [request for request in requests if request.thread == threads[expected.session - 1]]
    if expected.turn is None:
        return requests
    began, over = _turn(agents.run, expected)
    if began is None:
        return Finding.not_tested(f"there was no turn {expected.turn} of the conversation", requests[-1])
    within = [each for each in requests if each.seq > began.seq and (over is None or each.seq < over.seq)]
    never = f"the model of {expected.agent} was not asked in turn {expected.turn}"
    return within or Finding.not_tested(never, over or agents.run.end)


def _turn(view: RunView, expected: Told) -> tuple[Record | None, Record | None]:
    """What the user typed to begin the turn, and the next."""
    conversation = expected.agent if expected.agent in view.conversations() else MAIN
    typed = [each for each in view.of(User) if each.session == conversation and each.text not in _TYPED_BY_US]
    number = expected.turn or 1
    began = typed[number - 1] if len(typed) >= number else None
    return began, typed[number] if len(typed) > number else None


def _where(expected: Told) -> str:
    if expected.session is not None:
        return f" in session {expected.session}"
    return f" in turn {expected.turn}" if expected.turn is not None else ""


def _shown(received: Received, expected: Told) -> str:
    line = next((each for each in received.text.splitlines() if expected.wording.stand_in(each)), received.text)
    return f"{received}: {line.strip()[:_SHOWN]!r}"
