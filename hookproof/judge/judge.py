"""From a journal to its verdict: every required check, the signature, the culprit. Pure, so old runs judge again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hookproof.catalogue.requirement import Requirement
from hookproof.judge.agent_view import AgentView
from hookproof.judge.causes.signature import Signature, find_signature
from hookproof.judge.checks.context import CONTEXT_CHECKS
from hookproof.judge.checks.jobs import CHECKS
from hookproof.judge.remarks import remarks
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import CheckResult, Seen, Verdict, worst
from hookproof.records import Record


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of one run."""

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    signature: Signature
    errors: tuple[str, ...]


def judge(records: list[Record], requirements: Mapping[str, Requirement]) -> Judgement:
    """Judge one run by the requirements that its `case` record names. Raises KeyError for one that does not exist."""
    view = RunView(records)
    checks = [_check(view, name, requirements[name]) for name in view.case.requires]
    return Judgement(
        verdict=worst([check.verdict for check in checks]),
        checks=tuple(checks),
        signature=find_signature(view),
        errors=tuple(view.errors),
    )


def _check(view: RunView, name: str, requirement: Requirement) -> CheckResult:
    accepted = tuple(requirement.accepts)
    seen = _look(view, name)
    if seen is None:
        missing = "the run has no job" if name in CHECKS else "no check judges this requirement"
        return CheckResult(name, Verdict.UNKNOWN, accepted, "not judged", missing)
    return CheckResult(
        name, _verdict(view, seen, accepted), accepted, seen.outcome or "no evidence", _detail(view, seen)
    )


def _look(view: RunView, name: str) -> Seen | None:
    if name in CONTEXT_CHECKS:
        return CONTEXT_CHECKS[name](AgentView(view))
    job = view.first_job()
    return CHECKS[name](view, job) if name in CHECKS and job is not None else None


def _verdict(view: RunView, seen: Seen, accepted: tuple[str, ...]) -> Verdict:
    if seen.outcome is None:
        return Verdict.UNKNOWN
    if view.first_error is None:
        return Verdict.CONFORMS if seen.outcome in accepted else Verdict.VIOLATES
    # with an error only a loss that came before it is certain
    job = view.first_job()
    lost = job.lost if job is not None else None
    certain = lost is not None and lost.seq < view.first_error and seen.outcome not in accepted
    return Verdict.VIOLATES if certain else Verdict.UNKNOWN


def _detail(view: RunView, seen: Seen) -> str:
    said = remarks(view)
    detail = f"{seen.detail} ({'; '.join(said)})" if said else seen.detail
    return f"{detail} [{'; '.join(view.errors)}]" if view.errors else detail
