"""From a journal to its verdict: every required check, the signature, the culprit. Pure, so old runs judge again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hookproof.catalogue.requirement import Requirement
from hookproof.judge.agent_view import AgentStory
from hookproof.judge.causes.signature import Signature, find_signature
from hookproof.judge.checks.context import CONTEXT_CHECKS
from hookproof.judge.checks.jobs import CHECKS
from hookproof.judge.remarks import remarks
from hookproof.judge.run_view import Story
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
    story = Story(records)
    checks = [_check(story, name, requirements[name]) for name in story.case.requires]
    return Judgement(
        verdict=worst([check.verdict for check in checks]),
        checks=tuple(checks),
        signature=find_signature(story),
        errors=tuple(story.errors),
    )


def _check(story: Story, name: str, requirement: Requirement) -> CheckResult:
    accepted = tuple(requirement.accepts)
    seen = _look(story, name)
    if seen is None:
        missing = "the run has no job" if name in CHECKS else "no check judges this requirement"
        return CheckResult(name, Verdict.UNKNOWN, accepted, "not judged", missing)
    return CheckResult(
        name, _verdict(story, seen, accepted), accepted, seen.outcome or "no evidence", _detail(story, seen)
    )


def _look(story: Story, name: str) -> Seen | None:
    if name in CONTEXT_CHECKS:
        return CONTEXT_CHECKS[name](AgentStory(story))
    job = story.first_job()
    return CHECKS[name](story, job) if name in CHECKS and job is not None else None


def _verdict(story: Story, seen: Seen, accepted: tuple[str, ...]) -> Verdict:
    if seen.outcome is None:
        return Verdict.UNKNOWN
    if story.first_error is None:
        return Verdict.CONFORMS if seen.outcome in accepted else Verdict.VIOLATES
    # with an error only a loss that came before it is certain
    job = story.first_job()
    lost = job.lost if job is not None else None
    certain = lost is not None and lost.seq < story.first_error and seen.outcome not in accepted
    return Verdict.VIOLATES if certain else Verdict.UNKNOWN


def _detail(story: Story, seen: Seen) -> str:
    said = remarks(story)
    detail = f"{seen.detail} ({'; '.join(said)})" if said else seen.detail
    return f"{detail} [{'; '.join(story.errors)}]" if story.errors else detail
