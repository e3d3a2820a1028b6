"""What a run of the suite found, as data: the JSON that `--json` writes and `--schema` describes.

The models are the schema. A field is added with a minor version of the format, never renamed.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from hookproof import __version__, machine
from hookproof.isolation.level import Level, Network
from hookproof.judge.causes.culprit import Culprit
from hookproof.judge.judge import Judgement
from hookproof.judge.verdict import BaselineStatus, CheckResult, Model, Surprise, Verdict
from hookproof.records import parts
from hookproof.records.run import Case

Format = Literal["1.0", "1.1", "1.2", "1.3", "1.4"]
FORMAT: Format = "1.4"


class Program(Model):
    """A host or a worker."""

    name: str
    version: str


class Isolation(Model):
    """How far a case was kept apart from the machine. What proves it stands in the journal."""

    level: Level
    network: Network
    """What kept it off the network."""
    refused: str | None
    """Why the level is not `full`."""
    not_prevented: list[str]
    """What the plugin was able to do all the same, a clause each."""


class Result(Model):
    """One case: one cell of the matrix, played once."""

    scenario: str
    plugin: str
    lifecycle: str
    host: Program
    worker: Program
    repeat: int
    verdict: Verdict
    expected: bool
    signature: str | None
    also: list[str]
    reasons: list[str]
    culprit: Culprit | None
    checks: list[CheckResult]
    errors: list[str]
    unexpected: list[str]
    """What was not as expected, a sentence each; `surprises` has the same as data, where a check is to blame."""
    seconds: float
    journal: str
    like: str = ""
    """The measured lifecycle that the host is, or, when it is a real one, is nearest to."""
    platform: str = ""
    python: str = ""
    isolation: Isolation | None = None
    """Of each case its own: a report may hold several runs. Null where the journal tells nothing of it."""
    baseline: BaselineStatus | None = None
    """The weightiest of its checks' statuses."""
    surprises: list[Surprise] = []
    replays: list[Verdict] = []
    """What came when an unexpected violation was played again, alone. The verdict is the first one all the same."""

    def check(self, name: str) -> CheckResult | None:
        """One of its checks."""
        return next((check for check in self.checks if check.id == name), None)


class Skipped(Model):
    """A case of the matrix that was not played."""

    scenario: str
    plugin: str
    lifecycle: str
    reason: str


class Summary(Model):
    """Counts of results."""

    cases: int
    conforms: int
    violates: int
    unknown: int
    unexpected: int
    seconds: float


class CriterionResult(Model):
    """One acceptance criterion of an issue, judged on the plugin that is to implement it."""

    text: str
    verdict: Literal["met", "not met", "not judged"]
    seen: str


class Report(Model):
    """A whole run of the suite."""

    hookproof: str
    format: Format
    platform: str
    python: str
    results: list[Result]
    criteria: list[CriterionResult] = []
    skipped: list[Skipped] = []
    baseline: str | None = None
    """The file of known violations that the results were held against."""
    summary: Summary


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    described = Report.model_json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return described


def result(case: Case, judgement: Judgement, *, journal: Path, seconds: float, surprises: Sequence[Surprise]) -> Result:
    """The result of one journal, which begins with `case` and lasts for `seconds`.

    `surprises` is what was not expected of this plugin, if anything.
    """
    statuses = {each.baseline for each in judgement.checks}
    return Result(
        scenario=case.scenario,
        plugin=case.plugin,
        lifecycle=case.lifecycle,
        like=case.like,
        platform=case.platform,
        python=case.python,
        isolation=_isolation(case.isolation),
        host=_program(case.host),
        worker=_program(case.worker),
        repeat=case.repeat,
        verdict=judgement.verdict,
        expected=not surprises,
        signature=judgement.signature.id,
        also=list(judgement.signature.also),
        reasons=list(judgement.signature.reasons),
        culprit=judgement.signature.culprit,
        checks=list(judgement.checks),
        errors=list(judgement.errors),
        unexpected=[each.sentence for each in surprises],
        surprises=list(surprises),
        baseline=next((each for each in BaselineStatus if each in statuses), None),
        seconds=round(seconds, 3),
        journal=str(journal),
    )


def unjudged(
    case: Case,
    accepted: Mapping[str, Sequence[str]],
    *,
    journal: Path,
    seconds: float,
    why: str,
) -> Result:
    """The result of a case of which nothing can be said, and why."""
    return Result(
        scenario=case.scenario,
        plugin=case.plugin,
        lifecycle=case.lifecycle,
        host=_program(case.host),
        worker=_program(case.worker),
        repeat=case.repeat,
        like=case.like,
        platform=case.platform,
        python=case.python,
        isolation=_isolation(case.isolation),
        verdict=Verdict.UNKNOWN,
        expected=False,
        signature=None,
        also=[],
        reasons=[],
        culprit=None,
        checks=[
            CheckResult(
                id=name, verdict=Verdict.UNKNOWN, accepted=list(accepted.get(name, ())), seen="not judged", detail=why
            )
            for name in case.requires
        ],
        errors=[why],
        unexpected=[f"{case.scenario} is unknown: {why}"],
        seconds=round(seconds, 3),
        journal=str(journal),
    )


def report(
    results: list[Result],
    *,
    seconds: float,
    criteria: list[CriterionResult] | None = None,
    skipped: Sequence[Skipped] = (),
    baseline: Path | None = None,
) -> Report:
    """All results of a run of the suite, in their order."""
    return Report(
        hookproof=__version__,
        format=FORMAT,
        platform=machine.system(),
        python=platform.python_version(),
        results=results,
        criteria=criteria or [],
        skipped=list(skipped),
        baseline=None if baseline is None else str(baseline),
        summary=summary(results, seconds),
    )


def summary(results: Sequence[Result], seconds: float) -> Summary:
    """The counts of results."""
    verdicts = [each.verdict for each in results]
    return Summary(
        cases=len(results),
        conforms=verdicts.count(Verdict.CONFORMS),
        violates=verdicts.count(Verdict.VIOLATES),
        unknown=verdicts.count(Verdict.UNKNOWN),
        unexpected=sum(not each.expected for each in results),
        seconds=round(seconds, 3),
    )


def _isolation(told: parts.Isolation | None) -> Isolation | None:
    if told is None:
        return None
    return Isolation(
        level=told.level, network=told.network, refused=told.refused, not_prevented=list(told.not_prevented)
    )


def _program(program: parts.Program) -> Program:
    return Program(name=program.name, version=program.version)
