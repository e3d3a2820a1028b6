"""What is expected of a plugin: of a reference policy the committed table, of anything else that all conforms.

The table names violations as `scenario:check`. It is exact in both directions: a violation that it does not name is
unexpected, and so is one that it names and that did not come. What is not tested it does not name; but of a policy
that is to satisfy everything, everything must be tested. `report/expected.py` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hookproof import places
from hookproof.catalogue.reading import CatalogueError, Strict, read
from hookproof.judge.judge import Judgement
from hookproof.judge.verdict import Surprise, SurpriseKind, Verdict

EXPECTED = places.SCENARIOS / "expected.toml"
"""The committed table."""


class _Row(Strict):
    lifecycles: list[str]
    violates: list[str]


class _File(Strict):
    policy: dict[str, list[_Row]]


class ExpectedTable:
    """The committed table: reference plugin and policy × lifecycle -> the violations expected there."""

    def __init__(self, rows: Mapping[tuple[str, str], frozenset[str]], policies: frozenset[str]) -> None:
        self._rows = rows
        self.policies = policies

    def violations(self, policy: str, lifecycle: str) -> frozenset[str]:
        """`scenario:check` of every violation that is expected of PLUGIN:POLICY on a lifecycle."""
        return self._rows.get((policy, lifecycle), frozenset())

    def satisfies_all(self, policy: str) -> bool:
        """Whether PLUGIN:POLICY is in the table, and is expected to violate nothing anywhere."""
        return policy in self.policies and not any(self._rows[policy, each] for each in self.lifecycles(policy))

    def lifecycles(self, policy: str) -> list[str]:
        """The lifecycles that the table names for PLUGIN:POLICY."""
        return [lifecycle for name, lifecycle in self._rows if name == policy]


def read_expected(path: Path = EXPECTED) -> ExpectedTable:
    """The table in `path`. Raises CatalogueError, also when a lifecycle is named twice for a policy."""
    rows: dict[tuple[str, str], frozenset[str]] = {}
    table = read(path, _File)
    for policy, entries in table.policy.items():
        for entry in entries:
            for lifecycle in entry.lifecycles:
                if (policy, lifecycle) in rows:
                    raise CatalogueError(path, [f"policy.{policy}: {lifecycle} is named twice"])
                rows[(policy, lifecycle)] = frozenset(entry.violates)
    return ExpectedTable(rows, frozenset(table.policy))


def unexpected(
    judgement: Judgement,
    scenario: str,
    wanted: frozenset[str] | None,
    *,
    all_tested: bool = False,
) -> list[Surprise]:
    """What of a judgement was not expected.

    `wanted` holds the violations of the committed table, or is None for a plugin of which everything is expected to
    conform (then a violated SHOULD only warns). `all_tested` is for a policy that satisfies everything: then all that
    its scenario names must be tested.
    """
    found: list[Surprise] = []
    for check in judgement.checks:
        key = f"{scenario}:{check.id}"
        if check.verdict is Verdict.UNKNOWN:
            found.append(Surprise.unknown(scenario, check))
        elif all_tested and check.verdict is Verdict.NOT_TESTED and not check.standing:
            sentence = f"{key} is not tested ({check.detail}), and everything must be of a policy that satisfies all"
            found.append(Surprise(check=check.id, kind="not tested against the table", sentence=sentence))
        elif wanted is None:
            if check.verdict is Verdict.VIOLATES and check.binding:
                found.append(Surprise.violation(scenario, check))
        elif (check.verdict is Verdict.VIOLATES) != (key in wanted):
            violated = check.verdict is Verdict.VIOLATES
            kind: SurpriseKind = "violated against the table" if violated else "satisfied against the table"
            not_tested = f"not tested ({check.detail})" if check.verdict is Verdict.NOT_TESTED else None
            was = f"violated (seen {check.seen!r})" if violated else not_tested or f"satisfied ({check.seen})"
            detail = f"{key} is {was}, against the table of expected outcomes"
            found.append(Surprise(check=check.id, kind=kind, sentence=detail))
    return found
