"""From a journal to its verdict: every required check, the causes, the culprit. Pure, so old runs judge again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hookproof import clean
from hookproof.catalogue.requirement import Requirement
from hookproof.judge.causes.known import find_cause
from hookproof.judge.causes.signature import Signature
from hookproof.judge.checks import CHECKS
from hookproof.judge.expect import judged as expected
from hookproof.judge.hook_runs import dropped, dropped_sentence
from hookproof.judge.leans import LEANS
from hookproof.judge.needs import NEEDS
from hookproof.judge.not_played import Unplayed, not_played
from hookproof.judge.run_view import NoEvidenceError, RunView
from hookproof.judge.session_end import Cut, cut_hooks, cut_unasked
from hookproof.judge.verdict import CheckResult, Finding, Verdict, of_case
from hookproof.records import Record
from hookproof.records.expect import Expectation
from hookproof.records.jobs import HookOverdue
from hookproof.records.run import Case
from hookproof.records.sent import HookStarted

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of one run."""

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    signature: Signature
    errors: tuple[str, ...]
    cut_hooks: tuple[Cut, ...] = ()
    """The SessionEnd hooks that the host ended."""
    not_played: tuple[Unplayed, ...] = ()
    """What the plugin declares and a stand-in did not play."""


def judge(records: list[Record], requirements: Mapping[str, Requirement]) -> Judgement:
    """Judge one run by the requirements that its `case` record names. Raises KeyError for one that does not exist."""
    view = RunView(records)
    asked = [*view.case.requires, *standing_of(view.case, requirements)]
    findings = {name: _found(view, name, requirements[name]) for name in asked}
    results = {name: _evaluate(view, name, requirements[name], finding) for name, finding in findings.items()}
    for expectation in view.case.expect:
        name, finding = expectation.id, expected.find(view, expectation)
        findings[name], results[name] = finding, _of_the_scenario(view, expectation, finding)
    own = [results[name] for name in own_of(view.case)]
    standing = [results[name].model_copy(update={"standing": True}) for name in standing_of(view.case, requirements)]
    lost = [(name, found) for name, found in findings.items() if found is not None and _is_lost(results[name])]
    return Judgement(
        verdict=of_case((check.verdict for check in own), (check.verdict for check in standing)),
        checks=(*own, *standing),
        signature=find_cause(view, lost),
        errors=tuple(view.errors),
        cut_hooks=tuple(cut_hooks(view)),
        not_played=tuple(not_played(view)),
    )


def own_of(case: Case) -> list[str]:
    """What the case is about: the requirements that its scenario names, and the sentences that it has itself."""
    return [*case.requires, *(each.id for each in case.expect)]


def standing_of(case: Case, requirements: Mapping[str, Requirement]) -> list[str]:
    """What is judged in this case besides the requirements that its scenario names."""
    return standing_in(case.about, case.requires, requirements)


def standing_in(about: str, requires: Collection[str], requirements: Mapping[str, Requirement]) -> list[str]:
    """What is judged in each case of a scenario besides what it names. `about` is the scenario's kind."""
    return [
        name for name, each in requirements.items() if each.standing and about in each.kinds and name not in requires
    ]


def _is_lost(result: CheckResult) -> bool:
    """Whether a cause is worth telling: what it is about came not out right, or nobody knows for a known reason."""
    return result.verdict in {Verdict.VIOLATES, Verdict.NOT_TESTED}


def _evaluate(view: RunView, name: str, requirement: Requirement, finding: Finding | None) -> CheckResult:
    """One requirement, judged by what its check found."""
    accepted = requirement.accepts
    if finding is None:
        missing = "the run has no job" if name in CHECKS else "no check judges this requirement"
        return CheckResult(id=name, verdict=Verdict.UNKNOWN, accepted=accepted, seen="not judged", detail=missing)
    return CheckResult(
        id=name,
        verdict=_verdict(view, finding, accepted),
        accepted=accepted,
        seen=finding.outcome or ("no evidence" if finding.tested else "not tested"),
        detail=_detail(view, finding),
        at=finding.at.seq if finding.at is not None else None,
        agent=finding.agent,
        landed=finding.landed,
        binding=requirement.binds(view.promises),
    )


def _of_the_scenario(view: RunView, expectation: Expectation, finding: Finding) -> CheckResult:
    """A sentence of the scenario's own, judged as a requirement is."""
    result = _evaluate(view, expectation.id, expected.requirement_of(expectation), finding)
    return result.model_copy(update={"keyword": expectation.keyword, "sentence": clean.text(expectation.sentence)})


def _found(view: RunView, name: str, requirement: Requirement) -> Finding | None:
    """What the check of a requirement found; before it, what the requirement presupposes."""
    if name not in CHECKS:
        return None
    try:
        missing = next(filter(None, (NEEDS[need](view) for need in requirement.needs)), None)
        finding = missing or CHECKS[name](view)
        for lean in requirement.leans_on:
            finding = LEANS[lean](view, finding, requirement.accepts) if finding is not None else None
        return finding
    except NoEvidenceError as error:
        return Finding(None, str(error), error.at)


def _verdict(view: RunView, finding: Finding, accepted: list[str]) -> Verdict:
    if finding.outcome is None and not finding.tested and view.first_error is None:
        return Verdict.NOT_TESTED
    if finding.outcome is None:
        return Verdict.UNKNOWN
    if view.first_error is None:
        return Verdict.CONFORMS if finding.outcome in accepted else Verdict.VIOLATES
    # with an error only what came before it, and is too much already, or lost, is certain
    if finding.certain and finding.at is not None and finding.at.seq < view.first_error:
        return Verdict.VIOLATES
    job = view.first_job()
    lost = job.lost if job is not None else None
    certain = lost is not None and lost.seq < view.first_error and finding.outcome not in accepted
    return Verdict.VIOLATES if certain else Verdict.UNKNOWN


def _detail(view: RunView, finding: Finding) -> str:
    notes = [note for note in _notes(view) if note not in finding.detail]
    detail = f"{finding.detail} ({'; '.join(notes)})" if notes else finding.detail
    return f"{detail} [{'; '.join(view.errors)}]" if view.errors else detail


def _notes(view: RunView) -> list[str]:
    """A sentence where the host runs no hook of the plugin, and for each hook run that outlived half of a step's
    patience or the time that its host gives it.

    Whatever was judged, a reader should know of them. A hook that had not ended when a wait was given up is named by
    that error already.
    """
    started = {run.started.run: run for run in view.hooks}
    none = dropped(view)
    notes = [dropped_sentence(none)] if none is not None else []
    for overdue in view.of(HookOverdue):
        run = started.get(overdue.run)
        if view.errors and (run is None or run.ended is None):
            continue
        if overdue.held_by is None:
            notes.append(f"{_named(overdue)} was still running after {overdue.ms / 1000:.1f} s")
        else:
            holders = ", ".join(overdue.held_by) or "a process that it started"
            notes.append(f"after {overdue.ms / 1000:.1f} s {holders} still held the output of {_named(overdue)}")
    notes += [cut.sentence for cut in cut_unasked(view)]
    for run in view.hooks:
        if run.ended is not None and run.ended.ended_by == "timeout" and run.event != "SessionEnd":
            timeout = run.started.timeout
            of = f" of {timeout:g} s" if timeout is not None else ""
            notes.append(f"{_named(run.started)} was ended by the host at its timeout{of}")
    return notes


def _named(record: HookOverdue | HookStarted) -> str:
    command = record.command
    return f"the {record.event} hook `{command if len(command) <= _SHOWN else f'{command[:_SHOWN]}…'}`"
