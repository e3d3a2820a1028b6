"""Results as a run would have found them, written out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hookproof.catalogue.project import Untested
from hookproof.judge.baseline import Baseline
from hookproof.judge.causes.culprit import Culprit, Fact
from hookproof.judge.verdict import CheckResult, Surprise, SurpriseKind
from hookproof.report.circumstances import Isolation
from hookproof.report.results import Program, Report, Result, report
from hookproof.report.untested import found

NO_JOB = "there was no job: its launch was refused"
FULL = Isolation(level="full", network="network namespace", refused=None, not_prevented=[])
WITHOUT_PIDS = Isolation(
    level="without-pids",
    network="network namespace",
    refused="the system refuses a new /proc",
    not_prevented=["a process can stay", "a plugin can end hookproof"],
)
LINUX, WINDOWS = "Linux-6.1-x86_64-with-glibc2.36", "Windows-11-10.0.26100-SP0"


def a_check(id_: str = "JOB-03", verdict: Any = "conforms", **fields: Any) -> CheckResult:
    """One check; a violated one saw `lost`, one that is not tested had no job."""
    seen = {"conforms": "survives", "violates": "lost", "unknown": "no evidence", "not tested": "not tested"}[verdict]
    detail = NO_JOB if verdict == "not tested" else "as the journal tells"
    said: dict[str, Any] = {"accepted": ["survives", "refused"], "seen": seen, "detail": detail}
    return CheckResult(id=id_, verdict=verdict, **(said | fields))


def a_result(*checks: CheckResult, **fields: Any) -> Result:
    """One result of these checks; what is violated or unknown and not known is unexpected."""
    checks = checks or (a_check(),)
    scenario = fields.get("scenario", "jobs/pattern-c")
    verdicts = [check.verdict for check in checks]
    surprises: list[Surprise] = []
    for each in checks:
        kind: SurpriseKind | None = None
        if each.verdict in {"violates", "unknown"} and each.baseline != "known":
            kind = "violated" if each.verdict == "violates" else "unknown"
            said = f"{scenario}:{each.id} is {kind}: seen {each.seen!r}"
        elif each.baseline == "stale":
            kind, said = "stale", f"{scenario}:{each.id} is satisfied, but is known"
        if kind is not None:
            surprises.append(Surprise(check=each.id, kind=kind, sentence=said))
    told = [each.sentence for each in surprises]
    standings = {each.baseline for each in checks}
    made: dict[str, Any] = {
        "scenario": scenario,
        "plugin": "codex-plugin-cc 1.0.4",
        "lifecycle": "claude-2.1.91",
        "host": Program(name="claude", version="fake"),
        "worker": Program(name="codex", version="fake"),
        "repeat": 1,
        "verdict": next(each for each in ("violates", "unknown", "conforms", "not tested") if each in verdicts),
        "expected": not told,
        "signature": None,
        "also": [],
        "reasons": [],
        "culprit": None,
        "checks": list(checks),
        "errors": [],
        "unexpected": told,
        "surprises": surprises,
        "seconds": 1.0,
        "journal": "/runs/1/journal.jsonl",
        "platform": LINUX,
        "python": "3.11.7",
        "isolation": FULL,
        "baseline": next((each for each in ("new", "stale", "known") if each in standings), None),
    }
    return Result(**(made | fields))


def violated(id_: str = "JOB-03", **fields: Any) -> Result:
    """A result with one unexpected violation, its signature and culprit."""
    who = Fact(value="the SessionEnd hook", how="observed", why="its record")
    culprit = Culprit(
        sentence="the SessionEnd hook with SIGTERM", who=who, session=None, signal=None, after_subagent_ms=None
    )
    told: dict[str, Any] = {"signature": "H1", "reasons": ["the row is gone"], "culprit": culprit}
    return a_result(a_check(id_, "violates"), **(told | fields))


def not_tested(id_: str = "JOB-03", **fields: Any) -> Result:
    """A result of which nothing was tested."""
    return a_result(a_check(id_, "not tested"), **fields)


def a_report(results: Sequence[Result], gate: Baseline | None = None, **fields: Any) -> Report:
    """A report of these results; with `gate` they are held against this baseline's untested requirements."""
    nowhere = found(results, gate)
    return report(list(results), seconds=2.0, untested=nowhere).model_copy(update={"platform": LINUX, **fields})


def gate(*requirements: str, lifecycle: str = "claude-2.1.91", **fields: Any) -> Baseline:
    """A baseline that names these requirements as not tested."""
    said: dict[str, Any] = {"lifecycles": [lifecycle], "reason": "it refuses every launch", **fields}
    entries = [Untested(requirement=each, **said) for each in requirements]
    return Baseline(Path("hookproof.toml"), untested=tuple(entries))
