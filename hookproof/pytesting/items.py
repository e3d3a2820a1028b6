"""pytest: a scenario file and its items, each one case: the scenario on a plugin and a lifecycle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.own_scenarios import is_shipped
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.scenario import read_scenario
from hookproof.errors import HookproofError
from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.play import Case
from hookproof.pytesting.session import Ours
from hookproof.report.results import Result
from hookproof.testing import HookproofWarning


class ScenarioFile(pytest.File):
    """One scenario, as the items of its lifecycles."""

    def __init__(self, *, ours: Ours, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ours = ours

    def collect(self) -> Iterator[pytest.Item]:
        """One item per lifecycle of the scenario's hosts; of a user's own that is played nowhere one that says why."""
        shared = self._ours.shared
        try:
            scenario = read_scenario(self.path)
            cases = shared.cases(scenario)
        except CatalogueError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            name = f"{self.path.stem}[{label(case.plugin)}-{case.lifecycle.name}]"
            yield ScenarioItem.from_parent(self, name=name, case=case, ours=self._ours)
        if not cases and not is_shipped(self.path):
            yield NotPlayed.from_parent(self, name=self.path.stem, why=shared.why_none(scenario))


def label(plugin: Plugin) -> str:
    """What tells a plugin from another in the id of an item: not its version, for a history has one id."""
    return plugin.name if plugin.policy is not None else plugin.descriptor.name


class NotPlayed(pytest.Item):
    """A scenario of a user's own that has no case."""

    def __init__(self, *, why: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._why = why
        self.add_marker("hookproof")

    def runtest(self) -> None:
        """Say why."""
        pytest.skip(self._why)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands over it."""
        return self.path, None, self.name


class ScenarioItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, ours: Ours, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.plays_alone = case.scenario.plays_alone
        self.result_as_text: str | None = None
        self.known_sometimes = ""
        self._ours = ours
        self.add_marker("hookproof")

    def runtest(self) -> None:
        """Play and judge; the outcome is written into the report's properties."""
        why_not = self._ours.why_not(self.case)
        if why_not is not None:
            pytest.skip(why_not)
        shared = self._ours.shared
        result = self._ours.play(self.case, shared)
        self.user_properties += properties(result)
        self.result_as_text = result.model_dump_json()
        self.known_sometimes = shared.sometimes(result)
        for sentence in warned_of(result):
            self.warn(HookproofWarning(sentence))
        known = [each for each in result.checks if each.baseline is BaselineStatus.KNOWN]
        if not result.expected or (known and self.config.option.runxfail):
            raise UnexpectedOutcomeError(result)
        if known:
            pytest.xfail("; ".join(f"{each.id} {each.told!r}: {each.reason}" for each in known))
        if result.verdict is Verdict.NOT_TESTED:
            pytest.skip(f"not tested: {result.not_tested_because}; journal: {result.journal}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence, not a traceback through the harness."""
        if isinstance(excinfo.value, UnexpectedOutcomeError | HookproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands over a failure."""
        return self.path, None, f"{self.case.scenario.id} · {self.case.plugin.name} · {self.case.lifecycle.name}"


def properties(result: Result) -> list[tuple[str, object]]:
    """What JUnit and other reports are told of a result besides its outcome."""
    found: list[tuple[str, object]] = [
        ("plugin", result.plugin),
        ("verdict", result.verdict),
        ("lifecycle", result.lifecycle),
        ("signature", result.signature or ""),
        ("reasons", "; ".join(result.reasons)),
        ("culprit", result.culprit.sentence if result.culprit is not None else ""),
        ("errors", "; ".join(result.errors)),
        ("baseline", result.baseline or ""),
        ("shell timeouts", result.played_longer or ""),
        ("not played", "; ".join(thing.sentence for thing in result.not_played)),
        ("journal", result.journal),
        *((check.id, f"{check.verdict}: {check.told}") for check in result.checks),
    ]
    # a worker of xdist can send plain text alone, and an enum is more than that
    return [(name, str(value)) for name, value in found]


def warned_of(result: Result) -> Iterator[str]:
    """What fails nothing and is to be known all the same, a sentence each."""
    where = f"{result.scenario} on {result.lifecycle}"
    for check in result.checks:
        if check.verdict is Verdict.VIOLATES and not check.binding and check.baseline is None:
            yield f"{where}: {check.id} is violated, which is a SHOULD: seen {check.seen!r}: {check.detail}"
    for thing in result.not_played if result.partly_played else ():
        yield f"{where} is partly played: {thing.sentence}"


class UnexpectedOutcomeError(Exception):
    """A case did not come out as expected. The text is the evidence."""

    def __init__(self, result: Result) -> None:
        stale = any(each.kind == "stale" for each in result.surprises)
        lines = [f"[XPASS(strict)] {each}" if stale else each for each in result.unexpected]
        for check in result.checks:
            if check.verdict is Verdict.NOT_TESTED:
                lines.append(f"{check.id}{check.said} not tested: {check.detail}")
                continue
            accepted = ", ".join(check.accepted)
            lines.append(f"{check.id}{check.said} {check.verdict}: seen {check.seen!r}, accepted: {accepted}")
            lines.append(f"    {check.detail}")
        if result.cause:
            lines.append(f"cause {result.cause}: {'; '.join(result.reasons)}")
        if result.culprit is not None:
            lines.append(f"culprit: {result.culprit.sentence}")
        super().__init__("\n".join([*lines, f"journal: {result.journal}"]))
