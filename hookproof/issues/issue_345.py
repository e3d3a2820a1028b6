"""Issue #345 of codex-plugin-cc: from results to its table, to the issue's claims, and to further findings.

Pure: it reads results and the records of their journals, and returns sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hookproof.catalogue.scenario import MAIN
from hookproof.issues import Claim
from hookproof.judge.causes.table import meaning
from hookproof.judge.checks.outcomes import LISTED_AS_RUNNING, LOST, NOT_LISTED, SURVIVES, TERMINAL
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.records import Record
from hookproof.records.jobs import SnapshotTaken
from hookproof.report.results import Result

LIFECYCLE = "as-reported-345"
WITH_PARENT_ID = f"{LIFECYCLE}+parent-id"
POLICIES = ("as-reported", "fix-1-refuse", "fix-2-retag", "fix-3-document", "keep-background", "correct")
PATTERNS = {
    "jobs/pattern-a": "A  background job from the main session",
    "jobs/pattern-b": "B  background Agent that waits",
    "jobs/pattern-c": "C  --background inside an Agent",
    "jobs/pattern-d": "D  an Agent's background shell",
}
_DECIDES = {
    "jobs/pattern-a": "JOB-01",
    "jobs/pattern-b": "JOB-02",
    "jobs/pattern-c": "JOB-03",
    "jobs/pattern-d": "JOB-21",
}
_STATUS_KEYS = ("running", "latestFinished", "recent", "needsReview")


def scenarios(lifecycle: str) -> list[str]:
    """What is played: the issue's three patterns; D as well where a measured host is played."""
    return [pattern for pattern in PATTERNS if pattern != "jobs/pattern-d" or not lifecycle.startswith(LIFECYCLE)]


def cell(each: Result) -> tuple[str, bool]:
    """(what became of the job, whether that is good) for one cell of the table."""
    decided = each.check(_DECIDES[each.scenario])
    if decided is None or not decided.tested:
        return (decided.verdict if decided is not None else Verdict.UNKNOWN).value, False
    reason = LOST if decided.seen == LISTED_AS_RUNNING else decided.seen
    good = decided.verdict is Verdict.CONFORMS
    if good and reason == TERMINAL:
        reason, good = f"{LOST}, and said so", True
    hidden = each.check("JOB-04")
    if good and hidden is not None and hidden.verdict is Verdict.VIOLATES:
        reason, good = f"{reason}, but {hidden.seen}", False
    notified = each.check("JOB-27")
    if good and notified is not None and notified.verdict is Verdict.VIOLATES:
        reason, good = f"{reason}, but {notified.seen}", False
    left = each.check("JOB-07")
    if good and left is not None and left.verdict is Verdict.VIOLATES:
        reason, good = f"{reason}, but {left.seen}", False
    return (f"{reason} ({each.signature})" if each.signature and not good else reason), good


def claims(results: Iterable[Result]) -> list[Claim]:
    """What the issue says of the plugin as it was, held against the results of that plugin."""
    by_scenario = {each.scenario: each for each in results}
    found: list[Claim] = []
    a, b, c = (by_scenario.get(f"jobs/pattern-{letter}") for letter in "abc")
    if a is not None:
        found.append(_claim(a, "JOB-01", "Pattern A runs to its end", lambda o: o.verdict is Verdict.CONFORMS))
        found.append(_claim(a, "JOB-27", "Pattern A's session is told of it", lambda o: o.verdict is Verdict.CONFORMS))
    if b is not None:
        found.append(_claim(b, "JOB-02", "Pattern B delivers its result", lambda o: o.verdict is Verdict.CONFORMS))
    if c is not None:
        found.append(_claim(c, "JOB-03", "Pattern C loses the job", lambda o: o.seen == LOST))
        killed = "H1" in {c.signature, *c.also} and c.culprit is not None and c.culprit.whose == "subagent"
        cause = meaning(c.signature) if c.signature else "nothing ended it"
        found.append(Claim("the subagent's own SessionEnd hook kills it", killed, f"{c.signature or 'none'}: {cause}"))
        found.append(_claim(c, "JOB-04", "status in main no longer lists it", lambda o: o.seen == NOT_LISTED))
    return found


def _claim(each: Result, name: str, text: str, holds: Callable[[CheckResult], bool]) -> Claim:
    outcome = each.check(name)
    if outcome is None:
        return Claim(text, holds=False, seen="not judged")
    return Claim(text, holds=holds(outcome), seen=f"{name}: {outcome.seen}")


def culprit_lines(each: Result) -> list[str]:
    """Who ended Pattern C's job, field by field, each observed or inferred."""
    culprit = each.culprit
    if culprit is None:
        return []
    lines = [f"{culprit.sentence}."]
    named = (
        ("who", culprit.who),
        ("session", culprit.session),
        ("signal", culprit.signal),
        ("delay", culprit.after_subagent_ms),
    )
    for name, field in named:
        if field is not None:
            value = f"{field.value:.0f} ms" if isinstance(field.value, float) else field.value
            lines.append(f"  {name:<8}{field.how:<9} {value}: {field.why}")
    return lines


def status_answer(records: Sequence[Record]) -> dict[str, object] | None:
    """What `status --all --json` said in the main session in the last look: the reporter's evidence."""
    snapshots = [record for record in records if isinstance(record, SnapshotTaken) and MAIN in record.places]
    answer = snapshots[-1].places[MAIN].answer if snapshots else None
    return {key: _brief(answer.get(key)) for key in _STATUS_KEYS} if isinstance(answer, dict) else None


def _brief(value: object) -> object:
    """Rows by their id and state alone: the rest of them is not the point."""
    if isinstance(value, list):
        return [_brief(row) for row in value]
    return {key: value.get(key) for key in ("id", "status")} if isinstance(value, dict) else value


def notes(results: Sequence[Result]) -> list[str]:
    """What the table alone does not say."""
    found = _hidden(results)
    for each in results:
        policy = each.plugin.partition(":")[2]
        if policy == "fix-2-retag" and each.lifecycle == WITH_PARENT_ID and each.signature == "H2":
            found.append(
                "Fix 2 with a visible parent id: the job is no longer ended as the subagent's own, but its shared "
                "server is ended with the subagent's session, and the job is lost all the same (H2)."
            )
    found += _measured(results)
    return list(dict.fromkeys(found))


def _hidden(results: Sequence[Result]) -> list[str]:
    """Where main's status lists nothing although nothing, or nothing yet, was killed (H7)."""
    c = [each for each in results if each.scenario == "jobs/pattern-c" and "+" not in each.lifecycle]
    before = [each.plugin.removeprefix("reference:") for each in c if "H7" in each.also]
    only = [each.plugin.removeprefix("reference:") for each in c if each.signature == "H7"]
    found = []
    if before:
        found.append(
            f"{', '.join(before)}: main's status was empty before anything was killed, too (H7): status shows a "
            "session only its own jobs, and under the issue's account the job is the subagent's."
        )
    if only:
        found.append(
            f"{', '.join(only)}: nothing was killed in Pattern C, yet main's status does not list the job (H7)."
        )
    return found


def _measured(results: Sequence[Result]) -> list[str]:
    """On a host as it was measured, the issue's cause does not hold; say so plainly."""
    found = []
    for each in results:
        if each.lifecycle.startswith(LIFECYCLE):
            continue
        outcome = each.check(_DECIDES[each.scenario])
        if each.scenario == "jobs/pattern-c" and outcome is not None and outcome.seen == SURVIVES:
            found.append(
                f"{each.lifecycle}: Pattern C is not killed by the subagent's end: no SessionEnd fires for a subagent "
                "there, its hooks carry the root's session id."
            )
        if each.scenario == "jobs/pattern-d" and each.signature == "H3":
            found.append(
                f"{each.lifecycle}: Pattern D loses the job without any SessionEnd: the host itself kills the "
                "subagent's background shell (H3)."
            )
    return found
