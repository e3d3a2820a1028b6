"""The checks that are asked of any plugin's hooks, and what of a context they leave untold, on literal journals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from agent_records import POLICY, asks, emits, journal, start

from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import MAIN
from hookproof.judge.judge import judge
from hookproof.judge.verdict import CheckResult
from hookproof.records import Record
from hookproof.records.faults import HookKilled, HookStopped
from hookproof.records.hosts import HookJudged, TerminalClosed
from hookproof.records.parts import Effects, Patience
from hookproof.records.run import Case, SweepBegan
from hookproof.records.sent import HookEnded, HookEndedBy, HooksDropped, HookStarted, PluginNotLoaded

REQUIREMENTS = read_requirements()
CHILD = "child"


def hook(  # noqa: PLR0913 - each is a field of the record
    name: str = "hook.sh",
    *,
    event: str = "PreToolUse",
    out: str = "",
    err: str = "",
    exit_: int | None = 0,
    signal: int | None = None,
    by: HookEndedBy = "itself",
    effects: Effects | None = None,
    said: HookJudged | None = None,
    pid: int | None = 1,
    ends: bool = True,
    beside: bool | None = None,
    **more: Any,
) -> list[Record]:
    """A run of a hook, with what a stand-in (`effects`) or a real host (`said`) made of it."""
    nothing: dict[str, Any] = {"agent_id": None, "agent_type": None, "plugin": None, "pgid": None}
    about: dict[str, Any] = {"cwd": "/", "payload": {}, "env": {}, "pid": pid, **nothing}
    run = f"{name}{err}"
    begun = HookStarted(run=run, event=event, session_id="s", command=name, asynchronous=beside, **about)
    over = HookEnded(
        run=run,
        event=event,
        session_id="s",
        agent_id=None,
        exit=exit_,
        signal=signal,
        stdout=out,
        stderr=err,
        ended_by=by,
        effects=effects,
        **more,
    )
    records: list[Record] = [begun, over] if ends else [begun]
    return [*records, replace(said, run=run, event=event)] if said is not None else records


def says(output: Any, words: str | None = None, *, cut: bool = False) -> HookJudged:
    return HookJudged(session="main", run="", event="", output=output, words=words, cut=cut)


REFUSED = Effects(output="refused", words="no such key")
UNREAD = Effects(output="not read", words="hook timed out after 2s")
BLOCKS = Effects(output="taken", decision="block", reason="no")
SWEEP: list[Record] = [SweepBegan()]
DROPS: list[Record] = [HooksDropped(plugin="p", events=["StopFailure"], release="claude-2.1.72")]
UNLOADED: list[Record] = [PluginNotLoaded(plugin="p", release="claude-2.1.91", unfit="hooks: null")]

OBJECTS = '{"decision": "block", "reason": "look again"}'

RUNS: list[tuple[str, list[Record], str, str]] = [
    ("HOOK-01", [*hook(), *hook("other.sh", out="x")], "ran whole", "conforms"),
    ("HOOK-01", [], "not tested", "not tested"),
    ("HOOK-01", DROPS, "not tested", "not tested"),
    ("HOOK-01", UNLOADED, "not tested", "not tested"),
    # claude-mem: all else is well
    ("HOOK-01", [*hook(), *hook("b", exit_=1, err="Error: Bun not found\n")], "failed", "violates"),
    ("HOOK-01", hook(exit_=127, err="sh: x: not found"), "not found", "violates"),
    ("HOOK-01", hook(pid=None, exit_=None, by="host"), "not found", "violates"),
    ("HOOK-01", hook(exit_=None, signal=11), "killed", "violates"),
    # exit 2 is an answer to some events
    ("HOOK-01", hook(exit_=2, effects=BLOCKS), "ran whole", "conforms"),
    ("HOOK-01", hook(exit_=2), "ran whole", "conforms"),
    ("HOOK-01", hook(exit_=2, event="SessionStart"), "failed", "violates"),
    ("HOOK-01", hook(exit_=2, effects=Effects(output="not read")), "failed", "violates"),
    ("HOOK-01", hook(exit_=None, signal=9, by="timeout", limit=1, ms=1003), "ended by the host", "violates"),
    ("HOOK-01", hook(exit_=None, signal=15, by="host"), "ended by the host", "violates"),
    (
        "HOOK-01",
        hook(exit_=None, signal=15, by="host", said=says("not read", cut=True)),
        "ended by the host",
        "violates",
    ),
    ("HOOK-01", hook(ends=False, said=says("not read", cut=True)), "ended by the host", "violates"),
    ("HOOK-01", hook(effects=UNREAD, out="{}"), "failed", "violates"),
    # a session's end: the limit is the host's
    ("HOOK-01", hook(event="SessionEnd", exit_=None, signal=9, by="budget", limit=1.5), "not tested", "not tested"),
    ("HOOK-01", hook(event="SessionEnd", exit_=None, signal=15, by="host"), "not tested", "not tested"),
    (
        "HOOK-01",
        hook(event="SessionEnd", said=says("not read", "Hook cancelled", cut=True)),
        "not tested",
        "not tested",
    ),
    ("HOOK-01", hook(event="SessionEnd", exit_=None, signal=9, by="timeout"), "ended by the host", "violates"),
    ("HOOK-01", hook(event="SessionEnd", exit_=1), "failed", "violates"),
    # one beside which its host went on: it ends with its session
    ("HOOK-01", hook(exit_=None, signal=15, by="host", beside=True), "not tested", "not tested"),
    ("HOOK-01", hook(ends=False, said=says("not read", cut=True), beside=True), "not tested", "not tested"),
    ("HOOK-01", hook(exit_=None, signal=15, by="host", beside=False), "ended by the host", "violates"),
    ("HOOK-01", hook(exit_=1, beside=True), "failed", "violates"),
    ("HOOK-01", hook(exit_=None, signal=11, beside=True), "killed", "violates"),
    ("HOOK-01", hook(exit_=None, signal=9, by="timeout", limit=1, beside=True), "ended by the host", "violates"),
    ("HOOK-01", [*hook(exit_=None, signal=15, by="host", beside=True), *hook("b", exit_=1)], "failed", "violates"),
    # what the harness did is nobody's failure
    (
        "HOOK-01",
        [*hook(exit_=None, signal=9), HookKilled(run="hook.sh", moment="at its start", pids=[1], over=False)],
        "not tested",
        "not tested",
    ),
    ("HOOK-01", [*hook(ends=False), *SWEEP], "not tested", "not tested"),
    ("HOOK-01", [*SWEEP, *hook(exit_=None, signal=9)], "not tested", "not tested"),
    (
        "HOOK-01",
        [TerminalClosed(session="main"), *hook(exit_=None, signal=1, by="host")],
        "not tested",
        "not tested",
    ),
    ("HOOK-02", hook(out='{"a": 1}', effects=Effects(output="taken")), "taken", "conforms"),
    ("HOOK-02", hook(), "nothing printed", "conforms"),
    ("HOOK-02", [], "not tested", "not tested"),
    ("HOOK-02", DROPS, "not tested", "not tested"),
    ("HOOK-02", UNLOADED, "not tested", "not tested"),
    ("HOOK-02", hook(out='{"a": 1}', effects=REFUSED), "refused", "violates"),
    ("HOOK-02", hook(out='{"a": 1}', said=says("refused", "no such key")), "refused", "violates"),
    ("HOOK-02", hook(out='{"a": 1}', said=says("taken")), "taken", "conforms"),
    ("HOOK-02", hook(out='{"a": 1}'), "no evidence", "unknown"),
    ("HOOK-02", hook(out="[1]"), "no evidence", "unknown"),
    ("HOOK-02", hook(out='{"continue": true, "suppressOutput": true}'), "taken", "conforms"),
    ("HOOK-02", hook(out='{"continue": "yes"}'), "no evidence", "unknown"),
    ("HOOK-02", hook(out="{}"), "taken", "conforms"),
    ("HOOK-02", hook(out="hello"), "taken", "conforms"),
    ("HOOK-02", hook(out="hello", event="Stop"), "no evidence", "unknown"),
    ("HOOK-02", hook(out='{"a": 1}', effects=Effects(output="unknown", words="too long")), "no evidence", "unknown"),
    ("HOOK-02", [*hook(out='{"a": 1}'), *hook("b", out="[1]", effects=REFUSED)], "refused", "violates"),
    # what a failed hook printed is not read
    ("HOOK-02", hook(out="[1]", exit_=1, effects=Effects(output="not read")), "nothing printed", "conforms"),
    # it reached a model: whatever its host says, it was taken
    ("HOOK-02", [*start(MAIN, emits("RULE")), asks(MAIN, "so: RULE")], "taken", "conforms"),
    ("HOOK-02", [*start(MAIN, emits("RULE")), asks(MAIN, "hello")], "no evidence", "unknown"),
    ("HOOK-02", [*hook(out=OBJECTS, event="Stop"), asks(MAIN, "look again")], "taken", "conforms"),
    ("HOOK-02", [*hook(out=OBJECTS, event="Stop"), asks(MAIN, "hello")], "no evidence", "unknown"),
    ("HOOK-02", [asks(MAIN, "so: RULE"), *start(MAIN, emits("RULE"))], "no evidence", "unknown"),
]


def hook_journal(*parts: Record | list[Record], requires: str = "") -> list[Record]:
    """A journal in which both are judged beside what it names."""
    case, *others = journal(*parts, requires=requires)
    assert isinstance(case, Case)
    return [replace(case, requires=[requires] if requires else [], about="context"), *others]


def judged(name: str, records: list[Record]) -> CheckResult:
    return next(each for each in judge(records, REQUIREMENTS).checks if each.id == name)


@pytest.mark.parametrize(
    ("name", "run", "seen", "verdict"), RUNS, ids=[f"{n}-{s}-{i}" for i, (n, _, s, _) in enumerate(RUNS)]
)
def test_check(name: str, run: list[Record], seen: str, verdict: str) -> None:
    check = judged(name, hook_journal(*run))
    assert (check.seen, check.verdict, check.standing) == (seen, verdict, True), check.detail


def test_every_hook_check_can_fail_and_every_accepted_outcome_can_be_seen() -> None:
    names = {"HOOK-01", "HOOK-02"}
    assert {name for name, _, _, verdict in RUNS if verdict == "violates"} == names
    for name in names:
        assert set(REQUIREMENTS[name].accepts) <= {seen for check, _, seen, _ in RUNS if check == name}


def test_each_failed_hook_is_named_with_its_end_and_its_last_words() -> None:
    twice = [*hook("bun run", exit_=1, err="at line 3\nError: Bun not found\n\n"), *hook("bun run", exit_=1, err="x")]
    check = judged("HOOK-01", hook_journal(*twice, *hook("gone", event="Stop", exit_=127)))
    assert check.detail == (
        "the PreToolUse hook `bun run` exited 1: 'Error: Bun not found'; the PreToolUse hook `bun run` exited 1: 'x'; "
        "the Stop hook `gone` exited 127"
    )


@pytest.mark.parametrize(("patience", "verdict"), [(500.0, "violates"), (2500.0, "not tested")])
def test_a_timeout_that_is_shorter_than_this_machines_patience_is_nobodys_failure(
    patience: float, verdict: str
) -> None:
    case, *others = hook_journal(*hook(exit_=None, signal=9, by="timeout", limit=1, ms=1003))
    assert isinstance(case, Case)
    slow = replace(case, patience=Patience(ms=patience, multiple=25, bare_hook_ms=patience / 25))
    assert judged("HOOK-01", [slow, *others]).verdict == verdict


def test_a_hook_that_was_held_until_its_host_cut_it_is_not_tested() -> None:
    held = HookStopped(run="hook.sh", after=1, records=1, pids=[1], over=False)
    run = [*hook(event="SessionEnd", exit_=None, signal=9, by="timeout"), held]
    assert judged("HOOK-01", hook_journal(*run)).verdict == "not tested"


@pytest.mark.parametrize(
    ("records", "said"), [(DROPS, "does not know StopFailure"), (UNLOADED, "it does not take hooks: null in its man")]
)
def test_that_no_hook_of_the_plugin_runs_is_told_with_whatever_is_judged(records: list[Record], said: str) -> None:
    checks = judge(hook_journal(*records, asks(MAIN, POLICY), requires="CTX-01"), REQUIREMENTS).checks
    assert {check.id for check in checks} >= {"CTX-01", "HOOK-01", "JOB-07"}
    assert all(check.detail.count(said) == 1 for check in checks), [check.detail for check in checks]


def test_the_hosts_own_words_for_a_refusal_are_told() -> None:
    said = says("refused", "hook returned invalid\n session start JSON output")
    check = judged("HOOK-02", hook_journal(*hook("echo", out='{"x":\n1}', event="SessionStart", said=said)))
    assert check.detail == (
        "the SessionStart hook `echo` printed '{\"x\": 1}': "
        "the host says: hook returned invalid session start JSON output"
    )


def test_a_hook_that_is_told_of_twice_by_a_stand_in_and_by_the_tap_is_one() -> None:
    stand_in = hook("own", out="{}", effects=Effects(output="taken"), pid=7)
    tap = [
        replace(each, by=7) for each in hook("its", out='{"a": 1}', pid=8) if isinstance(each, HookStarted | HookEnded)
    ]
    assert judged("HOOK-02", hook_journal(*stand_in, *tap)).verdict == "conforms"


def test_they_are_judged_in_every_kind_of_case_and_only_worsen_it() -> None:
    for about, verdict in (("context", "violates"), ("companion", "violates"), ("calibration", "conforms")):
        case, *others = journal(*start(MAIN, POLICY), asks(MAIN, POLICY), hook(exit_=1), requires="CTX-01")
        assert isinstance(case, Case)
        found = judge([replace(case, about=about), *others], REQUIREMENTS)
        assert found.verdict == verdict
    well = hook_journal(*start(MAIN, POLICY), asks(MAIN, POLICY), requires="CTX-02")
    assert judge(well, REQUIREMENTS).verdict == "unknown"  # CTX-02's own evidence is missing: they do not better it


# what leans on hooks

KNOWN: dict[str, Any] = {CHILD: "known"}


def lean(name: str, run: list[Record], **agents: Any) -> CheckResult:
    (check,) = judge(journal(*run, requires=name, **agents), REQUIREMENTS).checks
    return check


@pytest.mark.parametrize(
    ("name", "run", "agents"),
    [
        ("CTX-01", [*start(MAIN, by="timeout"), asks(MAIN, "hello")], {}),
        ("CTX-01", [*start(MAIN, by="timeout", event="UserPromptSubmit"), asks(MAIN, "hello")], {}),
        ("CTX-02", [*start(CHILD, by="timeout"), asks(CHILD, "go", parent=MAIN)], KNOWN),
        ("CTX-03", [*start(CHILD, by="timeout"), asks(CHILD, "go", parent=MAIN)], {CHILD: "unknown"}),
        ("CTX-07", [*start(CHILD, by="budget"), asks(CHILD, "go", parent=MAIN)], KNOWN),
        ("CTX-10", [*start(CHILD, by="host"), asks(CHILD, "go", parent=MAIN)], {CHILD: "review"}),
        ("CTX-12", [*start(CHILD, by="timeout"), asks(CHILD, "go", parent=MAIN)], KNOWN),
        ("CTX-18", [*start(CHILD, by="timeout"), asks(CHILD, "go", parent=MAIN)], KNOWN),
    ],
)
def test_what_was_not_seen_of_a_hook_that_was_cut_is_not_tested(
    name: str, run: list[Record], agents: dict[str, Any]
) -> None:
    check = lean(name, run, **agents)
    assert check.verdict == "not tested"
    assert "hook `hook.py` was cut short by its host" in check.detail


def test_the_limit_and_the_hooks_own_time_are_told() -> None:
    began, ended = start(MAIN, by="timeout")
    assert isinstance(ended, HookEnded)
    check = lean("CTX-01", [began, replace(ended, limit=1, ms=1003), asks(MAIN, "hello")])
    assert check.detail.startswith(
        "the SessionStart hook `hook.py` was cut short by its host after 1.0 s at its timeout of 1 s: "
        "what it would have told nobody knows (none of 1 texts told to main carries it)"
    )


def test_what_was_seen_was_seen_whatever_was_cut_besides() -> None:
    cut = start(MAIN, by="timeout", event="UserPromptSubmit")
    assert lean("CTX-01", [*start(MAIN, POLICY), *cut, asks(MAIN, POLICY)]).verdict == "conforms"
    leak = [*start(CHILD, by="timeout"), asks(CHILD, POLICY, parent=MAIN)]
    assert lean("CTX-07", leak, **KNOWN).verdict == "violates"


def test_a_hook_of_another_agent_is_nobodys_excuse() -> None:
    run = [*start(CHILD, by="timeout"), asks(CHILD, "go", parent=MAIN), *start(MAIN), asks(MAIN, "hello")]
    assert lean("CTX-01", run, **KNOWN).verdict == "violates"


def test_a_hostile_transcript_is_about_the_timeout_itself() -> None:
    run = [*start(CHILD, by="timeout"), asks(CHILD)]
    assert lean("CTX-16", run, **{CHILD: "hostile"}).verdict == "violates"


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (start(MAIN, exit_=1), "the SessionStart hook `hook.py` exited 1"),
        (start(MAIN, exit_=127), "the SessionStart hook `hook.py` exited 127"),
        (
            DROPS,
            "claude-2.1.72 does not know StopFailure and drops all hooks of a plugin that declares such an event",
        ),
    ],
)
def test_a_context_that_is_lost_says_why(run: list[Record], why: str) -> None:
    check = lean("CTX-01", [*run, asks(MAIN, "hello")])
    assert (check.verdict, check.seen) == ("violates", "no policy")
    assert check.detail == f"none of 1 texts told to main carries it; {why}"


def test_a_context_whose_document_was_refused_says_why_in_the_hosts_words() -> None:
    began, ended = start(MAIN, json.dumps({"additionalContext": POLICY}))
    assert isinstance(ended, HookEnded)
    refused = replace(ended, effects=Effects(output="refused", words="hook returned invalid session start JSON output"))
    check = lean("CTX-01", [began, refused, asks(MAIN, "hello")])
    assert check.verdict == "violates"
    why = "hook returned invalid session start JSON output"
    assert check.detail.endswith(f"; the host refused what the SessionStart hook `hook.py` printed: {why}")
