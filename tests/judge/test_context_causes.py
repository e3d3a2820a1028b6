"""Why a context was lost: each cause on literal journals that fit it, and on ones that fit it but for one condition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_records import BUILDER, CHILD, MAIN, PLANNER, POLICY, asks, cleared, emits, journal, on_claude, start, thread

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.causes.context import EVIDENCE, MEANINGS
from hookproof.judge.causes.signature import Signature
from hookproof.judge.judge import judge
from hookproof.judge.verdict import Verdict
from hookproof.records import Record
from hookproof.records.hosts import HookJudged, HooksDeclared, HostPrepared, HostThread
from hookproof.records.jobs import HookHolders
from hookproof.records.parts import DeclaredHook, Effects, Hook
from hookproof.records.run import Case
from hookproof.records.sent import EventUnheard, HookEnded, HookHeld, HooksDropped, HookStarted, SessionStarted

REQUIREMENTS = read_requirements()
KNOWN: dict[str, Any] = {CHILD: "known"}
UNKNOWN: dict[str, Any] = {CHILD: "unknown"}
TOLD_MAIN = asks(MAIN, POLICY, "hello")
UNTOLD_MAIN = asks(MAIN, "hello")
UNTOLD_CHILD = asks(CHILD, "go", parent=MAIN)
SAYS_POLICY = start(MAIN, emits(POLICY))


def declares(*hooks: tuple[str, str | None], command: str = "hook.py", **more: Any) -> Record:
    """What the plugin declares: events with matchers."""
    entries = [DeclaredHook(event=event, matcher=matcher, command=command) for event, matcher in hooks]
    return HooksDeclared(host="codex", hooks=entries, **more)


def unheard(agent: str, event: str, subject: str = "", *, anew: bool = False) -> Record:
    whose = f"{thread(agent)}-anew" if anew else thread(agent)
    about: dict[str, Any] = {"session_id": thread(MAIN), "agent_id": None, "source": "codex"}
    return EventUnheard(event=event, subject=subject, thread_id=whose, **about)


def lists(*events: str, trusted: bool | None = True) -> Record:
    """What Codex lists of the plugin's hooks, in its own spelling of events."""
    hooks = [Hook(key=each, event=each, command="hook.py", trusted=trusted) for each in events]
    return HostPrepared(plugin="p", hooks=hooks, host="codex")


def ended(records: list[Record], **changed: Any) -> list[Record]:
    """The same run of a hook, with another end."""
    return [replace(each, **changed) if isinstance(each, HookEnded) else each for each in records]


def about(run: list[Record], kind: type[Any], **fields: Any) -> Record:
    """A record about that run of a hook."""
    began = next(each for each in run if isinstance(each, HookStarted))
    found: Record = kind(run=began.run, event=began.event, **fields)
    return found


def held(run: list[Record]) -> list[Record]:
    """A run of which another process holds the output, until its host has given it up."""
    began, over = ended(run, effects=Effects(output="not read", words="was killed"))
    pipe = about(run, HookHeld, session_id=thread(MAIN), agent_id=None, pid=1)
    return [began, pipe, about(run, HookHolders, held_by=["pid 20 `sleep 25`"]), over]


SILENT = start(CHILD)
FAILS = start(MAIN, exit_=1)
REFUSED = ended(SAYS_POLICY, effects=Effects(output="refused", words="invalid session start JSON output"))
CUT = ended(SAYS_POLICY, exit=None, signal=9, ended_by="timeout", limit=5.0, ms=5010, stdout="")
PLAIN = start(MAIN, f"loading\n{POLICY}")
LONG = f"{PLANNER}\n{'x' * 12_000}\nthe last line"
FORGETS = [declares(("SessionStart", "startup")), *start(MAIN, emits(POLICY)), TOLD_MAIN]
CLEARED = cleared(asks(MAIN, "anew"))
ANEW = f"{thread(MAIN)}-anew"
BEGINS = SessionStarted(session_id=None, agent_id=None, transcript_path=None, how="clear")

# (requirement, the agents, the run, the cause, what its sentence says)
RUNS: list[tuple[str, dict[str, Any], list[Record], str, str]] = [
    # C1: the matcher, seen by a stand-in
    ("CTX-15", {}, [*FORGETS, unheard(MAIN, "SessionStart", "clear", anew=True), CLEARED], "C1", "'startup'"),
    # by hookproof's own hook in a real Claude Code
    (
        "CTX-15",
        {},
        [
            *FORGETS,
            replace(BEGINS, session_id=ANEW),
            CLEARED,
        ],
        "C1",
        "does not fit 'clear'",
    ),
    # by the client of Codex that had the thread opened
    (
        "CTX-15",
        {},
        [*FORGETS, HostThread(session=MAIN, thread=ANEW, how="clear"), CLEARED],
        "C1",
        "fit",
    ),
    # it did not run, and its matcher fits: nobody knows why
    ("CTX-15", {}, [*FORGETS, unheard(MAIN, "SessionStart", "startup", anew=True), CLEARED], "?", ""),
    # the same where nothing tells what the plugin declares
    ("CTX-15", {}, [*FORGETS[1:], unheard(MAIN, "SessionStart", "clear", anew=True), CLEARED], "?", ""),
    ("CTX-15", {}, [declares(("SessionStart", "startup"), unread="no"), *FORGETS[1:], CLEARED], "?", ""),
    # a matcher that is no regular expression: what the host made of it nobody knows
    ("CTX-01", {}, [declares(("SessionStart", "[")), unheard(MAIN, "SessionStart", "clear"), UNTOLD_MAIN], "?", ""),
    # one hook ran and is silent, the one that says it did not fit
    (
        "CTX-02",
        KNOWN,
        [
            declares(("SubagentStart", "^planner$"), command="block.py"),
            *start(CHILD, event="SubagentStart"),
            UNTOLD_CHILD,
        ],
        "C8",
        "did not say it",
    ),
    (
        "CTX-02",
        KNOWN,
        [
            declares(("SubagentStart", "^planner$"), command="block.py"),
            *(
                replace(each, payload={**each.payload, "agent_type": "p:planner"})
                if isinstance(each, HookStarted)
                else each
                for each in start(CHILD, event="SubagentStart")
            ),
            UNTOLD_CHILD,
        ],
        "C1",
        "does not fit 'p:planner'",
    ),
    # the event is not declared; the plugin hears another
    (
        "CTX-02",
        KNOWN,
        [declares(("SessionStart", None)), *SAYS_POLICY, TOLD_MAIN, unheard(CHILD, "SubagentStart"), UNTOLD_CHILD],
        "C1",
        "declares hooks for SessionStart only",
    ),
    # the same of a real Codex, by what was measured of that release
    (
        "CTX-02",
        KNOWN,
        [declares(("SessionStart", None), child_starts=["SubagentStart"]), TOLD_MAIN, UNTOLD_CHILD],
        "C1",
        "SubagentStart fires for child",
    ),
    ("CTX-02", KNOWN, [declares(("SessionStart", None)), TOLD_MAIN, UNTOLD_CHILD], "?", ""),
    # not trusted; and listed as trusted
    (
        "CTX-01",
        {},
        [
            declares(("SessionStart", None)),
            lists("sessionStart", trusted=False),
            unheard(MAIN, "SessionStart"),
            UNTOLD_MAIN,
        ],
        "C1",
        "does not trust it",
    ),
    (
        "CTX-01",
        {},
        [declares(("SessionStart", None)), lists("sessionStart"), unheard(MAIN, "SessionStart"), UNTOLD_MAIN],
        "?",
        "",
    ),
    # the host lists none for the event
    (
        "CTX-02",
        KNOWN,
        [declares(("SubagentStart", None)), lists("sessionStart"), unheard(CHILD, "SessionStart"), UNTOLD_CHILD],
        "C1",
        "does not know SubagentStart",
    ),
    ("CTX-01", {}, [HooksDropped(plugin="p", events=["StopFailure"], release="r"), UNTOLD_MAIN], "C1", "StopFailure"),
    ("CTX-01", {}, [UNTOLD_MAIN], "?", ""),
    # C2
    ("CTX-01", {}, [*ended(FAILS, stderr="loading\nError: Bun not found\n"), UNTOLD_MAIN], "C2", "Bun not found"),
    ("CTX-01", {}, [*start(MAIN, exit_=127), UNTOLD_MAIN], "C2", "exited 127"),
    ("CTX-01", {}, [*ended(FAILS, exit=None, signal=11), UNTOLD_MAIN], "C2", "signal 11"),
    # it failed for another agent
    ("CTX-02", KNOWN, [*FAILS, UNTOLD_MAIN, *SILENT, UNTOLD_CHILD], "C8", ""),
    # C3: in the host's words; of a real host by what it says of the run
    ("CTX-01", {}, [*REFUSED, UNTOLD_MAIN], "C3", "invalid session start JSON output"),
    (
        "CTX-01",
        {},
        [
            *SAYS_POLICY,
            about(SAYS_POLICY, HookJudged, session=MAIN, output="refused", words="no such key"),
            UNTOLD_MAIN,
        ],
        "C3",
        "no such key",
    ),
    # it complains of nothing, and makes nothing of a text that is no document
    ("CTX-01", {}, [*ended(PLAIN, effects=Effects(output="taken")), UNTOLD_MAIN], "C3", "no JSON document"),
    # taken, and lost on a way that nobody knows
    ("CTX-01", {}, [*ended(SAYS_POLICY, effects=Effects(output="taken", context=POLICY)), UNTOLD_MAIN], "?", ""),
    # C4: what it would have said nobody knows, so that the check is not tested
    ("CTX-01", {}, [*CUT, UNTOLD_MAIN], "C4", "after 5.0 s"),
    # C5, and an output that was held and taken all the same
    ("CTX-01", {}, [*held(SAYS_POLICY), UNTOLD_MAIN], "C5", "sleep 25"),
    (
        "CTX-01",
        {},
        [
            SAYS_POLICY[0],
            about(SAYS_POLICY, HookHeld, session_id=thread(MAIN), agent_id=None, pid=1),
            *ended(SAYS_POLICY, effects=Effects(output="taken", context=POLICY))[1:],
            UNTOLD_MAIN,
        ],
        "?",
        "",
    ),
    # C6: told to somebody else; as raw text
    ("CTX-02", KNOWN, [*start(CHILD, emits(PLANNER)), asks(MAIN, PLANNER), UNTOLD_CHILD], "C6", "was told to main"),
    ("CTX-07", KNOWN, [TOLD_MAIN, *start(CHILD, emits(POLICY)), asks(CHILD, POLICY, parent=MAIN)], "C6", "not for it"),
    ("CTX-19", UNKNOWN, [*start(CHILD, emits(PLANNER)), asks(CHILD, PLANNER, parent=MAIN)], "C6", "ran for child"),
    ("CTX-13", KNOWN, [*start(CHILD, emits(BUILDER)), asks(CHILD, BUILDER, parent=MAIN)], "C6", "ran for child"),
    ("CTX-06", {}, [*PLAIN, asks(MAIN, f"loading\n{POLICY}")], "C6", "raw text"),
    ("CTX-06", {}, [*PLAIN, UNTOLD_MAIN], "", ""),
    ("CTX-07", KNOWN, [TOLD_MAIN, asks(CHILD, POLICY, parent=MAIN)], "?", ""),
    # C7
    (
        "CTX-17",
        KNOWN,
        [*start(CHILD, emits(LONG)), asks(CHILD, f"{LONG[:9000]}\n[cut]", parent=MAIN)],
        "C7",
        "no more than the beginning",
    ),
    # longer than Codex takes, on a host that takes it whole: nothing is lost
    ("CTX-17", KNOWN, [*start(CHILD, emits(LONG)), asks(CHILD, LONG, parent=MAIN)], "", ""),
    # C8
    ("CTX-02", KNOWN, [*SILENT, UNTOLD_CHILD], "C8", "did not say it"),
    ("CTX-12", KNOWN, [*SILENT, UNTOLD_CHILD], "C8", "did not say it"),
    ("CTX-02", KNOWN, on_claude(*SILENT, UNTOLD_CHILD), "C8", "did not say it"),
]


def cause_of(name: str, agents: dict[str, Any], records: list[Record]) -> Signature:
    judged = judge(journal(*records, requires=name, **agents), REQUIREMENTS)
    assert judged.checks[0].verdict in {Verdict.VIOLATES, Verdict.NOT_TESTED}
    return judged.signature


@pytest.mark.parametrize(
    ("name", "agents", "records", "cause", "sentence"),
    [pytest.param(*each, id=f"{each[3]}-{number}-{each[0]}") for number, each in enumerate(RUNS, start=1)],
)
def test_a_lost_context_has_the_cause_that_its_evidence_fits(
    name: str, agents: dict[str, Any], records: list[Record], cause: str, sentence: str
) -> None:
    found = cause_of(name, agents, records)
    assert (found.id or "") == cause, found
    assert (found.culprit is None) == (cause in {"", "?"})
    assert sentence in (found.culprit.sentence if found.culprit is not None else "")


def test_every_cause_has_a_run_that_fits_it() -> None:
    assert {each[3] for each in RUNS} - {"", "?"} == {name for name in MEANINGS if name.startswith("C")}
    assert set(EVIDENCE) == set(MEANINGS)


def test_a_green_case_shows_no_cause() -> None:
    records = [declares(("SessionStart", "startup")), *FAILS, *SAYS_POLICY, TOLD_MAIN]
    judged = judge(journal(*records, requires="CTX-01"), REQUIREMENTS)
    assert judged.checks[0].verdict is Verdict.CONFORMS
    assert judged.signature.id is None


def test_each_fact_says_how_it_is_known() -> None:
    found = cause_of("CTX-01", {}, [*held(SAYS_POLICY), UNTOLD_MAIN])
    assert found.culprit is not None
    known = {fact.name: (fact.value, fact.how) for fact in found.culprit.facts}
    assert known["by whom"] == ("pid 20 `sleep 25`", "observed")
    nobody = [each for each in held(SAYS_POLICY) if not isinstance(each, HookHolders)]
    found = cause_of("CTX-01", {}, [*nobody, UNTOLD_MAIN])
    assert found.id == "C5"
    assert found.culprit is not None
    assert "by whom" not in {fact.name for fact in found.culprit.facts}
    found = cause_of("CTX-01", {}, [*CUT, UNTOLD_MAIN])
    assert found.culprit is not None
    assert {fact.name: fact.value for fact in found.culprit.facts}["the limit"] == "5 s (timeout)"


def test_the_causes_of_several_losses_stand_beside_each_other() -> None:
    records = [*FAILS, UNTOLD_MAIN, *SILENT, UNTOLD_CHILD]
    case, *rest = journal(*records, requires="CTX-01", **KNOWN)
    assert isinstance(case, Case)
    judged = judge([replace(case, requires=["CTX-01", "CTX-02"]), *rest], REQUIREMENTS)
    assert (judged.signature.id, judged.signature.also) == ("C2", ("C8",))
