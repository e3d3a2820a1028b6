"""The checks that take a whole conversation with any plugin's hooks, on literal journals that fit and that do not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from run_records import census, journal, process, told

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.checks import CHECKS
from hookproof.judge.judge import judge
from hookproof.judge.verdict import CheckResult
from hookproof.records import Record
from hookproof.records.hosts import HooksDeclared, HostPrepared
from hookproof.records.model import ModelLoop
from hookproof.records.parts import DeclaredHook, Effects, Hook, SessionEndBudget
from hookproof.records.run import Case, Placed
from hookproof.records.sent import HookEnded, HookEndedBy, HooksDropped, HookStarted

REQUIREMENTS = read_requirements()
PLAIN, SPACED = "/tmp/hp-1/plain", "/tmp/hp-1/beside/other/one ø two"
LINE = "Welcome back."
RULE = "House rule: every answer names its source."
TELLS = Effects(output="taken", context=RULE)
BLOCKS = Effects(output="taken", decision="block", reason="once more")
TAKEN = Effects(output="taken")
_RUNS = iter(range(10_000))


def hook(
    event: str = "SessionStart",
    *,
    at: str = PLAIN,
    out: str = "",
    err: str = "",
    exit_: int | None = 0,
    by: HookEndedBy = "itself",
    effects: Effects | None = TAKEN,
    agent: str | None = None,
    **more: Any,
) -> list[Record]:
    run = f"run-{next(_RUNS)}"
    who: dict[str, Any] = {"run": run, "event": event, "session_id": "s", "agent_id": agent}
    begun: dict[str, Any] = {"agent_type": None, "plugin": None, "pid": 1, "pgid": 1, "payload": {}, "env": {}}
    return [
        HookStarted(**who, command="hook.sh", cwd=f"{at}/project", source="claude", **begun),
        HookEnded(**who, exit=exit_, signal=None, stdout=out, stderr=err, ended_by=by, effects=effects, **more),
    ]


def context(text: str) -> str:
    return json.dumps({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}})


def declares(*hooks: tuple[str, str | None], host: str = "claude", **more: Any) -> Record:
    each = [DeclaredHook(event=event, matcher=matcher, command="hook.sh") for event, matcher in hooks]
    known = {"known_events": ["SessionStart", "Stop"], "measured": True}
    return HooksDeclared(host=host, hooks=each, **{**known, **more})


def loop() -> Record:
    return ModelLoop(agent="main", requests=12, event="Stop", command="hook.sh", run="x")


PLACES: list[Record] = [
    Placed(session="main", folder=PLAIN, plain=True, installed=False),
    Placed(session="other", folder=SPACED, plain=False, installed=False),
]
INSTALLED: list[Record] = [PLACES[0], Placed(session="other", folder="/tmp/hp-1/x/plain", plain=True, installed=True)]
CANNOT = "python3: can't open file '/tmp/hp-1/beside/other/one': [Errno 2] No such file or directory"
DROPPED = HooksDropped(plugin="p", events=["StopFailure"], release="claude-2.1.91")
UNSEEN = HooksDropped(plugin=None, events=["Stop"], release="2.1.80", inferred="no hook ran")
LISTED = HostPrepared(plugin="p", hooks=[Hook(key="k", event="sessionStart", command="hook.sh")], host="claude")
SESSION_END = {"claude": SessionEndBudget(ms=1500, undeclared_ms=1500)}

RUNS: list[tuple[str, list[Record], str, str]] = [
    ("HOOK-03", [census()], "nothing left", "conforms"),
    ("HOOK-03", [census(77)], "left behind", "violates"),
    ("HOOK-03", [loop(), census(77)], "not tested", "not tested"),
    ("HOOK-03", [], "no evidence", "unknown"),
    ("HOOK-04", hook("SessionEnd"), "returns in budget", "conforms"),
    ("HOOK-04", hook("SessionEnd", exit_=None, by="budget", effects=None, limit=1.5), "ended by the host", "violates"),
    ("HOOK-04", hook("Stop"), "not tested", "not tested"),
    ("HOOK-05", [*PLACES, *hook(), *hook(at=SPACED)], "as elsewhere", "conforms"),
    ("HOOK-05", [*INSTALLED, *hook(), *hook(at="/tmp/hp-1/x/plain")], "as elsewhere", "conforms"),
    ("HOOK-05", [*PLACES, *hook(), *hook(at=SPACED, exit_=2, err=CANNOT)], "fails there", "violates"),
    ("HOOK-05", [*PLACES, *hook(), *hook(at=SPACED, exit_=127, err="sh: one: not found")], "fails there", "violates"),
    # what fails in both places is no fault of the place
    ("HOOK-05", [*PLACES, *hook(exit_=1), *hook(at=SPACED, exit_=1)], "not tested", "not tested"),
    ("HOOK-05", [*PLACES, *hook()], "not tested", "not tested"),
    ("HOOK-05", [*PLACES, *hook(effects=TELLS), *hook(at=SPACED)], "says something else there", "violates"),
    # hookify: exit 0 and a complaint
    (
        "HOOK-05",
        [*PLACES, *hook(), *hook(at=SPACED, effects=Effects(output="taken", message="No module named 'hookify'"))],
        "says something else there",
        "violates",
    ),
    # a hook that blocks once and lets go, a different number of times
    (
        "HOOK-05",
        [*PLACES, *hook("Stop", effects=BLOCKS), *hook("Stop"), *hook("Stop", at=SPACED, effects=BLOCKS)],
        "as elsewhere",
        "conforms",
    ),
    ("HOOK-05", [PLACES[0], *hook()], "no evidence", "unknown"),
    ("HOOK-07", [*hook("Stop"), *hook("Stop")], "never blocked", "conforms"),
    ("HOOK-07", [*hook("Stop", effects=BLOCKS), *hook("Stop")], "lets go", "conforms"),
    ("HOOK-07", [*hook("Stop", effects=BLOCKS), *hook("Stop", effects=BLOCKS)], "does not let go", "violates"),
    ("HOOK-07", [*hook("Stop", effects=BLOCKS), loop()], "does not let go", "violates"),
    ("HOOK-07", [*hook("SubagentStop", effects=BLOCKS, agent="a")], "does not let go", "violates"),
    # a real host, which does not say what it made of it
    ("HOOK-07", hook("Stop", exit_=2, effects=None), "does not let go", "violates"),
    ("HOOK-07", hook("Stop", out='{"decision": "block"}', effects=None), "does not let go", "violates"),
    ("HOOK-07", hook("Stop", out='{"decision": "approve"}', effects=None), "never blocked", "conforms"),
    ("HOOK-07", hook(), "not tested", "not tested"),
    ("HOOK-08", hook(out=context(RULE)), "whole", "conforms"),
    ("HOOK-08", hook(), "nothing told", "conforms"),
    ("HOOK-08", hook(out=context("ø" * 5000)), "cut to size", "violates"),
    ("HOOK-16", [declares(("SessionStart", "startup|clear"), ("Stop", None))], "can fire", "conforms"),
    ("HOOK-16", [declares(("PreToolUse", "Wri(te"), known_events=["PreToolUse"])], "matches nothing", "violates"),
    ("HOOK-16", [declares(("SessionStart", "start"))], "matches nothing", "violates"),
    ("HOOK-16", [declares(("SessionStart", "^start"))], "can fire", "conforms"),
    ("HOOK-16", [declares(("SessionBegins", None))], "unknown event", "violates"),
    ("HOOK-16", [declares(("Stop", None)), DROPPED], "unknown event", "violates"),
    ("HOOK-16", [declares(("Stop", None)), UNSEEN], "unknown event", "violates"),
    (
        "HOOK-16",
        [declares(("SubagentStop", None), passed_over={"SubagentStop": "codex-0.169"})],
        "passed over",
        "conforms",
    ),
    # of a release that nobody has measured, only what it lists itself counts
    ("HOOK-16", [declares(("SessionBegins", None), measured=False)], "not tested", "not tested"),
    ("HOOK-16", [declares(("SessionBegins", None), measured=False), LISTED], "unknown event", "violates"),
    ("HOOK-16", [declares(("SessionStart", None), measured=False), LISTED], "can fire", "conforms"),
    ("HOOK-16", [declares()], "not tested", "not tested"),
    ("HOOK-16", [declares(unread="not JSON")], "no evidence", "unknown"),
    ("HOOK-16", [], "no evidence", "unknown"),
    ("HOOK-18", [*hook(out=context(RULE)), told("Hello.")], "as elsewhere", "conforms"),
    ("HOOK-18", hook(out=f"{LINE}\n{context(RULE)}"), "noise", "violates"),
    ("HOOK-18", [*hook(), told(f"{LINE} and more")], "noise", "violates"),
    ("HOOK-18", [told("Hello.")], "not tested", "not tested"),
]


def hooks_journal(name: str, records: list[Record], *, line: str | None = LINE) -> list[Record]:
    """The journal of a case of kind hooks that is about one requirement."""
    case, *others = journal(*records, requires=[name], jobs=())
    assert isinstance(case, Case)
    return [replace(case, about="hooks", profile_prints=line, session_end=SESSION_END), *others]


def checked(name: str, records: list[Record], *, line: str | None = LINE) -> CheckResult:
    whole = hooks_journal(name, records, line=line)
    return next(each for each in judge(whole, REQUIREMENTS).checks if each.id == name)


@pytest.mark.parametrize(("name", "records", "seen", "verdict"), RUNS)
def test_a_check_sees_what_came_of_it(name: str, records: list[Record], seen: str, verdict: str) -> None:
    found = checked(name, records)
    assert (found.seen, found.verdict) == (seen, verdict), found.detail


def test_every_outcome_that_conforms_is_accepted_and_seen() -> None:
    assert {name for name, *_ in RUNS} <= set(CHECKS)
    for name in {name for name, *_ in RUNS}:
        assert any(verdict == "violates" for about, _, _, verdict in RUNS if about == name)
        seen = {outcome for about, _, outcome, verdict in RUNS if about == name and verdict == "conforms"}
        assert seen == set(REQUIREMENTS[name].accepts)


def test_what_fails_in_a_place_is_told_in_the_words_of_the_shell() -> None:
    found = checked("HOOK-05", [*PLACES, *hook(), *hook(at=SPACED, exit_=2, err=f"a line\n{CANNOT}")])
    assert CANNOT in found.detail
    assert "in 'one ø two', a path with a space; in 'plain', a plain path it ran whole" in found.detail


def test_no_profile_that_prints_is_no_test_of_it() -> None:
    assert checked("HOOK-18", hook(), line=None).verdict == "not tested"


def test_it_shows_at_the_hook_that_shows_it() -> None:
    first, second = hook(), hook(at=SPACED, exit_=1)
    found = checked("HOOK-05", [*PLACES, *first, *second])
    # the case, the host, two places, two records a run
    assert found.at == 2 + len(PLACES) + len(first) + len(second)


@pytest.mark.parametrize(("about", "name"), [("hooks", "HOOK-03"), ("companion", "JOB-07"), ("context", "JOB-07")])
def test_what_is_left_is_asked_of_every_kind_by_one_requirement(about: str, name: str) -> None:
    whole = journal(replace(census(), processes=[process(77, "sleep", "600")]), jobs=(), requires=[])
    case = whole[0]
    assert isinstance(case, Case)
    whole[0] = replace(case, about=about)
    standing = {each.id: each for each in judge(whole, REQUIREMENTS).checks if each.standing}
    assert {"HOOK-03", "JOB-07"} & set(standing) == {name}
    assert standing[name].verdict == "violates"
