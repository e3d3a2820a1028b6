"""Which thread of Claude Code a request is of: by what the request says, and by what the host tells of its agents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.model_step import Agent, AnyStep, Say
from hookproof.journal import Journal
from hookproof.model.script import Script
from hookproof.model.sessions import Origin, SessionThread, SessionThreads
from hookproof.records.hosts import HostLine
from hookproof.records.sent import SubagentEnded, SubagentStarted

ROOT, FIRST, SECOND = "session-1", "a1", "a2"


def agent(name: str | None = None, kind: str = "Explore") -> Agent:
    return Agent.model_validate({"call": "Agent", "subagent_type": kind, "name": name, "prompt": "Search."})


def started(agent_id: str, kind: str = "Explore", session: str = ROOT, call: str | None = None) -> SubagentStarted:
    return SubagentStarted(session_id=session, agent_id=agent_id, agent_type=kind, tool_use_id=call)


def task(agent_id: str, call: str) -> HostLine:
    """How Claude Code's own stream tells it, on 2.1.91 and 2.1.329."""
    return HostLine(
        session="main",
        line_type="system",
        line_subtype="task_started",
        line_task_id=agent_id,
        line_tool_use_id=call,
    )


class Told:
    """A run in which main has made some calls; what its host has told so far is in the journal."""

    def __init__(self, tmp_path: Path, *calls: Agent) -> None:
        self.journal = Journal(tmp_path / "journal.jsonl")
        names = {each.name or each.subagent_type for each in calls}
        scripts: dict[str, list[AnyStep]] = {name: [Say(text="Here.")] for name in names}
        script = Script({"main": list(calls), **scripts}, {})
        self.calls = [answer.call.id for _ in calls if (answer := script.next("main", "")) and answer.call]
        self.threads = SessionThreads(script, self.journal)

    def of(self, marked: str | None, *, begins: bool = True, **origin: str) -> SessionThread:
        said = {"session": ROOT, "agent": None, "parent": None, **origin}
        return self.threads.thread(Origin(**said), marked, begins=begins)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"x-claude-code-session-id": ROOT}, {}, Origin(ROOT, None, None)),
        ({}, {"metadata": {"user_id": json.dumps({"session_id": ROOT})}}, Origin(ROOT, None, None)),
        (
            {},
            {"metadata": {"user_id": "user_0_account__session_662fc04d-ca32-4ae8-a59a-3e4b814ab7c4"}},
            Origin("662fc04d-ca32-4ae8-a59a-3e4b814ab7c4", None, None),
        ),
        (
            {
                "x-claude-code-session-id": ROOT,
                "x-claude-code-agent-id": SECOND,
                "x-claude-code-parent-agent-id": FIRST,
            },
            {},
            Origin(ROOT, SECOND, FIRST),
        ),
        ({}, {}, Origin(None, None, None)),
        ({}, {"metadata": {"user_id": "nobody"}}, Origin(None, None, None)),
        ({}, {"metadata": {"user_id": "[1]"}}, Origin(None, None, None)),
        ({}, {"metadata": [1]}, Origin(None, None, None)),
        ({"x-claude-code-session-id": ""}, [], Origin(None, None, None)),
    ],
)
def test_a_request_says_whose_session_and_agent_it_is(headers: dict[str, str], body: Any, expected: Origin) -> None:
    assert Origin.of(headers, body) == expected


def test_the_main_agent_is_its_session(tmp_path: Path) -> None:
    told = Told(tmp_path, agent())
    assert told.of("main") == SessionThread(ROOT, None, None)
    assert told.of("main", session="after-a-clear") == SessionThread("after-a-clear", None, None)
    assert told.of(None) == SessionThread(None, None, None)


def test_an_agent_that_its_requests_name_needs_nothing_else(tmp_path: Path) -> None:
    told = Told(tmp_path, agent("search"))
    assert told.of("search", agent=FIRST) == SessionThread(FIRST, ROOT, "Explore")
    assert told.of("inner", agent=SECOND, parent=FIRST) == SessionThread(SECOND, FIRST, None)


@pytest.mark.parametrize("tell", [started(FIRST, call="toolu_0001"), task(FIRST, "toolu_0001"), started(FIRST)])
def test_an_agent_that_its_requests_do_not_name_is_found_by_its_call(tmp_path: Path, tell: Any) -> None:
    told = Told(tmp_path, agent("search"))
    assert told.calls == ["toolu_0001"]
    told.journal.write(tell)
    for begins in (True, False, False):
        assert told.of("search", begins=begins) == SessionThread(FIRST, ROOT, "Explore")


def test_of_two_agents_of_a_type_the_calls_tell_which_is_which_whatever_their_order(tmp_path: Path) -> None:
    told = Told(tmp_path, agent("one"), agent("two"))
    for record in (started(SECOND), started(FIRST), task(SECOND, told.calls[1]), task(FIRST, told.calls[0])):
        told.journal.write(record)
    assert (told.of("two").id, told.of("one").id) == (SECOND, FIRST)


def test_of_two_agents_of_a_type_with_nothing_else_nobody_can_tell(tmp_path: Path) -> None:
    told = Told(tmp_path, agent("one"), agent("two"))
    told.journal.write(started(FIRST))
    told.journal.write(started(SECOND))
    assert (told.of("one").id, told.of("two").id) == (None, None)
    assert told.of("one").parent == ROOT


def test_one_after_the_other_they_are_told_apart_by_their_order(tmp_path: Path) -> None:
    told = Told(tmp_path, agent("one"), agent("two"))
    told.journal.write(started(FIRST))
    assert told.of("one").id == FIRST
    told.journal.write(started(SECOND))
    assert (told.of("two").id, told.of("one", begins=False).id) == (SECOND, FIRST)


def test_another_session_or_type_is_nobody_of_ours(tmp_path: Path) -> None:
    told = Told(tmp_path, agent("search"))
    told.journal.write(started(FIRST, session="another"))
    told.journal.write(started(SECOND, kind="general-purpose"))
    assert told.of("search").id is None


def test_of_two_that_were_started_under_one_name_before_either_asked_nobody_can_tell(tmp_path: Path) -> None:
    again = Told(tmp_path, agent(), agent())
    again.journal.write(task(FIRST, again.calls[0]))
    assert again.of("Explore").id is None


def test_a_second_start_after_the_first_has_ended_is_told_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    script = Script({"main": [agent(), agent()], "Explore": [Say(text="Here.")]}, {})
    threads, origin = SessionThreads(script, journal), Origin(ROOT, None, None)
    for own in (FIRST, SECOND):
        answer = script.next("main", "")
        assert answer is not None
        assert answer.call is not None
        journal.write(task(own, answer.call.id))
        assert threads.thread(origin, "Explore", begins=True).id == own
        assert threads.thread(origin, "Explore", begins=False).id == own
        journal.write(SubagentEnded(agent_id=own, agent_type="Explore"))
