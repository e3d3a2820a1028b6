"""Issue #146 of studykit: from results to the table of what reached which agent, and to the issue's claims.

Pure: it reads results and returns sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

from hookproof.issues import Claim
from hookproof.judge.checks.context import BLOCK_REACHES_CHILD, LEAK, NO_BLOCK, POLICY_REACHES_MAIN, RECORDED_SILENT
from hookproof.judge.verdict import Verdict
from hookproof.report.results import Result

LIFECYCLES = ("codex-0.130", "codex-0.133", "codex-0.169")
REPORTED = LIFECYCLES[0]
"""The host that the issue describes: one without a SubagentStart of its own."""
POLICIES = ("before-146", "fix-146", "native-subagent-start", "correct")
BEFORE, FIX = POLICIES[0], POLICIES[1]

AGENTS = {
    # scenario -> (the agent it is about, the check that decides)
    "context/main-session": ("main", "CTX-01"),
    "context/known-agent": ("a child with a template", "CTX-02"),
    "context/unknown-agent": ("a child without one", "CTX-03"),
    "context/role-less-agent": ("a child without a role", "CTX-03"),
    "context/forked-agent": ("a forked child", "CTX-08"),
    "context/nested-agent": ("a child's child", "CTX-11"),
    "context/ephemeral-agent": ("a child, ephemeral", "CTX-09"),
}
_LEAK = "CTX-07"


def cell(each: Result) -> tuple[str, bool]:
    """(what the agent was told, whether that is right) for one cell of the table."""
    decided = each.check(AGENTS[each.scenario][1])
    if decided is None or not decided.tested:
        return (decided.verdict if decided is not None else Verdict.UNKNOWN).value, False
    leak = each.check(_LEAK)
    if leak is not None and leak.seen == LEAK:
        return LEAK, False
    where = f"\n{decided.landed}" if decided.landed is not None else ""
    return f"{decided.seen}{where}", decided.verdict is Verdict.CONFORMS


def proofs(results: Sequence[Result]) -> list[str]:
    """The line of the child's own request that proves each block, and of each leak, one a plugin and lifecycle."""
    found = []
    for each in results:
        for name, seen in (("CTX-02", BLOCK_REACHES_CHILD), (_LEAK, LEAK)):
            outcome = each.check(name)
            if each.scenario == "context/known-agent" and outcome is not None and outcome.seen == seen:
                found.append(f"{each.plugin} on {each.lifecycle}: {seen}: {outcome.detail}")
    return found


def claims(before: Sequence[Result], fixed: Sequence[Result]) -> list[Claim]:
    """What the issue says of the plugin as it was, and of the fix that it asks for, on the host that it describes."""
    found = [
        _claim(before, "context/main-session", "CTX-01", "a main session gets its policy", POLICY_REACHES_MAIN),
        _claim(before, "context/known-agent", "CTX-02", "a subagent silently misses its block", NO_BLOCK),
        _claim(before, "context/unknown-agent", "CTX-03", "a subagent's identity is recorded", RECORDED_SILENT),
    ]
    if fixed:
        found += [
            _claim(fixed, "context/known-agent", "CTX-02", "with the fix the block reaches it", BLOCK_REACHES_CHILD),
            _claim(
                fixed, "context/unknown-agent", "CTX-03", "with the fix an unknown one stays silent", RECORDED_SILENT
            ),
            _claim(
                fixed, "context/main-session", "CTX-01", "with the fix main is told what it was", POLICY_REACHES_MAIN
            ),
        ]
    return found


def _claim(results: Sequence[Result], scenario: str, name: str, text: str, wanted: str) -> Claim:
    outcomes = [each.check(name) for each in results if each.scenario == scenario and each.like == REPORTED]
    outcome = next((outcome for outcome in outcomes if outcome is not None), None)
    if outcome is None:
        return Claim(text, holds=False, seen=f"{name}: not judged on {REPORTED}")
    return Claim(text, holds=outcome.seen == wanted, seen=f"{name}: {outcome.seen}")


def notes(results: Sequence[Result]) -> list[str]:
    """What the table alone does not say."""
    found = []
    for each in results:
        outcome = each.check("CTX-09")
        if outcome is not None and outcome.seen == LEAK:
            found.append(
                f"{each.plugin} on {each.lifecycle}: in an ephemeral session there is no transcript, so a child is "
                "taken for a main session and given its policy (CTX-09)."
            )
        leak = each.check(_LEAK)
        if leak is not None and leak.seen == LEAK and each.scenario == "context/known-agent":
            found.append(f"{each.plugin} on {each.lifecycle}: the main policy leaks into children (CTX-07).")
    return list(dict.fromkeys(found))
