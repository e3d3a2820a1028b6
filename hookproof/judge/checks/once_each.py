"""CTX-15: how often each thread is told what it is to be told, over clears and resumes. Pure functions of the view."""

from __future__ import annotations

from dataclasses import dataclass

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView
from hookproof.judge.checks.context import found_at
from hookproof.judge.checks.registry import context_check
from hookproof.judge.run_view import Received
from hookproof.judge.verdict import Finding, Missed
from hookproof.records.model import ModelRequest


@context_check("CTX-15")
def received_once_each(view: AgentView) -> Finding:
    """Whether each thread of main is told the policy once, and each child its template once.

    Once again where the host has gone on after a resume without what hooks had told: there it is to be told anew.
    """
    if not view.queried(MAIN):
        return Finding(None, "main's model was never asked", agent=MAIN)
    if view.excluded is not None:
        return Finding.not_tested(
            "a session was summed up or forked: what is to be told then the issue does not say", view.excluded
        )
    view.thread(MAIN)  # without it nobody can tell
    told = [each for number, thread in enumerate(view.threads(MAIN)) for each in _spans(view, thread, number)]
    for agent in view.with_role("known", "other"):
        if not view.queried(agent.name):
            return Finding(None, f"{agent.name}: its model was never asked", agent=agent.name)
        texts = view.leaked(agent.name, view.says[agent.role])
        for number, thread in enumerate(view.threads(agent.name)):
            name = agent.name if number == 0 else f"{agent.name}, thread {number + 1}"
            own = [each for each in texts if each.request.thread == thread]
            first = view.first_request(agent.name, thread)
            told.append(_Span(name, own, first, Missed(agent.name, tuple(view.says[agent.role]), thread)))
    shown = "told: " + ", ".join(f"{each.name} {len(each.texts)} times" for each in told)
    wrong = next((each for each in told if len(each.texts) != 1), None)
    if wrong is None:
        return Finding("once each", shown)
    if wrong.texts:
        # of several the second is the one too many
        return found_at("not once each", shown, wrong.texts[1], wrong.due.agent)
    return Finding("not once each", shown, wrong.began, wrong.due.agent, context=wrong.due)


@dataclass(frozen=True, slots=True)
class _Span:
    """What an agent was told from one moment on, up to when its host begins anew with what it keeps."""

    name: str
    texts: list[Received]
    began: ModelRequest | None
    """Its first request."""
    due: Missed
    """What the agent was to be told, and would have missed."""


def _spans(view: AgentView, thread: str, number: int) -> list[_Span]:
    """A thread of main's, parted where its host went on after a resume without the policy that had been told."""
    lines, name = view.says["policy"], MAIN if number == 0 else f"{MAIN}, thread {number + 1}"
    begins = [(0, name, view.first_request(MAIN, thread))]
    for request in view.requests(MAIN):
        forgotten = "\n".join(request.forgotten or [])
        if request.thread == thread and any(line in forgotten for line in lines):
            begins.append((request.seq, f"{name}, resumed without it", request))
    ends = [*(seq for seq, _, _ in begins[1:]), None]
    texts = [each for each in view.leaked(MAIN, lines) if each.request.thread == thread]
    return [
        _Span(
            each,
            [one for one in texts if seq <= one.request.seq and (end is None or one.request.seq < end)],
            at,
            Missed(MAIN, tuple(lines), thread, _before(view, thread, seq)),
        )
        for (seq, each, at), end in zip(begins, ends, strict=True)
    ]


def _before(view: AgentView, thread: str, seq: int) -> int:
    """The last request of a thread before a record; 0 where that is its first."""
    return max((each.seq for each in view.requests(MAIN) if each.thread == thread and each.seq < seq), default=0)
