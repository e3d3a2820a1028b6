"""Every check of context on literal journals: what satisfies it, and a broken run that pins what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_records import (
    BUILDER,
    CHILD,
    MAIN,
    PLANNER,
    POLICY,
    asks,
    cleared,
    emits,
    goes_on,
    identity,
    journal,
    nameless,
    on_claude,
    recorded,
    resumed,
    start,
    thread,
)

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.checks import CHECKS
from hookproof.judge.judge import judge
from hookproof.judge.verdict import Verdict
from hookproof.records import Record
from hookproof.records.run import Case, Error
from hookproof.records.sent import HookStarted

REQUIREMENTS = {name: row for name, row in read_requirements().items() if name.startswith("CTX-")}
CONTEXT_CHECKS = {name for name in CHECKS if name.startswith("CTX-")}
KNOWN: dict[str, Any] = {CHILD: "known"}
MAIN_ASKS = asks(MAIN, "rules", POLICY, "hello")
TOLD = [MAIN_ASKS, *start(CHILD, emits(PLANNER)), asks(CHILD, "rules", PLANNER, "go", parent=MAIN)]
QUIET = [MAIN_ASKS, *start(CHILD), asks(CHILD, "rules", "go", parent=MAIN)]
LEAKED = [MAIN_ASKS, *start(CHILD, emits(POLICY)), asks(CHILD, "rules", POLICY, "go", parent=MAIN)]
RECORD = recorded(identity(CHILD))
NESTED: dict[str, Any] = {CHILD: "other", "grandchild": {"role": "known", "parent": CHILD}}
GRANDCHILD = [*QUIET, *start("grandchild", emits(PLANNER)), asks("grandchild", PLANNER, "go", parent=CHILD)]
FORKED: dict[str, Any] = {CHILD: {"role": "unknown", "forked": True}}
FORK = asks(CHILD, "go", parent=MAIN, inherited=("rules", POLICY))
ON_CLAUDE = start("claude-child", emits(PLANNER.replace("with codex", "with claude")), host="claude")

# (requirement, the agents, the run, what is seen, the verdict)
RUNS: list[tuple[str, dict[str, Any], list[Record], str, str]] = [
    ("CTX-01", {}, [MAIN_ASKS], "policy reaches main", "conforms"),
    ("CTX-01", {}, [asks(MAIN, "rules", "hello")], "no policy", "violates"),
    ("CTX-01", {}, [asks(MAIN, "POLICY one", "hello")], "no policy", "violates"),
    ("CTX-01", {}, [], "no evidence", "unknown"),
    ("CTX-02", KNOWN, TOLD, "block reaches the child", "conforms"),
    ("CTX-02", KNOWN, QUIET, "no block", "violates"),
    ("CTX-02", KNOWN, [asks(CHILD, PLANNER.replace("<resolver>", ""))], "incomplete block", "violates"),
    ("CTX-02", KNOWN, [*start(CHILD, emits(PLANNER)), asks(CHILD, "go")], "no block", "violates"),
    ("CTX-02", KNOWN, [asks(CHILD, inherited=(PLANNER,))], "no block", "violates"),
    ("CTX-02", KNOWN, [MAIN_ASKS], "no evidence", "unknown"),
    ("CTX-03", {CHILD: "unknown"}, [*QUIET, RECORD], "recorded, silent", "conforms"),
    ("CTX-03", {CHILD: "unknown"}, QUIET, "not recorded", "violates"),
    ("CTX-03", {CHILD: "unknown"}, [*QUIET, recorded({"id": thread(CHILD)})], "not recorded", "violates"),
    ("CTX-03", {CHILD: "unknown"}, [*TOLD, RECORD], "emitted", "violates"),
    ("CTX-19", {CHILD: "unknown"}, QUIET, "silent", "conforms"),
    ("CTX-19", {CHILD: "unknown"}, TOLD, "emitted", "violates"),
    ("CTX-19", {CHILD: "unknown"}, [*start(CHILD, exit_=1), asks(CHILD, "go")], "failed", "violates"),
    ("CTX-04", {CHILD: "unidentified"}, QUIET, "silent", "conforms"),
    ("CTX-04", {CHILD: "unidentified"}, LEAKED, "emitted", "violates"),
    ("CTX-04", {CHILD: "unidentified"}, [*QUIET, RECORD], "recorded", "violates"),
    ("CTX-05", {CHILD: "orphan"}, QUIET, "silent", "conforms"),
    ("CTX-05", {CHILD: "orphan"}, [*QUIET, RECORD], "recorded", "violates"),
    ("CTX-05", {CHILD: "orphan"}, TOLD, "emitted", "violates"),
    ("CTX-06", KNOWN, TOLD, "JSON or nothing", "conforms"),
    ("CTX-06", KNOWN, QUIET, "JSON or nothing", "conforms"),
    ("CTX-06", KNOWN, start(CHILD, "loading ..."), "something else", "violates"),
    ("CTX-06", KNOWN, start(CHILD, "{}{}"), "something else", "violates"),
    ("CTX-06", KNOWN, [MAIN_ASKS], "no evidence", "unknown"),
    ("CTX-07", KNOWN, TOLD, "absent", "conforms"),
    ("CTX-07", KNOWN, LEAKED, "main policy in a child", "violates"),
    ("CTX-07", {}, [MAIN_ASKS, asks("another", POLICY, parent=MAIN)], "main policy in a child", "violates"),
    ("CTX-07", FORKED, [MAIN_ASKS, FORK], "absent", "conforms"),
    ("CTX-07", KNOWN, [MAIN_ASKS], "no evidence", "unknown"),
    ("CTX-08", FORKED, [MAIN_ASKS, *start(CHILD), FORK, RECORD], "child's identity", "conforms"),
    ("CTX-08", FORKED, [MAIN_ASKS, *start(CHILD, emits(POLICY)), FORK, RECORD], "parent's identity", "violates"),
    ("CTX-08", FORKED, [MAIN_ASKS, *start(CHILD), FORK], "not recorded", "violates"),
    ("CTX-09", {CHILD: "unidentified"}, QUIET, "absent", "conforms"),
    ("CTX-09", {CHILD: "unidentified"}, LEAKED, "main policy in a child", "violates"),
    ("CTX-10", {"review": "review"}, [*start("review"), asks("review", "look")], "silent", "conforms"),
    ("CTX-10", {"review": "review"}, [asks("review", "look")], "silent", "conforms"),
    ("CTX-10", {"review": "review"}, [*start("review", emits(PLANNER)), asks("review")], "emitted", "violates"),
    ("CTX-10", {"review": "review"}, [*start("review", exit_=1), asks("review")], "failed", "violates"),
    ("CTX-11", NESTED, [*GRANDCHILD, recorded(identity("grandchild", CHILD))], "recorded and told", "conforms"),
    ("CTX-11", NESTED, [*GRANDCHILD, recorded(identity("grandchild"))], "not recorded under its parent", "violates"),
    (
        "CTX-11",
        NESTED,
        [*QUIET, asks("grandchild", parent=CHILD), recorded(identity("grandchild", CHILD))],
        "no block",
        "violates",
    ),
    ("CTX-12", KNOWN, TOLD, "once", "conforms"),
    ("CTX-12", KNOWN, QUIET, "never", "violates"),
    ("CTX-12", KNOWN, [*TOLD, asks(CHILD, PLANNER)], "2 times", "violates"),
    ("CTX-13", KNOWN, TOLD, "right template", "conforms"),
    ("CTX-13", KNOWN, [asks(CHILD, BUILDER)], "wrong template", "violates"),
    ("CTX-13", KNOWN, QUIET, "no template", "violates"),
    ("CTX-14", {CHILD: "nickname"}, QUIET, "no block", "conforms"),
    ("CTX-14", {CHILD: "nickname"}, TOLD, "block", "violates"),
    ("CTX-15", KNOWN, [*TOLD, asks(MAIN, "again")], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, asks(MAIN, POLICY, "again")], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, asks(CHILD, PLANNER)], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, cleared(asks(MAIN, POLICY, "anew"))], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, cleared(asks(MAIN, "anew"))], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, goes_on("compact"), asks(MAIN, POLICY)], "not tested", "not tested"),
    ("CTX-15", KNOWN, [*TOLD, goes_on("compact"), asks(MAIN, "again")], "not tested", "not tested"),
    ("CTX-15", KNOWN, [*TOLD, goes_on("fork"), cleared(asks(MAIN, "anew"))], "not tested", "not tested"),
    ("CTX-15", KNOWN, [*TOLD, goes_on("clear"), cleared(asks(MAIN, "anew"))], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, "again"), [])], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, "again"), ["something"])], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, POLICY), [])], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, "again"), [POLICY])], "not once each", "violates"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, POLICY), [POLICY])], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, "again"), [POLICY]), asks(MAIN, POLICY)], "once each", "conforms"),
    ("CTX-15", KNOWN, [*TOLD, resumed(asks(MAIN, POLICY, POLICY), [POLICY])], "not once each", "violates"),
    ("CTX-15", KNOWN, [nameless(each) for each in TOLD], "no evidence", "unknown"),
    ("CTX-03", {CHILD: "unknown"}, [nameless(each) for each in QUIET], "no evidence", "unknown"),
    ("CTX-10", {"review": "review"}, [nameless(asks("review", "look"))], "no evidence", "unknown"),
    ("CTX-16", {CHILD: "hostile"}, [nameless(each) for each in QUIET], "no evidence", "unknown"),
    ("CTX-16", {CHILD: "hostile"}, QUIET, "silent", "conforms"),
    ("CTX-16", {CHILD: "hostile"}, LEAKED, "emitted", "violates"),
    ("CTX-16", {CHILD: "hostile"}, [*start(CHILD, exit_=1), asks(CHILD)], "failed", "violates"),
    ("CTX-16", {CHILD: "hostile"}, [*start(CHILD, by="timeout"), asks(CHILD)], "timed out", "violates"),
    ("CTX-17", KNOWN, TOLD, "below the cut", "conforms"),
    ("CTX-17", KNOWN, [MAIN_ASKS], "no evidence", "unknown"),
    ("CTX-17", KNOWN, [*start(CHILD, emits("x" * 10000)), asks(CHILD, "x")], "cut", "violates"),
    ("CTX-17", KNOWN, QUIET, "no block", "violates"),
    ("CTX-18", KNOWN, [*TOLD, *ON_CLAUDE], "equal", "conforms"),
    ("CTX-18", KNOWN, TOLD, "no block on claude", "violates"),
    ("CTX-18", KNOWN, ON_CLAUDE, "no block on codex", "violates"),
    ("CTX-18", KNOWN, [*TOLD, *start("c", emits(PLANNER + "\nmore"), host="claude")], "different", "violates"),
]

IDS = [f"{name}-{seen}-{number}" for number, (name, _, _, seen, _) in enumerate(RUNS)]


@pytest.mark.parametrize(("name", "agents", "run", "seen", "verdict"), RUNS, ids=IDS)
def test_check(name: str, agents: dict[str, Any], run: list[Record], seen: str, verdict: str) -> None:
    (check,) = judge(journal(*run, requires=name, **agents), REQUIREMENTS).checks
    assert (check.seen, check.verdict) == (seen, verdict), check.detail


def test_every_check_can_fail() -> None:
    assert {name for name, _, _, _, verdict in RUNS if verdict == "violates"} == CONTEXT_CHECKS
    assert {name for name, _, _, _, verdict in RUNS if verdict == "conforms"} == CONTEXT_CHECKS


def test_every_requirement_has_a_check_and_every_accepted_outcome_can_be_seen() -> None:
    assert set(REQUIREMENTS) == CONTEXT_CHECKS
    for name, requirement in REQUIREMENTS.items():
        assert set(requirement.accepts) <= {outcome for check, _, _, outcome, _ in RUNS if check == name}


def test_an_error_turns_conformance_into_doubt() -> None:
    broken = Error(where="model server", what="a script ran out")
    (check,) = judge(journal(*TOLD, broken, requires="CTX-02", **KNOWN), REQUIREMENTS).checks
    assert check.verdict == "unknown"


def test_records_are_found_in_any_json_shape() -> None:
    shapes: list[Any] = [
        {thread(MAIN): {thread(CHILD): {"type": "x"}}},
        {"agents": [{"id": thread(CHILD), "by": thread(MAIN)}]},
        {thread(MAIN): [thread(CHILD)]},
    ]
    for shape in shapes:
        run = journal(*QUIET, recorded(shape), requires="CTX-03", child="unknown")
        assert judge(run, REQUIREMENTS).checks[0].seen == "recorded, silent", shape


LEANS_ON_THREADS = {f"CTX-{number:02}" for number in (3, 4, 5, 8, 10, 11, 12, 15, 16, 17, 19)}
"""What is judged by who recorded whom, by which hooks ran for whom, or by which conversation a text came in."""
OF_NO_HOST = {"CTX-18"}
"""Its runs are of both hosts as they are."""


@pytest.mark.parametrize(
    ("name", "agents", "run", "seen", "verdict"), RUNS, ids=[f"{i}-{r[0]}" for i, r in enumerate(RUNS)]
)
def test_a_claude_agent_is_judged_alike(
    name: str, agents: dict[str, Any], run: list[Record], seen: str, verdict: str
) -> None:
    """Hooks of its agents carry the root's session; its requests carry the agent's own id as their thread."""
    if name in OF_NO_HOST:
        return
    (check,) = judge(journal(*on_claude(*run), requires=name, **agents), REQUIREMENTS).checks
    assert (check.seen, check.verdict) == (seen, verdict), check.detail


@pytest.mark.parametrize(
    ("name", "agents", "run", "seen", "verdict"), RUNS, ids=[f"{i}-{r[0]}" for i, r in enumerate(RUNS)]
)
def test_without_threads_nothing_that_leans_on_them_is_judged(
    name: str, agents: dict[str, Any], run: list[Record], seen: str, verdict: str
) -> None:
    (check,) = judge(journal(*map(nameless, run), requires=name, **agents), REQUIREMENTS).checks
    # that an agent which the scenario does not name is a child, the thread of its parent says alone
    leans = name in LEANS_ON_THREADS or (name == "CTX-07" and not agents)
    if leans and verdict != Verdict.NOT_TESTED:
        assert check.verdict == Verdict.UNKNOWN, check.detail
    else:
        assert (check.seen, check.verdict) == (seen, verdict), check.detail


def test_an_agent_whose_thread_is_not_told_is_not_taken_for_silent() -> None:
    """The smallest case: its start hook spoke, and its requests do not say whose they are."""
    run = on_claude(MAIN_ASKS, *start(CHILD, emits(PLANNER)), nameless(asks(CHILD, PLANNER, "go")))
    (check,) = judge(journal(*run, requires="CTX-03", child="unknown"), REQUIREMENTS).checks
    assert (check.verdict, check.agent) == (Verdict.UNKNOWN, None)
    assert check.detail == "nothing tells to which thread child's model request 1 belongs"


def test_a_hook_that_spoke_for_nobody_leaves_silence_in_doubt() -> None:
    stray = start("somebody", emits(PLANNER))
    for name, role in (("CTX-03", "unknown"), ("CTX-04", "unidentified"), ("CTX-16", "hostile")):
        (check,) = judge(journal(*QUIET, *stray, RECORD, requires=name, child=role), REQUIREMENTS).checks
        assert check.verdict == Verdict.UNKNOWN, check.detail
        assert "spoke for the thread thread-of-somebody" in check.detail


def test_after_a_start_whose_source_is_compact_it_is_not_asked_either() -> None:
    """On Claude Code no client tells of a compaction; its hooks do."""
    compacted = [
        replace(each, payload={**each.payload, "source": "compact"}) if isinstance(each, HookStarted) else each
        for each in start(MAIN, emits(POLICY))
    ]
    run = journal(*TOLD, *compacted, asks(MAIN, POLICY), requires="CTX-15", **KNOWN)
    (check,) = judge(run, REQUIREMENTS).checks
    assert (check.verdict, check.at) == (Verdict.NOT_TESTED, 6)


@pytest.mark.parametrize("name", ["CTX-01", "CTX-07", "CTX-09", "CTX-15"])
def test_of_a_plugin_without_a_main_policy_nothing_is_asked_about_one(name: str) -> None:
    case, *rest = journal(*TOLD, requires=name, **KNOWN)
    assert isinstance(case, Case)
    (check,) = judge([replace(case, says={**(case.says or {}), "policy": []}), *rest], REQUIREMENTS).checks
    assert check.verdict == Verdict.NOT_TESTED
    assert "names no line of one" in check.detail


@pytest.mark.parametrize("name", ["CTX-03", "CTX-08", "CTX-11"])
def test_of_a_plugin_without_records_nothing_is_asked_about_them(name: str) -> None:
    case, *rest = journal(*TOLD, requires=name, **KNOWN)
    assert isinstance(case, Case)
    (check,) = judge([replace(case, records_agents=False), *rest], REQUIREMENTS).checks
    assert check.verdict == Verdict.NOT_TESTED
