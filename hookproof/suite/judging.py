"""What a finished case is judged by: requirements, expected table, baseline. Used by every command with results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hookproof import journal as journals
from hookproof.catalogue.own_scenarios import ENDING, is_scenario, of_project, with_ids
from hookproof.catalogue.reading import read_table
from hookproof.catalogue.requirement import Requirement, read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files, scenario_id
from hookproof.errors import describe
from hookproof.judge.baseline import Baseline, held_against, read_baseline, system_of
from hookproof.judge.expect import judged as expected
from hookproof.judge.expected import ExpectedTable, read_expected, unexpected
from hookproof.judge.judge import Judgement, judge, standing_in
from hookproof.records.run import Case as CaseRecord
from hookproof.report import results as reports
from hookproof.report.results import Result


@dataclass(frozen=True, slots=True)
class Judges:
    """What results are judged by."""

    requirements: dict[str, Requirement]
    expected: ExpectedTable
    baseline: Baseline | None = None
    """What the plugin's maintainers know of; reference policies have the table."""

    @classmethod
    def read(cls, baseline: Baseline | None = None) -> Judges:
        """From the files that hookproof ships. Raises CatalogueError."""
        return cls(read_requirements(), read_expected(), baseline)

    def judge(self, path: Path) -> Result:
        """The result of one journal file: unknown, with the reason, where it cannot be judged.

        Raises journal.JournalError for a file that is no journal of a case.
        """
        records = journals.read(path)
        if not records or not isinstance(records[0], CaseRecord):
            raise journals.JournalError(f'{path}: not the journal of a case: it does not begin with a "case" record')
        try:
            return self._result(path, records[0], records[-1].at / 1000, judge(records, self.requirements))
        except Exception as error:  # records that do not fit together: this journal's trouble alone
            why = f"it cannot be judged ({describe(error)}); is it whole, and of this version?"
            return self.unjudged(records[0], path, why, seconds=records[-1].at / 1000)

    def unjudged(self, case: CaseRecord, path: Path, why: str, *, seconds: float = 0.0) -> Result:
        """The result of a case of which nothing can be said."""
        known = self.requirements
        accepted = {name: tuple(known[name].accepts) for name in case.requires if name in known}
        accepted |= {each.id: (expected.accepted(each.expects),) for each in case.expect}
        return reports.unjudged(case, accepted, journal=path, seconds=seconds, why=why)

    def _result(self, path: Path, case: CaseRecord, seconds: float, judgement: Judgement) -> Result:
        if case.policy is None and self.baseline is not None:
            known = self.baseline.known(case.lifecycle, system_of(case.platform))
            where = f"on {case.lifecycle} in {self.baseline.path}"
            judgement, surprises = held_against(judgement, case.scenario, known, where)
        else:
            reference = case.policy is not None
            wanted = self.expected.violations(case.plugin, _column(case)) if reference else None
            right = reference and self.expected.satisfies_all(case.plugin)
            surprises = unexpected(judgement, case.scenario, wanted, all_tested=right)
        return reports.result(case, judgement, journal=path, seconds=seconds, surprises=surprises)


def _column(case: CaseRecord) -> str:
    """The column of the table: a stand-in's lifecycle with its switches, or the one that a real host is like."""
    return case.lifecycle if case.host.version == "fake" else case.like


def known_checks(own: Iterable[Path] = ()) -> dict[str, list[str]]:
    """Every scenario with the requirements that are judged in its cases: those that it names, and the standing ones.

    `own` are files of a project's own scenarios.
    """
    requirements = read_requirements()
    return {
        each.id: [*each.own, *standing_in(each.kind, each.requires, requirements)]
        for each in map(read_scenario, [*scenario_files(), *own])
    }


def read_known(path: Path) -> Baseline:
    """The baseline in `path`, held against the scenarios that there are. Raises CatalogueError."""
    return read_baseline(path, known_checks(_own(path)))


def _own(path: Path) -> list[Path]:
    """The scenarios of the project whose file is `path`: those in its folders, and those that its entries name."""
    table = read_table(path)
    shipped = {scenario_id(each) for each in scenario_files()}
    rows = table.get("known")
    checks = [row.get("check") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    names = dict.fromkeys(check.partition(":")[0] for check in checks if isinstance(check, str))
    named = [path.parent / f"{name}{ENDING}" for name in names if name not in shipped]
    return list(with_ids([*of_project(path, table), *(each for each in named if is_scenario(each))], shipped).values())
