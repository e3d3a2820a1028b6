"""What stands in main's conversation at each moment, from one start of its session to the next. Asked by checks.

A stretch begins where a conversation does, and again where its host goes on with less than it had: after a compaction
with a summary, after a resume without what it has forgotten. Pure functions of the agent view.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView, document, emitted
from hookproof.judge.run_view import HookRun, Received
from hookproof.records.model import ModelRequest
from hookproof.records.parts import text_key

How = Literal["start", "clear", "compaction", "resume"]


@dataclass(slots=True)
class Stretch:
    """One stretch of main's conversation."""

    how: How
    """What it begins with."""
    thread: str
    began: ModelRequest
    """Its first request."""
    since: int
    """The record before which nothing that counts for it was told."""
    standing: list[Received] = field(default_factory=list)
    """What was told and stands in it, in the order in which it was told."""


def stretches(view: AgentView) -> list[Stretch]:
    """Every stretch of main's conversations, in their order. Raises NoEvidenceError."""
    view.threads(MAIN)  # without the thread of each request nobody can tell
    found: list[Stretch] = []
    latest: dict[str, Stretch] = {}
    summed_up: set[str] = set()
    last = 0
    for request in view.run.of(ModelRequest):
        thread = request.thread
        if request.agent != MAIN or thread is None:
            continue
        if request.aside:
            summed_up |= {thread} if request.compacts else set()
            continue
        before = latest.get(thread)
        if before is None:
            begins: How | None = "clear" if latest else "start"
        elif thread in summed_up:
            begins = "compaction"
        else:
            begins = "resume" if request.forgotten is not None else None
        if begins is not None:
            latest[thread] = Stretch(begins, thread, request, last)
            found.append(latest[thread])
            if begins == "resume" and before is not None:
                latest[thread].standing += _kept(before, request.forgotten or [])
        summed_up.discard(thread)
        latest[thread].standing += [
            Received(request, text) for text in request.texts if text.role != "assistant" and not text.inherited
        ]
        last = request.seq
    return found


def _kept(before: Stretch, forgotten: list[str]) -> list[Received]:
    lost = Counter(text_key("", text) for text in forgotten)
    kept = []
    for each in before.standing:
        key = text_key("", each.text)
        if lost[key]:
            lost[key] -= 1
        else:
            kept.append(each)
    return kept


def start_texts(view: AgentView) -> dict[str, list[str]]:
    """Thread of main's -> what the start hooks that ran for it had it told, in their order."""
    found: dict[str, list[str]] = {}
    for run in view.starts(MAIN):
        text = _said(run).strip()
        if text:
            found.setdefault(run.thread, []).append(text)
    return found


def _said(run: HookRun) -> str:
    """The context that a start hook asks for: what its document has, or its output as it stands where it is none."""
    printed = str(run.ended.stdout) if run.ended is not None else ""
    if document(run) is not None or printed.lstrip().startswith(("{", "[")):
        return emitted(run)
    return printed
