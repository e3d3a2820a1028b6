"""What a run of the suite found, as data: the JSON that `--json` writes and `--schema` describes.

The models are the schema. A field is added with a minor version of the format, never renamed.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, field_validator

from hookproof import __version__, clean, machine
from hookproof.judge.baseline import Stand, Standing
from hookproof.judge.causes.culprit import Culprit
from hookproof.judge.judge import Judgement
from hookproof.judge.verdict import Surprise, SurpriseKind
from hookproof.records import parts
from hookproof.records.run import Case

Format = Literal["1.0", "1.1", "1.2"]
FORMAT: Format = "1.2"


class _Model(BaseModel):
    """Every text in it is clean: whatever prints or writes a result need not ask where its words are from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        if isinstance(value, str):
            return clean.text(value)
        return [clean.text(each) if isinstance(each, str) else each for each in value] if type(value) is list else value


class Program(_Model):
    """A host or a worker."""

    name: str
    version: str


class Found(_Model):
    """One field of a culprit: observed, or inferred from something."""

    value: str | float
    how: Literal["observed", "inferred"]
    why: str


class CulpritResult(_Model):
    """Who ended the job."""

    sentence: str
    who: Found
    session: Found | None
    signal: Found | None
    after_subagent_ms: Found | None


class CheckOutcome(_Model):
    """One requirement, judged."""

    id: str
    verdict: Literal["conforms", "violates", "unknown"]
    accepted: list[str]
    seen: str
    detail: str
    baseline: Literal["known", "new", "stale"] | None = None
    """How it stands to the plugin's baseline, where it has one."""
    reason: str | None = None
    """Why the baseline knows of it."""


class SurpriseResult(_Model):
    """A check that did not come out as expected; `sentence` is what `unexpected` says of it."""

    check: str
    kind: SurpriseKind
    sentence: str

    @property
    def violated(self) -> bool:
        """Whether it was violated, and that was not expected."""
        return self.kind in {"violated", "violated against the table"}

    @property
    def against_the_table(self) -> bool:
        """Whether it is a reference policy that came out otherwise than the committed table says."""
        return self.kind in {"violated against the table", "satisfied against the table"}


class Result(_Model):
    """One case: one cell of the matrix, played once."""

    scenario: str
    plugin: str
    lifecycle: str
    host: Program
    worker: Program
    repeat: int
    verdict: Literal["conforms", "violates", "unknown"]
    expected: bool
    signature: str | None
    also: list[str]
    reasons: list[str]
    culprit: CulpritResult | None
    checks: list[CheckOutcome]
    errors: list[str]
    unexpected: list[str]
    """What was not as expected, a sentence each; `surprises` has the same as data, where a check is to blame."""
    seconds: float
    journal: str
    like: str = ""
    """The measured lifecycle that the host is, or, when it is a real one, is nearest to."""
    platform: str = ""
    python: str = ""
    baseline: Literal["known", "new", "stale"] | None = None
    """The weightiest standing of its checks: new before stale before known."""
    surprises: list[SurpriseResult] = []
    replays: list[Literal["conforms", "violates", "unknown"]] = []
    """What came when an unexpected violation was played again, alone. The verdict is the first one all the same."""


class Skipped(_Model):
    """A case of the matrix that was not played."""

    scenario: str
    plugin: str
    lifecycle: str
    reason: str


class Summary(_Model):
    """Counts of results."""

    cases: int
    conforms: int
    violates: int
    unknown: int
    unexpected: int
    seconds: float


class CriterionResult(_Model):
    """One acceptance criterion of an issue, judged on the plugin that is to implement it."""

    text: str
    verdict: Literal["met", "not met", "not judged"]
    seen: str


class Report(_Model):
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


def result(
    case: Case,
    judgement: Judgement,
    *,
    journal: Path,
    seconds: float,
    surprises: Sequence[Surprise],
    stands: Mapping[str, Stand] | None = None,
) -> Result:
    """The result of one journal, which begins with `case` and lasts for `seconds`.

    `surprises` is what was not expected of this plugin, if anything; `stands` how its checks stand to a baseline.
    """
    stands = stands or {}
    standings = {each.standing for each in stands.values()}
    return Result(
        scenario=case.scenario,
        plugin=case.plugin,
        lifecycle=case.lifecycle,
        like=case.like,
        platform=case.platform,
        python=case.python,
        host=_program(case.host),
        worker=_program(case.worker),
        repeat=case.repeat,
        verdict=judgement.verdict.value,
        expected=not surprises,
        signature=judgement.signature.id,
        also=list(judgement.signature.also),
        reasons=list(judgement.signature.reasons),
        culprit=_culprit(judgement.signature.culprit),
        checks=[
            CheckOutcome(
                id=check.id,
                verdict=check.verdict.value,
                accepted=list(check.accepted),
                seen=check.seen,
                detail=check.detail,
                baseline=stands[check.id].standing if check.id in stands else None,
                reason=stands[check.id].reason if check.id in stands else None,
            )
            for check in judgement.checks
        ],
        errors=list(judgement.errors),
        unexpected=[each.sentence for each in surprises],
        surprises=[SurpriseResult(check=each.check, kind=each.kind, sentence=each.sentence) for each in surprises],
        baseline=next((each for each in get_args(Standing) if each in standings), None),
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
        verdict="unknown",
        expected=False,
        signature=None,
        also=[],
        reasons=[],
        culprit=None,
        checks=[
            CheckOutcome(
                id=name, verdict="unknown", accepted=list(accepted.get(name, ())), seen="not judged", detail=why
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
        conforms=verdicts.count("conforms"),
        violates=verdicts.count("violates"),
        unknown=verdicts.count("unknown"),
        unexpected=sum(not each.expected for each in results),
        seconds=round(seconds, 3),
    )


def _program(program: parts.Program) -> Program:
    return Program(name=program.name, version=program.version)


def _culprit(culprit: Culprit | None) -> CulpritResult | None:
    if culprit is None:
        return None
    fields = {
        name: None
        if (finding := getattr(culprit, name)) is None
        else Found(value=finding.value, how="observed" if finding.observed else "inferred", why=finding.why)
        for name in ("who", "session", "signal", "after_subagent_ms")
    }
    return CulpritResult.model_validate({"sentence": culprit.sentence(), **fields})
