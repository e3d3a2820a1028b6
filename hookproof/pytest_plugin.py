"""pytest: every scenario file is a file of test items, one per lifecycle, for the plugin that `--plugin` names.

Loaded in every pytest run of an environment that has hookproof, so it imports nothing of it until a scenario file is
collected. `pytest --junitxml` carries verdict, signature and every check as properties of the test case. A baseline in
the plugin's repository is heeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hookproof.judge.baseline import Baseline
    from hookproof.play import Case
    from hookproof.report.results import Result


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("hookproof", "hookproof scenarios")
    group.addoption(
        "--plugin",
        default=None,
        metavar="SPEC",
        help="a plugin's directory, or reference[:POLICY], reference-workflow[:POLICY] (default: the reference)",
    )
    group.addoption(
        "--descriptor", type=Path, metavar="FILE", help="how to drive a plugin that hookproof does not know"
    )
    group.addoption(
        "--lifecycle",
        action="append",
        default=None,
        metavar="NAME[+SWITCH]",
        help="what the stand-in host does; repeatable (default: every lifecycle that hookproof ships)",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file below hookproof's own scenarios directory."""
    if file_path.suffix != ".toml" or file_path.name in {"requirements.toml", "expected.toml"}:
        return None
    from hookproof import places  # noqa: PLC0415

    # calibration needs a real host: its scenarios are no tests of a plugin
    if not file_path.is_relative_to(places.SCENARIOS) or file_path.is_relative_to(places.SCENARIOS / "calibration"):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """One scenario, as the items of its lifecycles."""

    def collect(self) -> Iterator[ScenarioItem]:
        """One item per lifecycle of the scenario's host."""
        from hookproof import suite  # noqa: PLC0415
        from hookproof.catalogue.plugin import PluginError  # noqa: PLC0415
        from hookproof.catalogue.reading import CatalogueError  # noqa: PLC0415
        from hookproof.catalogue.scenario import read_scenario  # noqa: PLC0415
        from hookproof.commands import UsageError, select  # noqa: PLC0415
        from hookproof.judge.baseline import find  # noqa: PLC0415

        option = self.config.option
        try:
            scenario = read_scenario(self.path)
            reference = "reference" if scenario.kind == "companion" else "reference-workflow"
            plugin = select.plugin(option.plugin or reference, option.descriptor)
            lifecycles = select.lifecycles(option.lifecycle or ["all"])
            cases = suite.matrix([scenario], [plugin], lifecycles)
            known = None if plugin.policy is not None else find(plugin.root)
            baseline = None if known is None else suite.read_known(known)
        except (UsageError, PluginError, CatalogueError) as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            name = f"{self.path.stem}[{case.lifecycle.name}]"
            yield ScenarioItem.from_parent(self, name=name, case=case, baseline=baseline)


class ScenarioItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, baseline: Baseline | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.baseline = baseline
        self.add_marker("scenario")

    def runtest(self) -> None:
        """Play and judge; the outcome is written into the report's properties."""
        from hookproof import processes, suite  # noqa: PLC0415
        from hookproof.play import PlayOptions  # noqa: PLC0415

        processes.become_subreaper()
        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        run = factory.mktemp("hookproof")
        result = suite.run_case(self.case, run, PlayOptions(), suite.Judges.read(self.baseline))
        self.user_properties += [
            ("plugin", result.plugin),
            ("verdict", result.verdict),
            ("lifecycle", result.lifecycle),
            ("signature", result.signature or ""),
            ("reasons", "; ".join(result.reasons)),
            ("culprit", result.culprit.sentence if result.culprit is not None else ""),
            ("errors", "; ".join(result.errors)),
            ("baseline", result.baseline or ""),
            ("journal", result.journal),
            *((check.id, f"{check.verdict}: {check.seen}") for check in result.checks),
        ]
        if not result.expected:
            raise UnexpectedOutcomeError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence, not a traceback through the harness."""
        if isinstance(excinfo.value, UnexpectedOutcomeError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands over a failure."""
        return self.path, None, f"{self.case.scenario.id} · {self.case.plugin.name} · {self.case.lifecycle.name}"


class UnexpectedOutcomeError(Exception):
    """A case did not come out as expected. The text is the evidence."""

    def __init__(self, result: Result) -> None:
        lines = list(result.unexpected)
        for check in result.checks:
            lines.append(f"{check.id} {check.verdict}: seen {check.seen!r}, accepted: {', '.join(check.accepted)}")
            lines.append(f"    {check.detail}")
        if result.signature:
            lines.append(f"signature {result.signature}: {'; '.join(result.reasons)}")
        if result.culprit is not None:
            lines.append(f"culprit: {result.culprit.sentence}")
        super().__init__("\n".join([*lines, f"journal: {result.journal}"]))


def pytest_configure(config: pytest.Config) -> None:
    """The marker by which the items can be chosen: `-m scenario`."""
    config.addinivalue_line("markers", "scenario: a hookproof scenario")
