"""Each facet: what two runs say alike, though their ids and paths differ, and what they say differently."""

from __future__ import annotations

from dataclasses import replace

import pytest
from calibrated_runs import (
    HELPER,
    HOST,
    ROOT,
    RUN,
    SWEPT,
    answered,
    died,
    facets,
    gone,
    hook,
    line,
    prompt,
    signalled,
    told,
    used,
    waits,
)

from hookproof.calibration.compare import compare
from hookproof.calibration.facets import FACETS, Facets
from hookproof.records import Record
from hookproof.records.run import Error

OTHER = "22222222-2222-4222-8222-222222222222"
TASK = "<task-notification>\n<task-id>b01234567</task-id>\n<status>{}</status>\n</task-notification>"


def differing(one: Facets, other: Facets) -> set[str]:
    """The facets in which two runs differ."""
    return {difference.facet for difference in compare("s", [one], [other]).differences}


PAIRS: dict[str, tuple[list[Record], list[Record]]] = {
    "events": ([hook("Stop")], [hook("Stop"), hook("Stop")]),
    "order": ([hook("Stop"), told(prompt())], [told(prompt()), hook("Stop")]),
    "payload keys": ([hook("Stop", tasks=[])], [hook("Stop", tasks={})]),
    "payload values": ([hook("SubagentStart", mode="a")], [hook("SubagentStart", mode="b")]),
    "identity": (
        [hook("PreToolUse", agent=HELPER)],
        [hook("PreToolUse", agent=HELPER, cwd=f"{RUN}/elsewhere")],
    ),
    "hook environment": ([hook("Stop")], [hook("Stop", env=("CLAUDE_PID",))]),
    "hook processes": ([hook("Stop")], [hook("Stop", own=True)]),
    "shell environment": (
        [told(prompt(), results=("PROBE-NAMES A B\n",))],
        [told(prompt(), results=("PROBE-NAMES A B C\n",))],
    ),
    "context": (
        [told(("user", "<system-reminder>\nStop: PROBE Stop\n</system-reminder>"), prompt())],
        [told(("system", "Stop: PROBE Stop"), prompt())],
    ),
    "notifications": (
        [told(prompt(), ("user", TASK.format("completed")))],
        [told(prompt(), ("user", TASK.format("stopped")))],
    ),
    "files": (
        [used("Read"), told(prompt(), results=("one",))],
        [used("Read"), told(prompt(), results=("two",))],
    ),
    "deaths": ([waits(), signalled("SIGTERM"), died()], [waits(), died()]),
    "stream": ([line("system", "task_started")], [line("system", "task_updated")]),
    "exit": ([gone()], [gone(None, 9)]),
}


@pytest.mark.parametrize("facet", FACETS)
def test_a_facet_differs_alone_and_agrees_with_itself(facet: str) -> None:
    one, other = (facets(*records) for records in PAIRS[facet])
    assert differing(one, other) == {facet}
    assert differing(one, facets(*PAIRS[facet][0])) == set()
    assert differing(other, facets(*PAIRS[facet][1])) == set()


def test_what_went_wrong_in_a_run_is_known() -> None:
    assert facets(Error(where="play", what="waited 30 s for Godot")).failed == ("play: waited 30 s for Godot",)


def test_how_long_a_hook_took_is_no_difference() -> None:
    slow = facets(line("system", "hook_progress"), line("system", "hook_progress"), line("system", "init"))
    assert differing(slow, facets(line("system", "init"))) == set()


@pytest.mark.parametrize("text", ['{"agent_id":"x","nickname":"%s"}', r'{"out":"{\"agent_nickname\": \"%s\"}"}'])
def test_a_name_that_is_drawn_at_random_does_not_count(text: str) -> None:
    one, other = (facets(hook("PostToolUse", answer=text % name)) for name in ("Helmholtz", "De Morgan"))
    assert differing(one, other) == set()
    assert "<nickname>" in one.tables["payload values"]["main PostToolUse: answer"][0]


def test_ids_and_directories_do_not_count() -> None:
    here = facets(hook("Stop"), told(prompt(), ("user", TASK.format("completed"))))
    started = hook("Stop")
    payload = {
        key: str(value).replace(ROOT, OTHER).replace("abcd1234", "zy9A0xwv") for key, value in started.payload.items()
    }
    there = facets(
        replace(started, session_id=OTHER, payload=payload),
        told(prompt(), ("user", TASK.format("completed").replace("b01234567", "bzzzzzzzz"))),
        root=OTHER,
    )
    assert differing(here, there) == set()
    assert here.tables["identity"]["main Stop: transcript_path"] == ["$HOME/.claude/projects/$SLUG/<main>.jsonl"]


def test_a_stand_ins_own_records_of_hooks_do_not_count() -> None:
    run = facets(replace(hook("Stop"), by=HOST), replace(hook("Stop"), thread_id="t"), hook("Stop"))
    assert run.tables["events"] == {"main Stop": 1}


def test_an_agents_hook_is_the_agents_whatever_session_it_carries() -> None:
    own = hook("PreToolUse", agent=HELPER, tool_name="Bash")
    own = replace(own, session_id=OTHER, payload={**own.payload, "session_id": OTHER})
    end = hook("SessionEnd", reason="other")
    there = {"session_id": OTHER, "transcript_path": f"{RUN}/home/{OTHER}.jsonl"}
    end = replace(end, session_id=OTHER, payload={**end.payload, **there})
    run = facets(hook("SubagentStart", agent=HELPER), own, end)
    assert run.tables["events"] == {
        "helper SubagentStart": 1,
        "helper PreToolUse(Bash)": 1,
        "helper SessionEnd(other)": 1,
    }
    assert run.tables["identity"]["helper PreToolUse(Bash): session_id"] == ["<helper's session>"]


def test_a_key_that_comes_and_goes_says_so() -> None:
    run = facets(hook("Stop", effort="low"), hook("Stop"), hook("Stop", tool_response={"stdout": ""}))
    keys = run.tables["payload keys"]["main Stop"]
    assert "effort: string (not always)" in keys
    assert "tool_response.stdout: string (not always)" in keys
    assert "session_id: string" in keys


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([waits(), answered(), died()], "ends by itself"),
        ([waits(), signalled("SIGTERM"), died()], "SIGTERM from the host"),
        ([waits(), signalled("SIGHUP", 77), died()], "SIGHUP from another process"),
        ([waits(), died()], "SIGKILL, or another signal that cannot be caught"),
        ([waits(), SWEPT, died()], "outlives every session"),
    ],
)
def test_what_became_of_a_command(records: list[Record], said: str) -> None:
    assert facets(*records).tables["deaths"] == {"work": said}


def test_what_the_sweep_does_is_nobodys_order() -> None:
    assert facets(waits(), hook("Stop"), SWEPT, died()).order == ("main Stop",)


@pytest.mark.parametrize(
    ("texts", "placed"),
    [
        ((("user", "say PROBE Stop"), prompt()), "user, before the prompt: say [PROBE]"),
        ((prompt(), ("system", "long ago\n\nsay PROBE Stop\n\nmore")), "system, after the prompt: say [PROBE]"),
        (
            (("user", "PROBE Stop and [hookproof:agent=main]"),),
            "user, in the prompt: [PROBE] and [hookproof:agent=main]",
        ),
        ((("developer", "PROBE Stop\n"),), "developer, without a new prompt: [PROBE]"),
    ],
)
def test_where_a_context_stands(texts: tuple[tuple[str, str], ...], placed: str) -> None:
    assert facets(told(*texts)).tables["context"] == {"PROBE Stop in request 1 of main": [placed]}


def test_the_words_around_a_notification_are_a_place_of_their_own() -> None:
    run = facets(told(("user", f"Beware.\n{TASK.format('completed')}")))
    assert run.tables["notifications"]["main, the words around it"] == ["Beware.\n[NOTIFICATION]"]
    assert "Beware" not in run.tables["notifications"]["main"][0]
