"""What a run of the suite found, as data: the JSON that `--json` writes and `--schema` describes.

The models are the schema. A field is added with a minor version of the format, never renamed.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from hookproof import __version__, machine
from hookproof.judge.causes.culprit import Culprit
from hookproof.judge.causes.table import How
from hookproof.judge.judge import Judgement
from hookproof.judge.verdict import BaselineStatus, CheckResult, Model, Surprise, Verdict
from hookproof.records import parts
from hookproof.records.expect import Expectation
from hookproof.records.run import Case, MainLaunch
from hookproof.report import circumstances
from hookproof.report.circumstances import CutHook, Isolation, NotPlayed, Patience, SessionEndBudget, ShellTimeouts

Format = Literal["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"]
FORMAT: Format = "1.7"


_FEW = 3


class Program(Model):
    """A host or a worker."""

    name: str
    version: str


class FoundCause(Model):
    """A cause that the evidence of a case fits."""

    id: str
    how: How
    reasons: list[str]


class Result(Model):
    """One case: one cell of the matrix, played once, or until its launches had the time to begin their jobs."""

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
    session_end: dict[str, SessionEndBudget] = {}
    """The budget of SessionEnd hooks, by the name of each host that was played."""
    cut_hooks: list[CutHook] = []
    not_played: list[NotPlayed] = []
    """What the plugin declares and a stand-in did not play: the verdict is of the rest. Empty on a real host."""
    shell_timeouts: ShellTimeouts | None = None
    """Null where the scenario gives no shell a timeout."""
    patience: Patience | None = None
    """The one length of time that what was seen may depend on. Null where the journal tells nothing of it."""
    baseline: BaselineStatus | None = None
    """The weightiest of its checks' statuses."""
    surprises: list[Surprise] = []
    causes: list[FoundCause] = []
    """Every cause that fits, with its own reasons. `signature` is the first of them, `also` are the others."""
    replays: list[Verdict] = []
    """What came when an unexpected violation was played again, alone. The verdict is the first one all the same."""

    @property
    def cause(self) -> str | None:
        """The cause, or '?', as people are told of it: none where nothing is wrong or nothing was judged."""
        return self.signature if self.verdict in {Verdict.VIOLATES, Verdict.UNKNOWN} else None

    @property
    def played_longer(self) -> str | None:
        """That it was played again with longer shell timeouts, where it was."""
        given = self.shell_timeouts
        return given.sentence if given is not None and given.play > 1 else None

    def check(self, name: str) -> CheckResult | None:
        """One of its checks."""
        return next((check for check in self.checks if check.id == name), None)

    @property
    def cut_short(self) -> list[CutHook]:
        """The SessionEnd hooks that the host ended although the scenario had not asked for it."""
        return [each for each in self.cut_hooks if not each.asked]

    @property
    def partly_played(self) -> bool:
        """Whether it conforms, and not everything that the plugin declares was played."""
        return self.verdict is Verdict.CONFORMS and bool(self.not_played)

    @property
    def not_tested_because(self) -> str:
        """Why what it is about was not tested: each reason once, with its requirements."""
        reasons: dict[str, list[str]] = {}
        for each in self.checks:
            if each.verdict is Verdict.NOT_TESTED and not each.standing:
                reasons.setdefault(each.detail, []).append(each.id)
        return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


class Skipped(Model):
    """A case of the matrix that was not played."""

    scenario: str
    plugin: str
    lifecycle: str
    reason: str


class Why(Model):
    """One reason for which a requirement was not tested, and the scenarios in which."""

    reason: str
    scenarios: list[str]


class Untested(Model):
    """A requirement that scenarios name and that no case of a plugin tested on a lifecycle; or, if `baseline` is
    `stale`, one that was tested although the baseline says that it is not.
    """

    requirement: str
    plugin: str
    lifecycle: str
    platform: str
    why: list[Why]
    tested_by: list[str] = []
    """The scenarios that tested it, where the baseline says otherwise."""
    baseline: BaselineStatus | None = None
    reason: str | None = None
    """Why the baseline knows of it."""

    @property
    def unexpected(self) -> bool:
        """Whether it fails a run."""
        return self.baseline in {BaselineStatus.NEW, BaselineStatus.STALE}

    @property
    def because(self) -> str:
        """The reasons, each with its scenarios; of many the first."""
        return some([f"{each.reason} ({some(each.scenarios, ', ')})" for each in self.why], "; ")

    @property
    def sentence(self) -> str:
        """What is said of it where it fails a run."""
        if self.baseline is BaselineStatus.STALE:
            by = some(self.tested_by, ", ")
            return f"{self.requirement} is tested on {self.lifecycle} (by {by}), but [[untested]] names it: remove it"
        return (
            f"no case tests {self.requirement} on {self.lifecycle}, and no [[untested]] entry names it: {self.because}"
        )


def some(texts: Sequence[str], comma: str) -> str:
    """Texts in a sentence; of many the first, and how many more there are."""
    more = [f"and {len(texts) - _FEW} more"] if len(texts) > _FEW else []
    return comma.join([*texts[:_FEW], *more])


class Summary(Model):
    """Counts of results."""

    cases: int
    conforms: int
    violates: int
    unknown: int
    not_tested: int = 0
    partly_played: int = 0
    """How many of those that conform did so although not everything that the plugin declares was played."""
    unexpected: int
    """Results that were not as expected, and requirements whose test the baseline expects otherwise."""
    seconds: float


class CriterionResult(Model):
    """One acceptance criterion of an issue, judged on the plugin that is to implement it."""

    text: str
    verdict: Literal["met", "not met", "not judged"]
    seen: str


Launched = Literal["started", "refused", "does not fit", "unknown"]
"""What the launch of a preflight came to."""


class PreflightResult(Model):
    """What a plugin's launch from the main session came to on a host, before its first case there."""

    plugin: str
    lifecycle: str
    outcome: Launched
    detail: str
    journal: str | None = None

    @property
    def main_launch(self) -> MainLaunch | None:
        """For the headers of the plugin's cases; None where nobody can tell whether the main session may launch."""
        match self.outcome:
            case "started" | "refused":
                return self.outcome
        return None


class Report(Model):
    """A whole run of the suite."""

    hookproof: str
    format: Format
    platform: str
    python: str
    results: list[Result]
    criteria: list[CriterionResult] = []
    skipped: list[Skipped] = []
    preflight: list[PreflightResult] = []
    baseline: str | None = None
    """The file of known violations that the results were held against."""
    untested: list[Untested] = []
    """What was tested nowhere, and what that comes to against the baseline."""
    summary: Summary

    @property
    def nothing_tested(self) -> bool:
        """Whether no case came to a judgement of anything that its scenario is about."""
        return _nothing_tested(self.results)

    @property
    def failed(self) -> bool:
        """Whether a run with this report ends in exit status 1."""
        return bool(self.summary.unexpected) or self.nothing_tested

    @property
    def complaints(self) -> list[str]:
        """What fails the run besides its cases, a sentence each."""
        nothing = [NOTHING_TESTED] if self.nothing_tested else []
        return nothing + [each.sentence for each in self.untested if each.unexpected]


NOTHING_TESTED = "nothing was tested: of no case could a requirement be judged that its scenario is about"


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
        isolation=circumstances.isolation(case.isolation),
        session_end={name: circumstances.budget(each) for name, each in case.session_end.items()},
        cut_hooks=[circumstances.cut_hook(each) for each in judgement.cut_hooks],
        not_played=[circumstances.not_played(each) for each in judgement.not_played],
        shell_timeouts=circumstances.shell_timeouts(case.shell_timeouts),
        patience=circumstances.patience(case.patience),
        host=_program(case.host),
        worker=_program(case.worker),
        repeat=case.repeat,
        verdict=judgement.verdict,
        expected=not surprises,
        signature=judgement.signature.id,
        also=list(judgement.signature.also),
        reasons=list(judgement.signature.reasons),
        culprit=judgement.signature.culprit,
        causes=[
            FoundCause(id=each.id, how=each.how, reasons=list(each.reasons)) for each in judgement.signature.causes
        ],
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
        isolation=circumstances.isolation(case.isolation),
        shell_timeouts=circumstances.shell_timeouts(case.shell_timeouts),
        patience=circumstances.patience(case.patience),
        verdict=Verdict.UNKNOWN,
        expected=False,
        signature=None,
        also=[],
        reasons=[],
        culprit=None,
        checks=[_unjudged(name, accepted.get(name, ()), why) for name in case.requires]
        + [_unjudged(each.id, accepted.get(each.id, ()), why, each) for each in case.expect],
        errors=[why],
        unexpected=[f"{case.scenario} is unknown: {why}"],
        seconds=round(seconds, 3),
        journal=str(journal),
    )


def _unjudged(name: str, accepted: Sequence[str], why: str, own: Expectation | None = None) -> CheckResult:
    return CheckResult(
        id=name,
        verdict=Verdict.UNKNOWN,
        accepted=list(accepted),
        seen="not judged",
        detail=why,
        keyword=own.keyword if own is not None else None,
        sentence=own.sentence if own is not None else None,
    )


def report(
    results: list[Result],
    *,
    seconds: float,
    criteria: list[CriterionResult] | None = None,
    skipped: Sequence[Skipped] = (),
    preflight: Sequence[PreflightResult] = (),
    baseline: Path | None = None,
    untested: Sequence[Untested] = (),
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
        preflight=list(preflight),
        baseline=None if baseline is None else str(baseline),
        untested=list(untested),
        summary=summary(results, seconds, untested),
    )


def summary(results: Sequence[Result], seconds: float, untested: Iterable[Untested] = ()) -> Summary:
    """The counts of results."""
    verdicts = [each.verdict for each in results]
    return Summary(
        cases=len(results),
        conforms=verdicts.count(Verdict.CONFORMS),
        violates=verdicts.count(Verdict.VIOLATES),
        unknown=verdicts.count(Verdict.UNKNOWN),
        not_tested=verdicts.count(Verdict.NOT_TESTED),
        partly_played=sum(each.partly_played for each in results),
        unexpected=sum(not each.expected for each in results) + sum(each.unexpected for each in untested),
        seconds=round(seconds, 3),
    )


def patiences(results: Sequence[Result]) -> list[str]:
    """Every patience that these results had, in their order, as it is told to people."""
    return list(dict.fromkeys(str(each.patience) for each in results if each.patience is not None))


def _nothing_tested(results: Sequence[Result]) -> bool:
    """What is unknown everywhere is no such case: that fails by itself."""
    checks = [check for each in results for check in each.checks if not check.standing]
    return any(check.verdict is Verdict.NOT_TESTED for check in checks) and not any(check.tested for check in checks)


def _program(program: parts.Program) -> Program:
    return Program(name=program.name, version=program.version)
