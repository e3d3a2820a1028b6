"""From literal journals to lanes, bars, arrows and marks: the picture apart from its drawing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_reports import a_check
from timelines import (
    AGENT,
    CENSUS,
    CODEX,
    HOOK,
    HOST,
    JOB,
    LOST,
    NOTHING,
    OVER,
    PATTERN_C,
    SERVER,
    SUB,
    WORKER,
    answer,
    died,
    hook,
    journal,
    request,
    shell,
    subagent,
)

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.records import Record
from hookproof.records.faults import WorkerKilled
from hookproof.records.hosts import HostLine
from hookproof.records.jobs import Cancel, SnapshotTaken
from hookproof.records.model import ModelRequest
from hookproof.records.parts import StateRoot
from hookproof.records.run import Case
from hookproof.records.sent import CodexSignal, HookEnded, SubagentEnded, ThreadStarted
from hookproof.report.timeline.build import build
from hookproof.report.timeline.model import Arrow, Bar, Timeline

SUBAGENT = f"agent:{AGENT}"
LOOKED = next(record.seq for record in PATTERN_C if isinstance(record, SnapshotTaken))


def lanes(picture: Timeline) -> list[str]:
    return [lane.title for lane in picture.lanes]


def signals(picture: Timeline) -> list[Arrow]:
    return [arrow for arrow in picture.arrows if arrow.kind == "signal"]


def bar(picture: Timeline, lane: str, kind: str | None = None) -> Bar:
    return next(each for each in picture.bars if each.lane == lane and kind in {None, each.kind})


def said(picture: Timeline, part: str) -> int:
    """The row whose sentence has `part`."""
    return next(number for number, row in enumerate(picture.rows) if part in row.text)


def test_every_process_and_agent_of_pattern_c_has_a_lane() -> None:
    picture = build(PATTERN_C)
    assert lanes(picture) == [
        "Model",
        "Main session",
        "codex-rescue",
        "Hooks",
        "Shells",
        "Worker",
        "Server",
        "Codex",
        "hookproof",
    ]


def test_the_hook_that_can_have_killed_the_worker_is_named_and_called_inferred() -> None:
    picture = build(PATTERN_C)
    first, second = signals(picture)
    assert (first.start, first.end, first.label, first.certain) == ("hooks", "job:review", "SIGTERM", False)
    assert second.end == f"server:{SERVER}"
    killer = next(each for each in picture.bars if each.kind == "hook" and each.first < first.row <= (each.last or 0))
    assert (killer.label, killer.owner) == ("SessionEnd", SUBAGENT)
    assert "SessionEnd hook (inferred)" in picture.rows[first.row].text
    assert "own session" in picture.rows[killer.first].text


def test_the_sender_that_the_kernel_named_is_certain() -> None:
    told: Record = CodexSignal(by=CODEX, signal=15, name="SIGTERM", sender_pid=HOOK)
    picture = build(journal(*shell(*JOB), *hook("SessionEnd", "h1", told, *LOST, died(CODEX, 15)), *OVER))
    assert [(each.start, each.end, each.certain) for each in signals(picture)] == [
        ("hooks", f"client:{CODEX}", True)
    ] * 2
    assert "(observed)" in picture.rows[signals(picture)[0].row].text


def test_two_hooks_that_can_have_done_it_are_not_blamed() -> None:
    inner = hook("SessionEnd", "h2", *LOST, died(WORKER, 15), session=SUB)
    picture = build(journal(*shell(*JOB), *hook("SessionEnd", "h1", *inner), *OVER))
    assert signals(picture) == []


def test_the_host_that_ended_the_shell_is_blamed_for_what_ran_in_it() -> None:
    inside = [*JOB, died(CODEX, 9), *LOST, died(WORKER, 9)]
    records = journal(*subagent(*shell(*inside, ended_by="host at subagent end", signal=9)), *OVER)
    picture = build(records)
    assert {(each.start, each.certain) for each in signals(picture)} == {
        ("session:main", False),
        ("session:main", True),
    }
    assert picture.rows[said(picture, "the host ends the shell")].text.endswith("at subagent end")


def test_lives_last_from_birth_to_death() -> None:
    picture = build(PATTERN_C)
    agent, codex = bar(picture, SUBAGENT), bar(picture, f"client:{CODEX}", "process")
    assert agent.first == said(picture, "codex-rescue starts")
    assert agent.last == said(picture, "codex-rescue returns")
    assert codex.last is None, "nobody saw it end"
    held = bar(picture, f"client:{CODEX}", "held")
    assert (held.first, held.last) == (said(picture, "is at work:"), said(picture, "at work no longer"))


def test_a_birth_that_nobody_recorded_is_known_from_where_it_was_seen() -> None:
    worker = bar(picture := build(PATTERN_C), "job:review")
    assert worker.first == said(picture, "starts a background shell")
    assert worker.known_from == said(picture, "the worker of job review is")


def test_a_hook_in_which_nothing_happens_is_one_row() -> None:
    picture = build(journal(*hook("Stop", "h1"), *OVER))
    stop = next(each for each in picture.bars if each.label == "Stop")
    assert stop.first == stop.last
    assert picture.rows[stop.first].text == "Stop hook runs in main session: says nothing (10 ms)"
    assert [detail.name for detail in picture.rows[stop.first].details][:2] == ["command", "stdin (payload)"]


def test_a_request_and_its_answer_are_one_row() -> None:
    picture = build(journal(request(1, "main", "Hello"), answer(1, text="Hi."), *OVER))
    row = picture.rows[said(picture, "asks the model (1)")]
    assert row.text == "main session asks the model (1); it says “Hi.”"
    assert [detail.text for detail in row.details] == ["Hello"]


CONTEXT = '{"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "You are main."}}'


def test_context_is_marked_where_it_reached_a_model() -> None:
    told = [*hook("SessionStart", "h1", stdout=CONTEXT), request(1, "main", "<r>You are main.</r>")]
    picture = build(journal(*told, *OVER))
    assert [mark.lane for mark in picture.marks if mark.kind == "told"] == ["session:main"]
    assert "which reaches main session" in picture.rows[said(picture, "SessionStart hook")].text


def test_context_that_reached_no_model_is_said_to() -> None:
    picture = build(journal(*hook("SessionStart", "h1", stdout=CONTEXT), request(1, "main", "Hello"), *OVER))
    assert "which reaches no model" in picture.rows[said(picture, "SessionStart hook")].text


def test_a_notification_is_marked_where_it_reached_a_model() -> None:
    picture = build(journal(request(1, "main", "<task-notification>t</task-notification>"), *OVER))
    assert [mark.lane for mark in picture.marks if mark.kind == "notified"] == ["session:main"]


def test_threads_of_codex_are_agents() -> None:
    main = ThreadStarted(by=HOST, thread_id="m", parent_thread_id=None, marker="main")
    child = ThreadStarted(by=HOST, thread_id="c", parent_thread_id="m", marker="child", agent_role="planner")
    over: Record = SubagentEnded(by=HOST, agent_id="c", agent_type="planner", agent="child")
    asks = request(1, "child", "x", thread="c", parent="m")
    picture = build(journal(main, child, asks, over, *OVER, host="codex"))
    assert lanes(picture) == ["Model", "Main session", "child", "hookproof"]
    assert [(each.start, each.end) for each in picture.arrows] == [
        ("session:main", "agent:c"),
        ("agent:c", "model"),
        ("agent:c", "session:main"),
    ]


def test_an_agent_of_which_only_the_requests_are_known_has_a_lane() -> None:
    asks = [request(1, thread="m", parent=None), request(2, "child", thread="c", parent="m", subagent="spawn")]
    assert "child" in lanes(build(journal(*asks, *OVER, host="codex")))


@pytest.mark.parametrize(
    ("id_", "where"),
    [
        ("JOB-03", "the worker (pid 300) is"),
        ("JOB-04", "status: not listed anywhere"),
        ("JOB-16", "status: not listed anywhere"),
    ],
)
def test_a_requirement_is_broken_at_its_moment(id_: str, where: str) -> None:
    case = PATTERN_C[0]
    assert isinstance(case, Case)
    judged = judge([replace(case, requires=[id_]), *PATTERN_C[1:]], read_requirements()).checks
    picture = build(PATTERN_C, judged)
    broken = next(number for number, row in enumerate(picture.rows) if row.tone == "broken")
    text = f"✖ {id_} is broken here: {judged[0].seen}"
    assert (picture.rows[broken].anchor, picture.rows[broken].text) == (id_, text)
    assert where in picture.rows[broken - 1].text


def test_a_requirement_on_context_is_broken_at_its_moment() -> None:
    told = [*hook("SessionStart", "h1", thread_id="c", session="c"), request(2, "child", "x", thread="c", parent="m")]
    records = journal(request(1, thread="m", parent=None), *told, *OVER, host="codex")
    for kind, where in ((ModelRequest, "asks the model (2)"), (HookEnded, "SessionStart hook runs")):
        last = [record for record in records if isinstance(record, kind)][-1]
        picture = build(records, [a_check("CTX-09", "violates", at=last.seq)])
        broken = next(number for number, row in enumerate(picture.rows) if row.tone == "broken")
        assert where in picture.rows[broken - 1].text


@pytest.mark.parametrize("at", [None, 10_000, len(PATTERN_C)])
def test_a_violation_of_which_no_record_is_drawn_stands_at_the_end(at: int | None) -> None:
    """One that an older version judged, one of another journal, one that shows after the sweep has begun."""
    rows = build(PATTERN_C, [a_check("JOB-03", "violates", at=at)]).rows
    assert [row.text.partition(":")[0] for row in rows[-2:]] == ["every session is over", "✖ JOB-03 is broken here"]


def test_what_conforms_breaks_nothing() -> None:
    assert all(row.tone != "broken" for row in build(PATTERN_C, [a_check("JOB-03")]).rows)


def test_a_picture_is_capped_and_says_what_came_later() -> None:
    picture = build(PATTERN_C, [a_check("JOB-04", "violates", at=LOOKED)], most=5)
    whole = build(PATTERN_C)
    assert len(picture.rows) == 5
    assert picture.left_out >= len(whole.rows) - 5
    assert picture.broken_later == ["JOB-04"]


def test_a_crowd_shares_a_lane() -> None:
    threads: list[Record] = [
        ThreadStarted(by=HOST, thread_id=f"c{n}", parent_thread_id="m", marker=f"child{n}") for n in range(40)
    ]
    picture = build(journal(*threads, *OVER, host="codex"))
    assert lanes(picture)[1:] == [*(f"child{n}" for n in range(7)), "33 more agents", "hookproof"]
    assert {each.lane for each in picture.bars} <= {lane.key for lane in picture.lanes}


def test_the_hosts_own_output_is_hidden_but_counted() -> None:
    line: Record = HostLine(session="main", line_type="system")
    assert build(journal(line, line, CENSUS)).hidden == 3  # with the header


def test_what_status_says_differs_by_place() -> None:
    row = {"id": "task-1", "status": "running"}
    listed = replace(NOTHING, answer={"running": [row], "latestFinished": None, "recent": []})
    state = StateRoot(root="s", rows=[row], job_files=[], server=None, error=None)
    look = SnapshotTaken(n=1, step=1, places={"main": NOTHING, "launcher": listed}, processes=[], state=[state])
    picture = build(journal(*shell(*JOB), look, *OVER))
    expected = "status: not listed in main session; “running” in launcher’s shell; state file: “running”"
    assert picture.rows[said(picture, "status:")].text == expected


def test_what_the_scenario_has_done_to_a_job_is_shown_as_the_harnesss_own_doing() -> None:
    fault: Record = WorkerKilled(job="review", pids=[10])
    cancel: Record = Cancel(job="review", id="task-1", exit=0, text="done", tree=[], left=[10], asleep=False)
    picture = build(journal(*shell(*JOB), fault, cancel, *OVER))
    ended = picture.rows[said(picture, "hookproof, as the scenario has it (job review): worker ended")]
    assert '"pids"' in ended.details[0].text
    assert picture.rows[said(picture, "job review is cancelled: exit code 0, 1 of its processes live on")].tone == "bad"


def test_an_empty_journal_is_an_empty_picture() -> None:
    assert build([]).rows == []
