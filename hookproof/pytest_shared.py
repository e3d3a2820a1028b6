"""What the scenarios of one pytest run have in common, read once: asked by each scenario file and by each of its items.

Sixty files are of two plugins, seven lifecycles, one list of requirements and one table; to read these for every file
took longer than everything else that collecting does, and every worker of xdist collects.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from hookproof.catalogue.plugin import REFERENCES
from hookproof.catalogue.requirement import read_requirements
from hookproof.commands import select
from hookproof.isolation.level import Isolation
from hookproof.judge.baseline import Baseline, find
from hookproof.judge.expected import read_expected
from hookproof.suite.judging import Judges, read_known
from hookproof.suite.matrix import matrix

if TYPE_CHECKING:
    from hookproof.catalogue.host import Program
    from hookproof.catalogue.plugin import Plugin
    from hookproof.catalogue.scenario import Scenario
    from hookproof.play import Case


_MOST = Isolation("full", "network namespace")


class Shared:
    """One of these belongs to a pytest run. What raises is asked again, and says the same to every file."""

    def __init__(self, option: Any, programs: dict[str, list[Program]] | None) -> None:
        self._option = option
        self._programs = programs
        self.plugin = functools.cache(self._plugin)
        self.hosts = functools.cache(self._hosts)
        self.baseline = functools.cache(self._baseline)
        self._requirements = functools.cache(read_requirements)
        self._expected = functools.cache(read_expected)

    def cases(self, scenario: Scenario) -> list[Case]:
        """The cases of a scenario, as if nothing were refused: how far they are isolated is known when one is played.

        Raises UsageError, PluginError, CatalogueError.
        """
        plugin, hosts = self.plugin(scenario.kind), self.hosts(scenario.kind)
        return matrix(
            [scenario],
            [plugin],
            hosts.lifecycles,
            programs=hosts.programs,
            requirements=self._requirements(),
            isolation=_MOST,
        )

    def judges(self, kind: str) -> Judges:
        """What a case of a plugin of this kind is judged by."""
        return Judges(self._requirements(), self._expected(), self.baseline(kind))

    def _plugin(self, kind: str) -> Plugin:
        return select.plugin(self._option.plugin or REFERENCES[kind], self._option.descriptor)

    def _hosts(self, kind: str) -> select.Hosts:
        return select.hosts(self._option, kind, ["all"], self._programs)

    def _baseline(self, kind: str) -> Baseline | None:
        """What the maintainers of the plugin know of, where it has such a file. Reference policies have the table."""
        plugin = self.plugin(kind)
        file = None if plugin.policy is not None else find(plugin.root)
        return None if file is None else read_known(file)
